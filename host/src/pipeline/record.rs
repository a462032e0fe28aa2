//! Remembers deployments, for `history` and `rollback`.
//!
//! A deployment that has succeeded is not failed by this: what cannot be remembered is a warning.

use crate::cloud::archive::{Deed, Deployment, deed};
use crate::cloud::{Applied, Stack};
use crate::hint::{BoxError, Explain};

use super::failure::full_message;
use super::history::unremembered;
use super::run::Run;

/// Remembers what this run has deployed; nothing, when nothing had to change.
pub(super) async fn record(run: &Run, applied: &Applied) {
    let Some(deed) = deed(applied.change) else { return };
    let deed = if run.is_rollback { Deed::RolledBack } else { deed };
    let template = run.template.as_ref().expect("synthesize has run").document();
    let deployment = Deployment::of(&applied.stack, template, deed).by(run.cloud.caller());
    if let Err(error) = run.cloud.record(&deployment, template).await {
        warn(run, &*error);
    }
}

/// Remembers the deployment that made the stack what it still is, before this run changes it: a run that
/// was killed when its work was done has not said so itself.
pub(super) async fn record_standing(run: &Run, stack: Option<&Stack>) {
    let Some(stack) = stack else { return };
    // After a failed update, the time of the stack is that of the failure.
    if !["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&stack.status.as_str()) {
        return;
    }
    let remembered: Result<_, BoxError> = async {
        let last = run.cloud.deployments(&stack.name, 1).await?;
        let standing = unremembered(stack);
        if last.first().is_none_or(|last| last.build_id != standing.build_id) {
            run.cloud.record(&standing, &stack.template).await?;
        }
        Ok(())
    }
    .await;
    if let Err(error) = remembered {
        warn(run, &*error);
    }
}

fn warn(run: &Run, error: &dyn Explain) {
    let mut hint = "the stack is as deployed; `phalanx rollback` cannot come back to this build until it is deployed once more".to_owned();
    if let Some(advice) = error.hints().into_iter().next() {
        hint = format!("{advice}; {hint}");
    }
    let message = format!("the deployment could not be recorded: {}", full_message(error));
    run.reporter().warn(message, Some(hint));
}
