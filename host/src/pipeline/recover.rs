//! `recover`: continues the rollback of an update that could not be undone.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::hint::BoxError;

use super::error::PipelineError;
use super::load::load;
use super::run::{Environment, Request, open_cloud};

/// How a recovery ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recovered {
    /// The stack's name.
    pub stack: String,
    /// False when there was nothing to recover.
    pub recovered: bool,
    /// The stack's status now.
    pub status: String,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, status, .. } = self;
        if self.recovered {
            writeln!(f, "stack {stack} is {status} and can be deployed again")
        } else {
            writeln!(f, "stack {stack} is {status}; there is nothing to recover")
        }
    }
}

/// Continues a failed rollback, leaving out the resources `skip`. No hook runs.
///
/// # Errors
/// When there is no such stack, or it fails again.
pub async fn recover(
    environment: &Environment,
    request: &Request,
    skip: &[String],
) -> Result<Recovered, BoxError> {
    let service = load(request)?;
    let cloud = open_cloud(environment, request, &service).await?;
    let stack = service.stack_name.clone();
    let no_stack = || PipelineError::NoStack {
        stack: stack.clone(),
        cloud: cloud.name(),
        stage: service.stage.clone(),
    };
    if cloud.status(&stack).await?.is_none() {
        return Err(no_stack().into());
    }
    let reporter = Arc::clone(&environment.reporter);
    let mut interrupt = environment.interrupt.clone();
    let recovered = tokio::select! {
        biased;
        () = interrupt.raised() => {
            let status = cloud.status(&stack).await?.unwrap_or_default();
            return Err(PipelineError::LeftAlone { stack, status }.into());
        }
        recovered = cloud.recover(&stack, skip, reporter) => recovered?,
    };
    let status = cloud.status(&stack).await?.ok_or_else(no_stack)?;
    Ok(Recovered { stack, recovered, status })
}
