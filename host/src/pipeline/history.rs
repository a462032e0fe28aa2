//! `history`: the deployments of a stack, and which of them is live.

use std::fmt;

use serde::Serialize;

use crate::cloud::archive::{Deed, Deployment, build_id};
use crate::cloud::{Behind, Cloud, Stack};
use crate::hint::BoxError;
use crate::text::{safe_line, utc};

use super::error::PipelineError;
use super::load::load;
use super::run::{Environment, Request, open_cloud};

/// The deployments of a stack.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// The stack's name.
    pub stack: String,
    /// The cloud: `local` or `aws`.
    pub cloud: &'static str,
    /// Newest first.
    pub deployments: Vec<Entry>,
    /// The functions that run other code than the live deployment gave them, if any do.
    pub behind: Option<Behind>,
}

/// One deployment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// True for the one that made the stack what it is.
    pub live: bool,
    /// What is known of it.
    #[serde(flatten)]
    pub deployment: Deployment,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:4}  {:12}  {:20}  {:11}  by", "", "build", "when", "change")?;
        for Entry { live, deployment } in &self.deployments {
            let mark = if *live { "live" } else { "" };
            let build = match deployment.build_id.is_empty() {
                true => "-",
                false => short(&deployment.build_id),
            };
            let when = utc(deployment.when);
            let change = deployment.change.name();
            let by = deployment.by.as_deref().map(safe_line).unwrap_or("-".into());
            writeln!(f, "{mark:4}  {build:12}  {when}  {change:11}  {by}")?;
        }
        if let Some(behind) = &self.behind {
            writeln!(f, "{behind}")?;
        }
        Ok(())
    }
}

/// The last deployments of the service's stack, at most `limit`.
///
/// # Errors
/// When the manifest or the cloud cannot be read; or there never was such a stack.
pub async fn history(
    environment: &Environment,
    request: &Request,
    limit: usize,
) -> Result<History, BoxError> {
    let service = load(request)?;
    let cloud = open_cloud(environment, request, &service).await?;
    let stack = cloud.stack(&service.stack_name).await?;
    let mut entries = entries(&*cloud, &service.stack_name, stack.as_ref(), limit).await?;
    if entries.is_empty() {
        return Err(PipelineError::NoStack {
            stack: service.stack_name.clone(),
            cloud: cloud.name(),
            stage: service.stage.clone(),
        }
        .into());
    }
    entries.truncate(limit);
    let behind = match (&stack, cloud.fast_path()) {
        (Some(stack), Some(fast)) => {
            fast.behind(&stack.name).await?.filter(|it| it.stack_id == stack.id)
        }
        _ => None,
    };
    let (stack, cloud) = (service.stack_name.clone(), cloud.name());
    Ok(History { stack, cloud, deployments: entries, behind })
}

/// The deployments that are remembered, and the one that is live, also when its run was killed before
/// it could be remembered.
pub(super) async fn entries(
    cloud: &dyn Cloud,
    name: &str,
    stack: Option<&Stack>,
    limit: usize,
) -> Result<Vec<Entry>, BoxError> {
    let deployments = cloud.deployments(name, limit).await?;
    let stack = stack.filter(|stack| !stack.is_failed_creation());
    let live = stack.map(|stack| build_id(&stack.template).unwrap_or_default());
    let position = live.and_then(|live| deployments.iter().position(|one| one.build_id == live));
    let mut entries: Vec<Entry> = deployments
        .into_iter()
        .enumerate()
        .map(|(index, deployment)| Entry { live: position == Some(index), deployment })
        .collect();
    if let (Some(stack), None) = (stack, position) {
        entries.insert(0, Entry { live: true, deployment: unremembered(stack) });
    }
    Ok(entries)
}

/// The deployment behind a stack of which there is no record.
pub(super) fn unremembered(stack: &Stack) -> Deployment {
    let change = if stack.status.starts_with("CREATE") { Deed::Created } else { Deed::Updated };
    Deployment::of(stack, &stack.template, change)
}

/// A build's id for people.
pub(super) fn short(build_id: &str) -> &str {
    build_id.get(..12).unwrap_or(build_id)
}
