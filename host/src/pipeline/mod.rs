//! The pipeline: the story of a run, one line a step, one file a step.
//!
//! Each function below is one command's run. A step never calls the next one; it works on the
//! [`Run`], and what it needs of earlier steps is there or the order below is wrong. Hooks run
//! between steps, in manifest order. When a step fails, the run rolls back (`failure.rs`).

mod artifacts;
mod build;
mod call;
mod cases;
mod check;
mod code_only;
mod delete;
mod drift;
mod error;
mod explain;
mod failure;
mod functions;
mod gc;
mod history;
mod hooks;
mod images;
mod interrupt;
mod invoke;
mod load;
mod lock_error;
mod locked;
mod logs;
mod package;
mod pick;
mod plan;
mod plugins;
mod policies;
mod project;
mod provision;
mod publish;
mod record;
mod recover;
mod registries;
mod resolve;
mod rollback;
mod run;
mod services;
mod status;
mod step;
mod synthesize;
mod upload;

pub use call::{CallError, Costs, Remote};
pub use cases::{
    CASES, CaseMode, CaseRequest, Costs as CaseCosts, TestedCase, TestedPlugin, Verdict,
    test_plugin,
};
pub use code_only::CodeOnlyError;
pub use delete::Deleted;
pub use drift::{DriftResult, drift};
pub use error::PipelineError;
pub use explain::Explained;
pub use gc::{Collected, gc};
pub use history::{Entry, History, history};
pub use interrupt::{Interrupt, Presses};
pub use invoke::{Invoked, invoke, send};
pub use load::load;
pub use lock_error::LockError;
pub use logs::{LogEnd, LogEntry, LogRequest, logs};
pub use package::PackageResult;
pub use pick::PickError;
pub use plan::{Judge, PlanResult};
pub use plugins::{Candidate, Listed, NoSource, Registries, Release, Wanted};
pub use project::{BuiltPlugin, PROJECT_FILE, build_plugin};
pub use provision::DeployResult;
pub use publish::{PublishError, Published};
pub use recover::{Recovered, recover};
pub use resolve::component_of;
pub use run::{Environment, Request, open_cloud, stack_of};
pub use status::{Status, status};
pub use step::Step;

use plan::PlanMode;
use run::Run;

use crate::hint::BoxError;

/// Runs the user's builds: steps 1 to 3.
///
/// # Errors
/// The first failure, after rollback hooks have run.
pub async fn build(
    environment: &Environment,
    request: &Request,
) -> Result<build::BuildResult, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = async {
        resolve::resolve(&mut run).await?;
        build::build(&mut run).await
    }
    .await;
    failure::conclude(run, result).await
}

/// Builds and writes the packages and the template to `.phalanx/`: steps 1 to 7.
///
/// # Errors
/// The first failure, after rollback hooks have run.
pub async fn package(
    environment: &Environment,
    request: &Request,
) -> Result<PackageResult, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = async {
        resolve::resolve(&mut run).await?;
        build::build(&mut run).await?;
        package::package(&mut run).await?;
        package::seal(&mut run).await?;
        synthesize::synthesize(&mut run).await?;
        check::check(&mut run).await?;
        package::result(&run)
    }
    .await;
    failure::conclude(run, result).await
}

/// Shows what a deployment would change, and changes nothing: steps 1 to 8.
///
/// # Errors
/// The first failure, after rollback hooks have run.
pub async fn plan(environment: &Environment, request: &Request) -> Result<PlanResult, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = async {
        prepare(&mut run).await?;
        plan::plan(&mut run, PlanMode::Show).await
    }
    .await;
    failure::conclude(run, result).await
}

/// Answers who wrote a value of the final template: steps 1 to 7.
///
/// # Errors
/// The first failure, after rollback hooks have run; or when the template has no such value.
pub async fn explain(
    environment: &Environment,
    request: &Request,
    subject: &str,
) -> Result<Explained, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = async {
        prepare(&mut run).await?;
        explain::explain(&mut run, subject)
    }
    .await;
    failure::conclude(run, result).await
}

/// Runs the whole pipeline. `confirm` sees the plan and says whether to go on.
///
/// # Errors
/// The first failure, after rollback hooks have run.
pub async fn deploy(
    environment: &Environment,
    request: &Request,
    confirm: impl AsyncFnOnce(&PlanResult) -> Result<(), BoxError>,
) -> Result<DeployResult, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = async {
        if !request.dry_run {
            run.hold("deploy").await?;
        }
        resolve::resolve(&mut run).await?;
        build::build(&mut run).await?;
        package::package(&mut run).await?;
        package::seal(&mut run).await?;
        synthesize::synthesize(&mut run).await?;
        check::check(&mut run).await?;
        let mode = match (request.code_only, request.dry_run) {
            (true, _) => PlanMode::Code,
            (false, true) => PlanMode::Show,
            (false, false) => PlanMode::Apply,
        };
        let plan = plan::plan(&mut run, mode).await?;
        if request.code_only {
            code_only::must_be_code(&run, &plan)?;
        }
        if request.dry_run {
            return Ok(DeployResult::dry_run(&run, plan));
        }
        if let Err(refusal) = confirm(&plan).await {
            plan::withdraw(&run, &plan).await?;
            return Err(refusal);
        }
        upload::upload(&mut run, &plan).await?;
        match request.code_only {
            true => code_only::update(&mut run, plan).await,
            false => provision::provision(&mut run, plan).await,
        }
    }
    .await;
    failure::conclude(run, result).await
}

/// Brings an earlier build of the stack back. `wanted` is the beginning of its id, or none for the one
/// before the live one; `confirm` sees the plan and says whether to go on. No plugin runs.
///
/// # Errors
/// When there is no such build, something of it is no longer stored, or the cloud fails.
pub async fn rollback(
    environment: &Environment,
    request: &Request,
    wanted: Option<&str>,
    confirm: impl AsyncFnOnce(&PlanResult) -> Result<(), BoxError>,
) -> Result<DeployResult, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = rollback::rollback(&mut run, wanted, confirm).await;
    failure::conclude(run, result).await
}

/// Deletes the stack, with the `teardown` hooks around it.
///
/// # Errors
/// When a hook or the cloud fails.
pub async fn delete(environment: &Environment, request: &Request) -> Result<Deleted, BoxError> {
    let mut run = Run::start(environment, request).await?;
    let result = async { delete::delete(&mut run).await }.await;
    failure::conclude(run, result).await
}

/// Everything up to the checked template, without writing packages.
async fn prepare(run: &mut Run) -> Result<(), BoxError> {
    resolve::resolve(run).await?;
    build::build(run).await?;
    package::package(run).await?;
    synthesize::synthesize(run).await?;
    check::check(run).await
}
