//! Deletes a stack and waits for its end.

use aws_sdk_cloudformation::types::Stack;

use super::error::refused;
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::cloud::{Rule, rule};
use crate::digest::Hasher;
use crate::report::Reporter;

impl Aws {
    /// False when there was no such stack.
    pub(super) async fn delete_now(
        &self,
        name: &str,
        reporter: &dyn Reporter,
    ) -> Result<bool, AwsError> {
        let Some(stack) = self.describe(name).await? else { return Ok(false) };
        let id = stack.stack_id().unwrap_or(name).to_owned();
        let status = status_of(&stack).unwrap_or_default();
        if rule(Some(status)) == Rule::Busy && status != "DELETE_IN_PROGRESS" {
            return Err(AwsError::Busy { stack: name.to_owned(), status: status.to_owned() });
        }
        let token = match status {
            // A run that was killed, or someone else, began it: it is followed, and not asked for again.
            "DELETE_IN_PROGRESS" => self.newest_token(&id).await?,
            _ => {
                let token = token(&stack);
                let call = self.cloudformation.delete_stack().stack_name(&id);
                let asked = call.client_request_token(&token).send().await;
                asked.map_err(|error| refused("cloudformation:DeleteStack", &error))?;
                Some(token)
            }
        };
        let ending = self.follow(&id, token.as_deref(), reporter).await?;
        ending.must_be("DELETE_COMPLETE", "deletion", name)?;
        Ok(true)
    }
}

/// Names one attempt to delete a stack: repeated calls are one, the attempt after a failed one is
/// another.
fn token(stack: &Stack) -> String {
    let mut hasher = Hasher::new();
    hasher.field(stack.stack_id().unwrap_or_default());
    hasher.field(format!("{:?} {:?}", stack.last_updated_time(), stack.deletion_time()));
    format!("phalanx-delete-{}", &hasher.finish().to_string()[..32])
}
