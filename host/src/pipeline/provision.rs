//! Step 10: the stack created or updated, and the `post-provision` hook.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;

use crate::cloud::{Applied, Change};
use crate::hint::BoxError;
use crate::plugin::Hook;

use super::code_only;
use super::hooks;
use super::interrupt::leave;
use super::plan::{PlanResult, request};
use super::record;
use super::run::{Run, stack_view};
use super::step::Step;

/// How a deployment ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeployResult {
    /// The stack's name.
    pub stack: String,
    /// Its id; none in a dry run.
    pub stack_id: Option<String>,
    /// `created`, `updated`, `unchanged`; none in a dry run.
    pub change: Option<Change>,
    /// The functions that got new code without their stack, by their names in the manifest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code_only: Vec<String>,
    /// Hex digest of everything that went in.
    pub build_id: String,
    /// Output values by key; empty in a dry run.
    pub outputs: IndexMap<String, String>,
    /// What was, or in a dry run would be, changed.
    pub plan: PlanResult,
}

impl DeployResult {
    pub(super) fn dry_run(run: &Run, plan: PlanResult) -> Self {
        Self {
            stack: run.service.stack_name.clone(),
            stack_id: None,
            change: None,
            code_only: Vec::new(),
            build_id: plan.build_id.clone(),
            outputs: IndexMap::new(),
            plan,
        }
    }
}

impl fmt::Display for DeployResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stack = &self.stack;
        match self.change {
            None => writeln!(f, "dry run: nothing was changed")?,
            Some(Change::Created) => writeln!(f, "created stack {stack}")?,
            Some(Change::Updated) => writeln!(f, "updated stack {stack}")?,
            Some(Change::Unchanged) if !self.code_only.is_empty() => {
                writeln!(f, "updated the code of {}", self.code_only.join(", "))?;
                writeln!(
                    f,
                    "the template of stack {stack} is behind until the next deployment of all of it"
                )?;
            }
            Some(Change::Unchanged) => writeln!(f, "no changes to stack {stack}")?,
        }
        for (key, value) in &self.outputs {
            writeln!(f, "{key} = {value}")?;
        }
        Ok(())
    }
}

/// Applies the template and runs `post-provision`, also when nothing had to change.
pub(super) async fn provision(run: &mut Run, plan: PlanResult) -> Result<DeployResult, BoxError> {
    let Applied { stack, change } = run
        .long_step(Step::Provision, async |run| {
            let request = request(run);
            let standing = run.standing.take();
            if let Some(stack) =
                standing.as_ref().filter(|stack| plan.plan.is_empty() && stack.is_sound())
            {
                run.cloud.guard(&request, stack).await?;
                let applied = Applied { stack: stack.clone(), change: Change::Unchanged };
                return Ok((applied, "no changes".to_owned()));
            }
            record::record_standing(run, standing.as_ref()).await;
            code_only::doubt(run, plan.behind.as_ref()).await?;
            let mut interrupt = run.environment.interrupt.clone();
            let reporter = Arc::clone(&run.environment.reporter);
            let cloud = Arc::clone(&run.cloud);
            let applied = tokio::select! {
                biased;
                () = interrupt.raised() => return Err(leave(run, Step::Provision).await),
                applied = cloud.apply(&request, reporter) => applied?,
            };
            record::record(run, &applied).await;
            let summary = match applied.change {
                Change::Created => "created",
                Change::Updated => "updated",
                Change::Unchanged => "no changes",
            };
            Ok((applied, summary.to_owned()))
        })
        .await?;
    code_only::heal(run, &stack, plan.behind.as_ref()).await?;
    run.stack = Some(stack_view(&stack, Some(change)));
    hooks::run_hook(run, Hook::PostProvision).await?;
    Ok(DeployResult {
        stack: stack.name,
        stack_id: Some(stack.id),
        change: Some(change),
        code_only: Vec::new(),
        build_id: plan.build_id.clone(),
        outputs: stack.outputs,
        plan,
    })
}
