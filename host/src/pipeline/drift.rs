//! `drift`: what of the stack is no longer as it was deployed.

use serde::Serialize;

use crate::cloud::Drift;
use crate::hint::BoxError;

use super::error::PipelineError;
use super::load::load;
use super::run::{Environment, Request, deployed, open_cloud};

/// How a stack stands against its template.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DriftResult {
    /// The stack's name.
    pub stack: String,
    /// True when something is not as it was deployed.
    pub drifted: bool,
    /// Resource by resource.
    #[serde(flatten)]
    pub drift: Drift,
}

/// Lets the cloud compare the stack's resources with its template.
///
/// # Errors
/// When there is no such stack, nothing can drift in this cloud, or it cannot be asked.
pub async fn drift(environment: &Environment, request: &Request) -> Result<DriftResult, BoxError> {
    let mut interrupt = environment.interrupt.clone();
    let work = async {
        let service = load(request)?;
        let cloud = open_cloud(environment, request, &service).await?;
        let stack = deployed(&*cloud, &service).await?;
        let drift = cloud.drift(&stack).await?;
        let drifted = drift.drifted().next().is_some();
        Ok(DriftResult { stack: stack.name, drifted, drift })
    };
    tokio::select! {
        biased;
        () = interrupt.raised() => Err(PipelineError::Interrupted { at: "drift" }.into()),
        result = work => result,
    }
}
