//! How a run ends: well, or with everything undone that can be.
//!
//! The failed hook's edits are undone already. Here the `rollback` hooks run in reverse order, told
//! what failed and what had completed, and the first error stays the error of the run.

use std::sync::Arc;

use crate::hint::{BoxError, Explain, causes};
use crate::plugin::{Failure, OutcomeView};

use super::hooks;
use super::run::Run;

/// Ends a run: hands on its result, after rolling back when it failed.
pub(super) async fn conclude<T>(mut run: Run, result: Result<T, BoxError>) -> Result<T, BoxError> {
    let Err(error) = result else { return result };
    if run.detached {
        return Err(error);
    }
    run.outcome = Some(Arc::new(OutcomeView {
        failed_step: run.under_way.to_owned(),
        error: Failure {
            code: error.code().to_owned(),
            message: full_message(&*error),
            hint: error.hints().into_iter().next(),
        },
        completed: run.completed.iter().map(|step| step.name().to_owned()).collect(),
    }));
    hooks::run_rollback(&mut run).await;
    Err(error)
}

/// The error and its causes in one line, as plugins are told.
pub(super) fn full_message(error: &dyn Explain) -> String {
    let causes = causes(error).map(|cause| format!(": {cause}"));
    error.to_string() + &causes.collect::<String>()
}
