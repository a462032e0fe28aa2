//! `rollback`: an earlier build of the stack, from its template and artifacts as they were deployed.
//!
//! No plugin runs: the plugins that the service has now are not those of that build, and what those did
//! is in its template already.

use std::sync::Arc;

use crate::cloud::archive::{self, ArtifactUse, Deployment, artifacts_of};
use crate::hint::{BoxError, Explain, Kind};
use crate::template::Template;
use crate::text::count;

use super::code_only;
use super::error::PipelineError;
use super::history::{entries, short};
use super::pick::pick;
use super::plan::{self, PlanMode, PlanResult};
use super::provision::{self, DeployResult};
use super::run::Run;

/// Plans the way back to a build, asks, and goes it. `wanted` is the beginning of the build's id; without,
/// it is the build before the live one.
pub(super) async fn rollback(
    run: &mut Run,
    wanted: Option<&str>,
    confirm: impl AsyncFnOnce(&PlanResult) -> Result<(), BoxError>,
) -> Result<DeployResult, BoxError> {
    if !run.request.dry_run {
        run.hold("rollback").await?;
    }
    let deployment = find(run, wanted).await?;
    let template = run.cloud.deployed_template(&deployment).await?;
    let missing = run.cloud.missing(artifacts_of(&template)).await?;
    if !missing.is_empty() {
        let build = short(&deployment.build_id).to_owned();
        return Err(ArtifactsGone { build, missing }.into());
    }
    // All else that steers the deployment, such as its role, is as the manifest has it now.
    let service = Arc::make_mut(&mut run.service);
    // So are values that are hidden: no record has them. One that the manifest does not give stays.
    service.parameters.retain(|name, _| archive::is_secret(&template["Parameters"][name]));
    service.parameters.extend(deployment.parameters.clone());
    run.build_id = deployment.build_id.parse().ok();
    run.template = Some(Template::new(template));
    service.tags = deployment.tags.clone();
    run.is_rollback = true;

    let mode = if run.request.dry_run { PlanMode::Show } else { PlanMode::Apply };
    let plan = plan::plan(run, mode).await?;
    if run.request.dry_run {
        return Ok(DeployResult::dry_run(run, plan));
    }
    if let Err(refusal) = confirm(&plan).await {
        plan::withdraw(run, &plan).await?;
        return Err(refusal);
    }
    provision::provision(run, plan).await
}

async fn find(run: &Run, wanted: Option<&str>) -> Result<Deployment, BoxError> {
    let name = &run.service.stack_name;
    let stack = run.cloud.stack(name).await?;
    let Some(stack) = stack.filter(|stack| !stack.is_failed_creation()) else {
        return Err(PipelineError::NoStack {
            stack: name.clone(),
            cloud: run.cloud.name(),
            stage: run.service.stage.clone(),
        }
        .into());
    };
    let entries = entries(&*run.cloud, name, Some(&stack), usize::MAX).await?;
    let behind = code_only::behind(&*run.cloud, &stack, false, run.reporter()).await?;
    Ok(pick(name, &entries, wanted, behind.is_some())?.clone())
}

/// Artifacts of the build are not stored any more.
#[derive(Debug, thiserror::Error)]
#[error(
    "build {build} cannot be brought back: {} of it {} no longer stored",
    count(missing.len(), "package"),
    if missing.len() == 1 { "is" } else { "are" }
)]
struct ArtifactsGone {
    build: String,
    missing: Vec<ArtifactUse>,
}

impl Explain for ArtifactsGone {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "artifacts-gone"
    }

    fn details(&self) -> Option<String> {
        let line =
            |one: &ArtifactUse| format!("  `{}`: {} in {}", one.logical_id, one.key, one.bucket);
        Some(self.missing.iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "`phalanx gc` removes what the last deployments do not need, and `--keep` says how many those are"
                .into(),
            "build that version from its source, and run `phalanx deploy`".into(),
        ]
    }
}
