//! Follows an operation of a stack by its events, to its end. Nested stacks are followed with it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::primitives::DateTime;
use aws_sdk_cloudformation::types::StackEvent;

use super::cause::{Causes, is_stack};
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

const STACK: &str = "AWS::CloudFormation::Stack";

/// What is followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation<'a> {
    /// The stack's ARN.
    pub(super) stack_id: &'a str,
    /// The token with which it was asked for. Events of other operations are left out.
    pub(super) token: Option<&'a str>,
    /// How many resources it works on; 0 when nobody knows.
    pub(super) total: usize,
    /// When it has taken too long.
    pub(super) deadline: Option<Instant>,
}

impl<'a> Operation<'a> {
    /// An operation of unknown size that may take as long as it takes.
    pub(super) fn new(stack_id: &'a str, token: Option<&'a str>) -> Self {
        Self { stack_id, token, total: 0, deadline: None }
    }
}

/// How an operation ended.
pub(super) struct Ending {
    /// The stack's status.
    pub(super) status: String,
    /// What failed of its own, the first first.
    pub(super) causes: Causes,
    /// Whether any event of the operation was seen: without one, somebody else's may have taken its
    /// place.
    pub(super) seen: bool,
    /// True when the deadline passed and it still goes on.
    pub(super) late: bool,
}

impl Ending {
    /// Any other end than the one that was wanted is a failure, told with its first cause. `action` is
    /// `creation`, `update`, `recovery` or `deletion`.
    pub(super) fn must_be(
        self,
        wanted: &str,
        action: &'static str,
        stack: &str,
    ) -> Result<(), AwsError> {
        if self.status == wanted {
            return Ok(());
        }
        if self.status == "DELETE_COMPLETE" && self.causes.is_empty() {
            return Err(AwsError::Vanished { stack: stack.to_owned() });
        }
        let (cause, others) = self.causes.into_first();
        let (stack, status) = (stack.to_owned(), self.status);
        Err(AwsError::Failed { action, stack, cause: Box::new(cause), others, status })
    }
}

/// One stack whose events are read.
struct Followed {
    id: String,
    /// Before its resources' ids, such as `Network/`; empty for the stack itself.
    prefix: String,
    seen: HashSet<String>,
}

impl Followed {
    fn new(id: &str, prefix: String) -> Self {
        Self { id: id.to_owned(), prefix, seen: HashSet::new() }
    }
}

impl Aws {
    /// Follows an operation to its end, or to its deadline.
    pub(super) async fn follow(
        &self,
        operation: Operation<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Ending, AwsError> {
        let mut stacks = vec![Followed::new(operation.stack_id, String::new())];
        let mut ending =
            Ending { status: String::new(), causes: Causes::default(), seen: false, late: false };
        let (mut pause, mut quiet, mut began) = (PAUSE, 0, None);
        let mut done: HashSet<String> = HashSet::new();
        loop {
            quiet += 1;
            let mut end = None;
            let mut found = Vec::new();
            for stack in &mut stacks {
                let events = self.new_events(stack, operation.token, began).await?;
                found.extend(events.into_iter().map(|event| (stack.prefix.clone(), event)));
            }
            found.sort_by_key(|(_, event)| event.timestamp().map(time));
            for (prefix, event) in found {
                quiet = 0;
                ending.seen = true;
                began = began.or(event.timestamp().copied());
                let status = status(&event);
                let own = event.physical_resource_id() == Some(operation.stack_id);
                tell(&prefix, &event, status, reporter);
                ending.causes.note(&prefix, &event, status, own);
                if !own && !is_stack(&event) && status.ends_with("_COMPLETE") {
                    done.insert(format!("{prefix}{}", event.logical_resource_id().unwrap_or("")));
                }
                if own && is_at_rest(status) {
                    end = Some(status.to_owned());
                }
                if let Some(nested) = nested(&event).filter(|_| !own)
                    && !stacks.iter().any(|stack| stack.id == nested)
                {
                    let id = event.logical_resource_id().unwrap_or_default();
                    stacks.push(Followed::new(nested, format!("{prefix}{id}/")));
                }
            }
            if operation.total > 0 {
                reporter.event(Event::Progress {
                    task: "provision".into(),
                    done: done.len().min(operation.total) as u64,
                    total: operation.total as u64,
                    unit: "resources",
                });
            }
            if let Some(status) = end {
                return Ok(Ending { status, ..ending });
            }
            // Someone else's operation may hide the end of this one, or a lost reply its beginning.
            if quiet >= PATIENCE
                && let Some(status) = self.status_at_rest(operation.stack_id).await?
            {
                return Ok(Ending { status, ..ending });
            }
            if operation.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Ending { late: true, ..ending });
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

    /// The newest event of a stack: it belongs to the operation under way.
    pub(super) async fn newest_event(
        &self,
        stack_id: &str,
    ) -> Result<Option<StackEvent>, AwsError> {
        let answer = self.cloudformation.describe_stack_events().stack_name(stack_id).send().await;
        let answer =
            answer.map_err(|error| refused("cloudformation:DescribeStackEvents", &error))?;
        Ok(answer.stack_events.unwrap_or_default().into_iter().next())
    }

    /// The operation's events that are new, oldest first. They come newest first in pages; a page with
    /// one that is known, or of another operation, is the last that matters. A nested stack's events
    /// count from the beginning of the whole.
    async fn new_events(
        &self,
        stack: &mut Followed,
        token: Option<&str>,
        began: Option<DateTime>,
    ) -> Result<Vec<StackEvent>, AwsError> {
        let mut found = Vec::new();
        let mut pages = self
            .cloudformation
            .describe_stack_events()
            .stack_name(&stack.id)
            .into_paginator()
            .send();
        let nested = !stack.prefix.is_empty();
        'pages: while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| refused("cloudformation:DescribeStackEvents", &error))?;
            for event in page.stack_events.unwrap_or_default() {
                let earlier = match nested {
                    true => event.timestamp().map(time) < began.as_ref().map(time),
                    false => event.client_request_token() != token,
                };
                if earlier || !stack.seen.insert(event.event_id().unwrap_or_default().to_owned()) {
                    break 'pages;
                }
                found.push(event);
            }
        }
        found.reverse();
        Ok(found)
    }
}

/// Orders events.
fn time(stamp: &DateTime) -> (i64, u32) {
    (stamp.secs(), stamp.subsec_nanos())
}

fn status(event: &StackEvent) -> &str {
    event.resource_status().map(|status| status.as_str()).unwrap_or_default()
}

/// The id of the nested stack that an event is of, once it has one.
fn nested(event: &StackEvent) -> Option<&str> {
    let id = event.physical_resource_id().filter(|id| id.starts_with("arn:"))?;
    (event.resource_type() == Some(STACK)).then_some(id)
}

fn tell(prefix: &str, event: &StackEvent, status: &str, reporter: &dyn Reporter) {
    reporter.event(Event::Resource {
        logical_id: format!("{prefix}{}", event.logical_resource_id().unwrap_or_default()),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status: status.to_owned(),
        reason: event.resource_status_reason().filter(|text| !text.is_empty()).map(str::to_owned),
    });
}
