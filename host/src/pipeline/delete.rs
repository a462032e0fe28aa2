//! `delete`: the `teardown` hooks around the deletion of the stack.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::hint::BoxError;
use crate::plugin::Hook;

use super::hooks;
use super::interrupt::leave;
use super::resolve;
use super::run::{Run, stack_view};
use super::step::Step;

/// How a deletion ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deleted {
    /// The stack's name.
    pub stack: String,
    /// False when there was no such stack.
    pub deleted: bool,
}

impl fmt::Display for Deleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.deleted {
            writeln!(f, "deleted stack {}", self.stack)
        } else {
            writeln!(f, "there is no stack {}; nothing to delete", self.stack)
        }
    }
}

/// Deletes the stack. A stack that is not there is a success, and runs no hook.
pub(super) async fn delete(run: &mut Run) -> Result<Deleted, BoxError> {
    run.hold("delete").await?;
    resolve::load_plugins(run).await?;
    let name = run.service.stack_name.clone();
    let Some(stack) = run.cloud.stack(&name).await? else {
        // A change set that was never executed may be left of it, of which no hook can know anything.
        let reporter = Arc::clone(&run.environment.reporter);
        let deleted = run.cloud.delete(&name, &run.request.retain, reporter).await?;
        return Ok(Deleted { stack: name, deleted });
    };
    run.stack = Some(stack_view(&stack, None));
    hooks::run_hook(run, Hook::PreDelete).await?;
    let deleted = run
        .long_step(Step::Delete, async |run| {
            let mut interrupt = run.environment.interrupt.clone();
            let reporter = Arc::clone(&run.environment.reporter);
            let cloud = Arc::clone(&run.cloud);
            let deleted = tokio::select! {
                biased;
                () = interrupt.raised() => return Err(leave(run, Step::Delete).await),
                deleted = cloud.delete(&name, &run.request.retain, reporter) => deleted?,
            };
            Ok((deleted, "deleted".into()))
        })
        .await?;
    hooks::run_hook(run, Hook::PostDelete).await?;
    Ok(Deleted { stack: name, deleted })
}
