//! Follows an operation of a stack by its events, to its end.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_cloudformation::types::StackEvent;

use super::error::refused;
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::cloud::state::is_at_rest;
use crate::report::{Event, Reporter};

/// Between two looks at the events.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest pause, reached after a while: a long operation is not told any later by it.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// After so many looks without news, the stack itself is asked whether anything still goes on.
const PATIENCE: u32 = 3;

/// How an operation ended.
pub(super) struct Ending {
    /// The stack's status.
    pub(super) status: String,
    /// The first event that failed of its own.
    pub(super) failure: Option<Cause>,
}

impl Ending {
    /// Any other end than the one that was wanted is a failure, told with its first cause. `action` is
    /// `creation`, `update` or `deletion`.
    pub(super) fn must_be(
        self,
        wanted: &str,
        action: &'static str,
        stack: &str,
    ) -> Result<(), AwsError> {
        if self.status == wanted {
            return Ok(());
        }
        let Cause { subject, reason } = self.failure.unwrap_or_else(|| Cause {
            subject: "the stack itself".into(),
            reason: "CloudFormation gives no reason".into(),
        });
        let (stack, status) = (stack.to_owned(), self.status);
        Err(AwsError::Failed { action, stack, subject, reason, status })
    }
}

/// A failing resource.
pub(super) struct Cause {
    pub(super) subject: String,
    pub(super) reason: String,
}

impl Aws {
    /// Follows the operation that was asked for with `token`. Events of earlier ones are left out.
    pub(super) async fn follow(
        &self,
        stack_id: &str,
        token: Option<&str>,
        reporter: &dyn Reporter,
    ) -> Result<Ending, AwsError> {
        let (mut seen, mut failure) = (HashSet::new(), None);
        let (mut pause, mut quiet) = (PAUSE, 0);
        loop {
            let mut end = None;
            quiet += 1;
            for event in self.new_events(stack_id, token, &mut seen).await? {
                let status =
                    event.resource_status().map(|one| one.as_str()).unwrap_or_default().to_owned();
                let is_stack = event.physical_resource_id() == Some(stack_id);
                quiet = 0;
                tell(&event, &status, reporter);
                if failure.is_none() {
                    failure = cause(&event, &status, is_stack);
                }
                if is_stack && is_at_rest(&status) {
                    end = Some(status);
                }
            }
            if let Some(status) = end {
                return Ok(Ending { status, failure });
            }
            // Someone else's operation may hide the end of this one, or a lost reply its beginning.
            if quiet >= PATIENCE
                && let Some(status) = self.status_at_rest(stack_id).await?
            {
                return Ok(Ending { status, failure });
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f32(1.2).min(LONG_PAUSE);
        }
    }

    /// The stack's status, unless something works on it. A stack that is gone was deleted.
    async fn status_at_rest(&self, stack_id: &str) -> Result<Option<String>, AwsError> {
        let stack = self.describe(stack_id).await?;
        let status = match &stack {
            Some(stack) => status_of(stack).unwrap_or_default(),
            None => "DELETE_COMPLETE",
        };
        Ok(is_at_rest(status).then(|| status.to_owned()))
    }

    /// The token of the operation under way.
    pub(super) async fn newest_token(&self, stack_id: &str) -> Result<Option<String>, AwsError> {
        let answer = self.cloudformation.describe_stack_events().stack_name(stack_id).send().await;
        let answer =
            answer.map_err(|error| refused("cloudformation:DescribeStackEvents", &error))?;
        let newest = answer.stack_events.unwrap_or_default().into_iter().next();
        Ok(newest.and_then(|event| event.client_request_token))
    }

    /// The operation's events that are new, oldest first. They come newest first in pages; a page with
    /// one that is known, or of another operation, is the last that matters.
    async fn new_events(
        &self,
        stack_id: &str,
        token: Option<&str>,
        seen: &mut HashSet<String>,
    ) -> Result<Vec<StackEvent>, AwsError> {
        let mut found = Vec::new();
        let mut pages = self
            .cloudformation
            .describe_stack_events()
            .stack_name(stack_id)
            .into_paginator()
            .send();
        'pages: while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| refused("cloudformation:DescribeStackEvents", &error))?;
            for event in page.stack_events.unwrap_or_default() {
                if event.client_request_token() != token {
                    break 'pages;
                }
                if !seen.insert(event.event_id().unwrap_or_default().to_owned()) {
                    break 'pages;
                }
                found.push(event);
            }
        }
        found.reverse();
        Ok(found)
    }
}

fn tell(event: &StackEvent, status: &str, reporter: &dyn Reporter) {
    reporter.event(Event::Resource {
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status: status.to_owned(),
        reason: event.resource_status_reason().filter(|text| !text.is_empty()).map(str::to_owned),
    });
}

/// What failed of its own: not what CloudFormation cancelled because something else had failed.
fn cause(event: &StackEvent, status: &str, is_stack: bool) -> Option<Cause> {
    let reason = event.resource_status_reason().unwrap_or_default();
    if !status.ends_with("_FAILED") || reason.to_lowercase().contains("cancelled") {
        return None;
    }
    let subject = match is_stack {
        true => "the stack itself".to_owned(),
        false => format!(
            "`{}` ({})",
            event.logical_resource_id().unwrap_or_default(),
            event.resource_type().unwrap_or_default()
        ),
    };
    let reason = if reason.is_empty() { "no reason given" } else { reason };
    Some(Cause { subject, reason: reason.to_owned() })
}
