//! Creates or updates a stack: its state decides what is done, a change set does it.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::types::ChangeSetType;

use super::error::refused;
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
        let found = self.describe(name).await?;
        let status = found.as_ref().and_then(status_of).map(str::to_owned);
        let rule = rule(status.as_deref());
        let status = status.unwrap_or_default();
        match rule {
            Rule::Create | Rule::Update => {}
            Rule::Recreate => {
                reporter.note(format!(
                    "stack {name} is {status}: its creation failed, so it is deleted and created again"
                ));
                self.delete_now(name, reporter).await?;
            }
            Rule::Busy => return Err(AwsError::Busy { stack: name.clone(), status }),
            Rule::Recover | Rule::FinishDelete => {
                return Err(AwsError::Stuck { stack: name.clone(), status, rule });
            }
        }
        let (kind, change, action, complete) = match rule {
            Rule::Update => (ChangeSetType::Update, Change::Updated, "update", "UPDATE_COMPLETE"),
            _ => (ChangeSetType::Create, Change::Created, "creation", "CREATE_COMPLETE"),
        };
        let parameters = found.and_then(|stack| stack.parameters).unwrap_or_default();
        let previous: BTreeSet<String> =
            parameters.into_iter().filter_map(|parameter| parameter.parameter_key).collect();
        let change = match self.change_set(request, kind, &previous).await? {
            None => Change::Unchanged,
            Some(set) => {
                let call = self.cloudformation.execute_change_set().change_set_name(&set.id);
                let started = call.client_request_token(&set.token).send().await;
                match started.map_err(|error| refused("cloudformation:ExecuteChangeSet", &error)) {
                    // The first reply was lost: the call was made again, and the change is under way.
                    Err(error) if error.refusal() == "InvalidChangeSetStatus" => {}
                    other => drop(other?),
                }
                let ending = self.follow(&set.stack_id, Some(&set.token), reporter).await?;
                ending.must_be(complete, action, name)?;
                change
            }
        };
        match self.read_stack(name).await? {
            Some(stack) => Ok(Applied { stack, change }),
            None => Err(AwsError::Failed {
                action: "creation",
                stack: name.clone(),
                subject: "the stack itself".into(),
                reason: "it was deleted by someone else".into(),
                status: "DELETE_COMPLETE".into(),
            }),
        }
    }
}
