//! Who works on a stack. CloudFormation itself lets one operation at a time at it; who comes second is
//! told before any work is done.

use std::time::SystemTime;

use aws_sdk_cloudformation::types::Stack;

use super::follow::Operation;
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::cloud::{Rule, rule};
use crate::report::Reporter;

/// All tokens of Phalanx begin so; after it comes who asked.
const TOKEN: &str = "phalanx-";

/// How often another operation may begin while one is waited for.
const TURNS: usize = 10;

/// The operation under way.
struct Worker {
    token: Option<String>,
    since: Option<SystemTime>,
}

impl Worker {
    /// Who asked for it, as far as the token tells.
    fn by(&self) -> Option<String> {
        let token = self.token.as_deref()?;
        if let Some(rest) = token.strip_prefix(TOKEN) {
            let (name, _) = rest.split_once("-at-")?;
            return Some(format!("`{name}` with Phalanx"));
        }
        // CloudFormation's own console and tools put their names first.
        let tool = token.split('-').next().unwrap_or(token);
        Some(match tool {
            "Console" => "someone in the AWS console".to_owned(),
            _ => format!("another tool (token `{token}`)"),
        })
    }
}

impl Aws {
    /// What the token of every operation begins with that this caller asks for.
    pub(super) fn token_prefix(&self) -> String {
        format!("{TOKEN}{}-at-", short_name(&self.caller))
    }

    /// Waits for a change of our own that an earlier run began, or with `wait` for anyone's.
    pub(super) async fn hold_now(
        &self,
        name: &str,
        deleting: bool,
        wait: bool,
        reporter: &dyn Reporter,
    ) -> Result<(), AwsError> {
        for _ in 0..TURNS {
            let Some(stack) = self.describe(name).await? else { return Ok(()) };
            let status = status_of(&stack).unwrap_or_default();
            if rule(Some(status)) != Rule::Busy || (deleting && status == "DELETE_IN_PROGRESS") {
                return Ok(());
            }
            let id = stack.stack_id().unwrap_or(name);
            let worker = self.worker(id).await?;
            let token = worker.token.as_deref();
            let ours = token.is_some_and(|token| token.starts_with(&self.token_prefix()));
            if !ours && !wait {
                return Err(busy(&stack, &worker));
            }
            let by = worker.by().unwrap_or_else(|| "someone".into());
            reporter.note(format!(
                "stack {name} is {status}, asked for by {by}: following that to its end first"
            ));
            self.follow(Operation::new(id, token), reporter).await?;
        }
        match self.describe(name).await? {
            Some(stack) => Err(self.busy(&stack).await?),
            None => Ok(()),
        }
    }

    /// The error that says who works on a stack.
    pub(super) async fn busy(&self, stack: &Stack) -> Result<AwsError, AwsError> {
        let worker = self.worker(stack.stack_id().unwrap_or_default()).await?;
        Ok(busy(stack, &worker))
    }

    async fn worker(&self, stack_id: &str) -> Result<Worker, AwsError> {
        let newest = self.newest_event(stack_id).await?;
        let since = newest.as_ref().and_then(|event| event.timestamp().copied());
        Ok(Worker {
            token: newest.and_then(|event| event.client_request_token),
            since: since.and_then(|time| SystemTime::try_from(time).ok()),
        })
    }
}

fn busy(stack: &Stack, worker: &Worker) -> AwsError {
    AwsError::Busy {
        stack: stack.stack_name().unwrap_or_default().to_owned(),
        status: status_of(stack).unwrap_or_default().to_owned(),
        by: worker.by(),
        since: worker.since,
    }
}

/// The name at the end of a caller's ARN, in the letters that a token may have.
fn short_name(arn: &str) -> String {
    let name = arn.rsplit(['/', ':']).next().unwrap_or_default();
    let name = name.split('@').next().unwrap_or_default();
    let clean = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    clean.take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(token: &str) -> Option<String> {
        Worker { token: Some(token.into()), since: None }.by()
    }

    #[test]
    fn a_token_tells_who_asked() {
        assert_eq!(
            short_name("arn:aws:sts::123456789012:assumed-role/ci/alice@example.com"),
            "alice"
        );
        assert_eq!(short_name("arn:aws:iam::123456789012:root"), "root");
        assert_eq!(by("phalanx-alice-b-at-0f3c").as_deref(), Some("`alice-b` with Phalanx"));
        assert_eq!(by("Console-ExecuteChangeSet-1").as_deref(), Some("someone in the AWS console"));
        assert_eq!(by("0f3c").as_deref(), Some("another tool (token `0f3c`)"));
        assert_eq!(Worker { token: None, since: None }.by(), None);
    }
}
