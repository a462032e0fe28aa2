//! Brings a stack back from where it is stuck or should not go: continues a rollback that failed,
//! cancels an update, and tells why an earlier operation failed.

use super::cause::{Cause, Causes};
use super::error::refused;
use super::follow::{Ending, Operation};
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::digest::Hasher;
use crate::report::Reporter;

const UNDONE: &str = "UPDATE_ROLLBACK_COMPLETE";

impl Aws {
    /// Continues a failed rollback. False when the stack needs none.
    pub(super) async fn recover_now(
        &self,
        name: &str,
        skip: &[String],
        reporter: &dyn Reporter,
    ) -> Result<bool, AwsError> {
        let Some(stack) = self.describe(name).await? else { return Ok(false) };
        let id = stack.stack_id().unwrap_or(name);
        let ending = match status_of(&stack).unwrap_or_default() {
            "UPDATE_ROLLBACK_FAILED" => {
                self.check_ids(id, skip).await?;
                let token = self.token(&["recover", id, &self.newest_event_id(id).await?]);
                let call = self
                    .cloudformation
                    .continue_update_rollback()
                    .stack_name(id)
                    .set_resources_to_skip((!skip.is_empty()).then(|| skip.to_vec()))
                    .client_request_token(&token);
                call.send()
                    .await
                    .map_err(|error| refused("cloudformation:ContinueUpdateRollback", &error))?;
                self.follow(Operation::new(id, Some(&token)), reporter).await?
            }
            // A run that was killed, or someone else, has begun it.
            "UPDATE_ROLLBACK_IN_PROGRESS" | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => {
                self.follow_newest(id, reporter).await?
            }
            _ => return Ok(false),
        };
        ending.must_be(UNDONE, "recovery", name)?;
        Ok(true)
    }

    /// Cancels an update and waits until it is undone.
    pub(super) async fn cancel_now(
        &self,
        name: &str,
        reporter: &dyn Reporter,
    ) -> Result<(), AwsError> {
        let stack = self.describe(name).await?;
        let status = stack.as_ref().and_then(status_of).unwrap_or_default().to_owned();
        let id = stack.as_ref().and_then(|stack| stack.stack_id()).unwrap_or(name);
        if status != "UPDATE_IN_PROGRESS" {
            return Err(AwsError::CannotCancel { stack: name.to_owned(), status });
        }
        let token = self.token(&["cancel", id, &self.newest_event_id(id).await?]);
        let call = self.cloudformation.cancel_update_stack().stack_name(id);
        let asked = call.client_request_token(&token).send().await;
        asked.map_err(|error| refused("cloudformation:CancelUpdateStack", &error))?;
        // The update's own token stays on its events, the rollback's included.
        let ending = self.follow_newest(id, reporter).await?;
        if ending.status == "UPDATE_COMPLETE" {
            // It was all but done.
            return Err(AwsError::CannotCancel { stack: name.to_owned(), status: ending.status });
        }
        ending.must_be(UNDONE, "update", name)
    }

    /// Undoes whatever is under way: an update is cancelled, a creation deleted.
    pub(super) async fn undo(&self, name: &str, reporter: &dyn Reporter) -> Result<(), AwsError> {
        match self.cancel_now(name, reporter).await {
            Err(AwsError::CannotCancel { status, .. }) if status == "CREATE_IN_PROGRESS" => {
                self.delete_now(name, &[], reporter).await.map(drop)
            }
            other => other,
        }
    }

    /// Follows whatever is under way.
    pub(super) async fn follow_newest(
        &self,
        stack_id: &str,
        reporter: &dyn Reporter,
    ) -> Result<Ending, AwsError> {
        let newest = self.newest_event(stack_id).await?;
        let token = newest.and_then(|event| event.client_request_token);
        self.follow(Operation::new(stack_id, token.as_deref()), reporter).await
    }

    /// Why the last operation of a stack failed.
    pub(super) async fn past_failure(&self, stack_id: &str) -> Result<Cause, AwsError> {
        let call = self.cloudformation.describe_stack_events().stack_name(stack_id);
        let mut pages = call.into_paginator().send();
        let mut events = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| refused("cloudformation:DescribeStackEvents", &error))?;
            events.extend(page.stack_events.unwrap_or_default());
        }
        let mut causes = Causes::default();
        for event in events.iter().rev() {
            let status = event.resource_status().map(|one| one.as_str()).unwrap_or_default();
            let own = event.physical_resource_id() == Some(stack_id);
            causes.note("", event, status, own);
        }
        Ok(causes.into_first().0)
    }

    /// A token that is the same whenever the same is asked for again.
    pub(super) fn token(&self, parts: &[&str]) -> String {
        let mut hasher = Hasher::new();
        for part in parts {
            hasher.field(part);
        }
        format!("{}{}", self.token_prefix(), &hasher.finish().to_string()[..32])
    }

    async fn newest_event_id(&self, stack_id: &str) -> Result<String, AwsError> {
        let newest = self.newest_event(stack_id).await?;
        Ok(newest.and_then(|event| event.event_id).unwrap_or_default())
    }
}
