//! Creates or updates a stack: its state decides what is done, a change set does it.

use std::time::Instant;

use aws_sdk_cloudformation::types::{ChangeSetType, ExecutionStatus, Stack};

use super::change_set::ChangeSet;
use super::error::{is_under_way, refused};
use super::follow::Operation;
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::cloud::{Applied, ApplyRequest, Change, Rule, rule};
use crate::report::Reporter;

impl Aws {
    pub(super) async fn apply_now(
        &self,
        request: &ApplyRequest,
        reporter: &dyn Reporter,
    ) -> Result<Applied, AwsError> {
        let name = &request.stack;
        let mut found = self.describe(name).await?;
        let status = found.as_ref().and_then(status_of).map(str::to_owned);
        let rule = rule(status.as_deref());
        match (rule, &found) {
            (Rule::Recreate, Some(stack)) => {
                self.clear(stack, reporter).await?;
                found = None;
            }
            (Rule::Busy, Some(stack)) => return Err(self.busy(stack).await?),
            (Rule::Recover | Rule::FinishDelete, _) => {
                let status = status.unwrap_or_default();
                return Err(AwsError::Stuck { stack: name.clone(), status, rule });
            }
            _ => {}
        }
        let kind = match rule {
            Rule::Update => ChangeSetType::Update,
            _ => ChangeSetType::Create,
        };
        let change = match self.change_set(request, kind.clone(), found.as_ref()).await? {
            None => Change::Unchanged,
            Some(set) => {
                // Before an update, since the policy is there to guard it.
                if let Some(stack) = found.as_ref().filter(|_| kind == ChangeSetType::Update) {
                    self.guard_now(request, stack.enable_termination_protection()).await?;
                }
                self.execute(request, &set, &kind, reporter).await?
            }
        };
        let Some(mut stack) = self.read_stack(name).await? else {
            return Err(AwsError::Vanished { stack: name.clone() });
        };
        if change != Change::Updated {
            self.guard_now(request, Some(stack.protected)).await?;
            stack.protected = request.settings.termination_protection.unwrap_or(stack.protected);
        }
        Ok(Applied { stack, change })
    }

    /// Executes a change set and follows it to its end.
    async fn execute(
        &self,
        request: &ApplyRequest,
        set: &ChangeSet,
        kind: &ChangeSetType,
        reporter: &dyn Reporter,
    ) -> Result<Change, AwsError> {
        let name = &request.stack;
        let (change, action, complete) = match kind {
            ChangeSetType::Update => (Change::Updated, "update", "UPDATE_COMPLETE"),
            _ => (Change::Created, "creation", "CREATE_COMPLETE"),
        };
        self.begin(name, set).await?;
        let timeout = request.settings.timeout;
        let ending = self
            .follow(
                Operation {
                    stack_id: &set.stack_id,
                    token: Some(&set.token),
                    total: set.changes,
                    deadline: timeout.map(|timeout| Instant::now() + timeout),
                },
                reporter,
            )
            .await?;
        if let Some(limit) = timeout.filter(|_| ending.late) {
            let minutes = limit.as_secs() / 60;
            reporter.note(format!(
                "the {action} has taken {minutes} min, the limit of `deploy.timeout`; it is undone"
            ));
            self.undo(name, reporter).await?;
            return Err(AwsError::TooLong { action, stack: name.clone(), minutes });
        }
        if !ending.seen {
            return Err(AwsError::Overtaken { stack: name.clone() });
        }
        ending.must_be(complete, action, name)?;
        Ok(change)
    }

    /// Has CloudFormation begin. A call whose first reply was lost is made again by the SDK, and refused
    /// since the change is under way: whose change that is must be seen.
    async fn begin(&self, name: &str, set: &ChangeSet) -> Result<(), AwsError> {
        let call = self.cloudformation.execute_change_set().change_set_name(&set.id);
        let started = call.client_request_token(&set.token).send().await;
        let Err(error) =
            started.map_err(|error| refused("cloudformation:ExecuteChangeSet", &error))
        else {
            return Ok(());
        };
        if is_under_way(&error)
            || matches!(error.refusal(), "InvalidChangeSetStatus" | "ChangeSetNotFound")
        {
            let newest = self.newest_event(&set.stack_id).await?;
            let ours = newest
                .is_some_and(|event| event.client_request_token() == Some(set.token.as_str()));
            if ours || self.is_executed(set).await? {
                return Ok(());
            }
            return Err(AwsError::Overtaken { stack: name.to_owned() });
        }
        Err(error)
    }

    async fn is_executed(&self, set: &ChangeSet) -> Result<bool, AwsError> {
        let status = self.execution_status(set).await?;
        Ok(matches!(
            status,
            Some(
                ExecutionStatus::ExecuteInProgress
                    | ExecutionStatus::ExecuteComplete
                    | ExecutionStatus::ExecuteFailed
            )
        ))
    }

    /// Deletes what a failed creation left, after telling why it failed and what stays behind.
    async fn clear(&self, stack: &Stack, reporter: &dyn Reporter) -> Result<(), AwsError> {
        let (name, id) =
            (stack.stack_name().unwrap_or_default(), stack.stack_id().unwrap_or_default());
        let status = status_of(stack).unwrap_or_default();
        let cause = self.past_failure(id).await?;
        reporter.note(format!(
            "stack {name} is {status}: its creation failed at {}: {}; it is deleted and created again",
            cause.subject(),
            cause.reason
        ));
        let kept = self.kept(id).await?;
        if !kept.is_empty() {
            reporter.warn(
                format!(
                    "of stack {name} these resources stay and belong to no stack any more: {}",
                    kept.join(", ")
                ),
                Some("their names are taken until you delete or import them".into()),
            );
        }
        self.delete_now(name, &[], reporter).await?;
        Ok(())
    }
}
