//! Step 8: the difference between the template and what is deployed, and who caused it.

use serde::Serialize;

use crate::hint::BoxError;
use crate::template::plan::{Plan, plan as compare};
use crate::template::spec;
use crate::text::count;

use super::run::{Run, stack_view};
use super::step::Step;

/// What a deployment would change.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanResult {
    /// The stack's name.
    pub stack: String,
    /// The cloud: `local` or `aws`.
    pub cloud: &'static str,
    /// True when there is no such stack yet.
    pub new_stack: bool,
    /// Hex digest of everything that went in.
    pub build_id: String,
    /// The changes.
    #[serde(flatten)]
    pub plan: Plan,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlanMode {
    /// To be shown only.
    Show,
    /// To be carried out.
    Apply,
}

/// Compares the template with the stack as it stands.
pub(super) async fn plan(run: &mut Run, mode: PlanMode) -> Result<PlanResult, BoxError> {
    run.step(Step::Plan, async |run| {
        let stack = run.cloud.stack(&run.service.stack_name).await?;
        let template = run.template.as_ref().expect("synthesize has run");
        let standing = stack.as_ref().filter(|stack| !stack.is_failed_creation());
        let before = standing.map(|stack| &stack.template);
        let plan = compare(before, template.document(), template.edits(), &spec::Table);
        if mode == PlanMode::Apply
            && let Some(stack) = &stack
        {
            // Rollback hooks of a failing update may want to look at the stack as it was.
            run.stack = Some(stack_view(stack, None));
        }
        let summary = if plan.is_empty() {
            "no changes".into()
        } else {
            count(plan.resources.len() + plan.entries().count(), "change")
        };
        let result = PlanResult {
            stack: run.service.stack_name.clone(),
            cloud: run.cloud.name(),
            new_stack: standing.is_none(),
            build_id: run.build_id.map(|id| id.to_string()).unwrap_or_default(),
            plan,
        };
        Ok((result, summary))
    })
    .await
}
