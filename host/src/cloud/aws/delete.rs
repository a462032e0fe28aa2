//! Deletes a stack and waits for its end.

use aws_sdk_cloudformation::types::Stack;

use super::error::refused;
use super::follow::Operation;
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::cloud::{Rule, rule};
use crate::hint::nearest;
use crate::report::Reporter;

impl Aws {
    /// False when there was no such stack.
    pub(super) async fn delete_now(
        &self,
        name: &str,
        retain: &[String],
        reporter: &dyn Reporter,
    ) -> Result<bool, AwsError> {
        let Some(stack) = self.describe(name).await? else { return Ok(false) };
        let id = stack.stack_id().unwrap_or(name).to_owned();
        let status = status_of(&stack).unwrap_or_default();
        // Creation is the one operation that a deletion may break off.
        let busy = rule(Some(status)) == Rule::Busy
            && !matches!(status, "DELETE_IN_PROGRESS" | "CREATE_IN_PROGRESS");
        if busy {
            return Err(self.busy(&stack).await?);
        }
        if stack.enable_termination_protection() == Some(true) {
            return Err(AwsError::Protected { stack: name.to_owned() });
        }
        if !retain.is_empty() && status != "DELETE_FAILED" {
            return Err(AwsError::RetainTooEarly {
                stack: name.to_owned(),
                status: status.to_owned(),
            });
        }
        self.check_ids(&id, retain).await?;
        let token = match status {
            // A run that was killed, or someone else, began it: it is followed, and not asked for again.
            "DELETE_IN_PROGRESS" => {
                self.newest_event(&id).await?.and_then(|event| event.client_request_token)
            }
            _ => {
                let token = self.deletion_token(&stack, retain);
                let call = self
                    .cloudformation
                    .delete_stack()
                    .stack_name(&id)
                    .set_retain_resources((!retain.is_empty()).then(|| retain.to_vec()))
                    .client_request_token(&token);
                let asked = call.send().await;
                asked
                    .map_err(|error| in_use(name, refused("cloudformation:DeleteStack", &error)))?;
                Some(token)
            }
        };
        let ending = self.follow(Operation::new(&id, token.as_deref()), reporter).await?;
        ending.must_be("DELETE_COMPLETE", "deletion", name)?;
        Ok(true)
    }

    /// Names one attempt to delete a stack: repeated calls are one, the attempt after a failed one is
    /// another.
    fn deletion_token(&self, stack: &Stack, retain: &[String]) -> String {
        let moments = format!("{:?} {:?}", stack.last_updated_time(), stack.deletion_time());
        let id = stack.stack_id().unwrap_or_default();
        self.token(&["delete", id, &moments, &retain.join(" ")])
    }

    /// Refuses ids that the stack does not have.
    pub(super) async fn check_ids(
        &self,
        stack_id: &str,
        wanted: &[String],
    ) -> Result<(), AwsError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let known: Vec<String> =
            self.resources(stack_id).await?.into_iter().map(|one| one.logical_id).collect();
        match wanted.iter().find(|id| !known.contains(id)) {
            None => Ok(()),
            Some(id) => Err(AwsError::NoResource {
                id: id.clone(),
                near: nearest(id, known.iter().map(String::as_str)).map(str::to_owned),
                known,
            }),
        }
    }

    /// The resources that deleting a stack does not delete, each as `` `Id` (physical id) ``.
    pub(super) async fn kept(&self, stack_id: &str) -> Result<Vec<String>, AwsError> {
        let template: serde_json::Value =
            serde_json::from_str(&self.template(stack_id).await?).unwrap_or_default();
        let policy = |id: &str| template["Resources"][id]["DeletionPolicy"].as_str();
        let resources = self.resources(stack_id).await?.into_iter();
        let kept = resources.filter(|one| {
            one.status == "DELETE_SKIPPED"
                || (policy(&one.logical_id) == Some("Retain") && !one.physical_id.is_empty())
        });
        Ok(kept.map(|one| format!("`{}` ({})", one.logical_id, one.physical_id)).collect())
    }
}

/// There is no code for an export that another stack imports, only this sentence: `Export NAME cannot
/// be deleted as it is in use by STACK`.
fn in_use(stack: &str, error: AwsError) -> AwsError {
    let AwsError::Refused { message, .. } = &error else { return error };
    let Some((before, after)) = message.split_once(" cannot be deleted as it is in use by ") else {
        return error;
    };
    AwsError::InUse {
        stack: stack.to_owned(),
        export: before.rsplit("Export ").next().unwrap_or_default().to_owned(),
        by: after.trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_in_use_is_read_from_the_sentence() {
        let refused = AwsError::Refused {
            operation: "cloudformation:DeleteStack",
            code: "ValidationError".into(),
            message:
                "Export orders-queue cannot be deleted as it is in use by billing-dev and mail-dev."
                    .into(),
        };
        assert_eq!(
            in_use("orders-dev", refused).to_string(),
            "stack `orders-dev` cannot be deleted: its export `orders-queue` is in use by billing-dev and mail-dev"
        );
    }
}
