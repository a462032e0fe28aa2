//! Step 8: the difference between the template and what is deployed, and who caused it.

use indexmap::IndexMap;
use serde::Serialize;

use crate::cloud::{ApplyRequest, Behind, Preview, ROLLBACK, Stack, StackSettings};
use crate::hint::BoxError;
use crate::template::plan::{Plan, depends_on_more, plan as compare};
use crate::template::spec;
use crate::text::count;

use super::code_only;
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
    /// Who says what is replaced.
    pub judge: Judge,
    /// Hex digest of everything that went in.
    pub build_id: String,
    /// The version of each plugin that has one, by its name in the manifest.
    pub plugins: IndexMap<String, String>,
    /// Functions that run other code than the deployed template names: a deployment sets them right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<Behind>,
    /// The changes.
    #[serde(flatten)]
    pub plan: Plan,
}

impl PlanResult {
    /// True when a deployment would change nothing.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty() && self.behind.is_none()
    }
}

/// Who says whether a change replaces its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// Phalanx, from the resource types' own schemas.
    Plan,
    /// CloudFormation, by a change set.
    ChangeSet,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlanMode {
    /// To be shown only.
    Show,
    /// To be carried out.
    Apply,
    /// To be carried out without the stack, as far as it is the code of functions.
    Code,
}

/// Compares the template with the stack as it stands.
pub(super) async fn plan(run: &mut Run, mode: PlanMode) -> Result<PlanResult, BoxError> {
    run.step(Step::Plan, async |run| {
        let stack = run.cloud.stack(&run.service.stack_name).await?;
        if mode != PlanMode::Show
            && let Some(stack) = &stack
        {
            // Rollback hooks of a failing update may want to look at the stack as it was.
            run.stack = Some(stack_view(stack, None));
        }
        let standing = stack.filter(|stack| !stack.is_failed_creation());
        let (plan, judge) = judged(run, standing.as_ref(), mode).await?;
        let summary = if plan.is_empty() {
            "no changes".into()
        } else {
            count(plan.resources.len() + plan.entries().count(), "change")
        };
        let versions = run
            .plugins
            .iter()
            .filter_map(|plugin| Some((plugin.name().to_owned(), plugin.version()?.to_string())));
        let behind = match &standing {
            Some(stack) => {
                let only_looks = mode == PlanMode::Show;
                code_only::behind(&*run.cloud, stack, only_looks, run.reporter()).await?
            }
            None => None,
        };
        let result = PlanResult {
            stack: run.service.stack_name.clone(),
            cloud: run.cloud.name(),
            new_stack: standing.is_none(),
            judge,
            build_id: run.build_id.map(|id| id.to_string()).unwrap_or_default(),
            plugins: versions.collect(),
            behind,
            plan,
        };
        run.standing = standing;
        Ok((result, summary))
    })
    .await
}

/// The plan, corrected by what the cloud says where it says anything.
async fn judged(
    run: &Run,
    standing: Option<&Stack>,
    mode: PlanMode,
) -> Result<(Plan, Judge), BoxError> {
    let template = run.template.as_ref().expect("synthesize has run");
    let document = template.document();
    let before = standing.map(|stack| &stack.template);
    let mut plan = compare(before, document, template.edits(), &spec::Table);
    let Some(stack) = standing else { return Ok((plan, Judge::Plan)) };
    plan.compare_values(document, &stack.parameters, &run.service.parameters);
    plan.compare_tags(&stack.tags, &run.service.tags);
    if mode == PlanMode::Code || (plan.is_empty() && !depends_on_more(document)) {
        return Ok((plan, Judge::Plan));
    }
    let Some(preview) = preview(run, mode).await? else { return Ok((plan, Judge::Plan)) };
    plan.settle(&preview, &stack.template, document, &spec::Table);
    Ok((plan, Judge::ChangeSet))
}

async fn preview(run: &Run, mode: PlanMode) -> Result<Option<Preview>, BoxError> {
    let request = request(run);
    let preview = run.cloud.preview(&request, mode == PlanMode::Apply).await?;
    if mode == PlanMode::Show && preview.is_some() {
        run.cloud.withdraw(&request).await?;
    }
    Ok(preview)
}

/// Takes back what the plan made in the cloud, when it is not carried out.
pub(super) async fn withdraw(run: &Run, plan: &PlanResult) -> Result<(), BoxError> {
    match plan.judge {
        Judge::ChangeSet => run.cloud.withdraw(&request(run)).await,
        Judge::Plan => Ok(()),
    }
}

/// What the cloud is asked to carry out.
pub(super) fn request(run: &Run) -> ApplyRequest {
    let template = run.template.as_ref().expect("synthesize has run");
    let deploy = &run.service.deploy;
    let build_id = run.build_id.map(|id| id.to_string()).unwrap_or_default();
    ApplyRequest {
        stack: run.service.stack_name.clone(),
        template: template.document().clone(),
        parameters: run.service.parameters.clone(),
        tags: run.service.tags.clone(),
        token: if run.is_rollback { format!("{ROLLBACK}{build_id}") } else { build_id },
        settings: StackSettings {
            role: deploy.role.clone(),
            notifications: deploy.notifications.clone(),
            policy: run.stack_policy.clone(),
            termination_protection: deploy.termination_protection,
            timeout: deploy
                .timeout
                .map(|minutes| std::time::Duration::from_secs(u64::from(minutes) * 60)),
            rollback_alarms: deploy.rollback_alarms.clone(),
            rollback_monitoring: deploy.rollback_monitoring,
        },
    }
}
