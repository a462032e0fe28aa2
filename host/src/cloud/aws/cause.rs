//! Why an operation failed: the first event that failed of its own, and what its reason means.

use aws_sdk_cloudformation::types::StackEvent;

/// What failed, told by CloudFormation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its logical id, with those of the nested stacks it is in: `Network/Subnet`; empty for the stack
    /// itself.
    pub logical_id: String,
    /// Its CloudFormation type.
    pub resource_type: String,
    /// CloudFormation's reason.
    pub reason: String,
    /// The log group of the function behind a custom resource.
    pub log_group: Option<String>,
}

impl Cause {
    /// `` `Queue` (AWS::SQS::Queue) ``, or `the stack itself`.
    pub fn subject(&self) -> String {
        match self.logical_id.as_str() {
            "" => "the stack itself".to_owned(),
            id => format!("`{id}` ({})", self.resource_type),
        }
    }

    /// The permission that was missing, when the reason says so.
    pub fn denied(&self) -> Option<Denied> {
        denied(&self.reason)
    }
}

/// A permission that was missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who was refused: an ARN.
    pub principal: String,
    /// The action, such as `sqs:CreateQueue`.
    pub action: String,
    /// What it was wanted on, when that is said.
    pub resource: Option<String>,
}

/// Reads IAM's own sentence: `User: ARN is not authorized to perform: ACTION on resource: ARN because …`.
pub(super) fn denied(text: &str) -> Option<Denied> {
    let (before, after) = text.split_once(" is not authorized to perform: ")?;
    let word = |text: &str| {
        let word = text.split_whitespace().next().unwrap_or_default();
        word.trim_end_matches(['.', ',', ';', ')']).to_owned()
    };
    let principal = before.split_whitespace().last().unwrap_or_default().to_owned();
    let resource = after.split_once(" on resource: ").map(|(_, resource)| word(resource));
    Some(Denied { principal, action: word(after), resource })
}

/// What has failed so far.
#[derive(Debug, Default)]
pub(super) struct Causes {
    failed: Vec<Cause>,
    /// Why CloudFormation began to undo the operation, which is all there is when an alarm did it.
    undone: Option<String>,
}

impl Causes {
    /// True when nothing failed of its own.
    pub(super) fn is_empty(&self) -> bool {
        self.failed.is_empty() && self.undone.is_none()
    }

    /// Looks at an event; events come in the order of time. `own` is true for the stack itself.
    pub(super) fn note(&mut self, prefix: &str, event: &StackEvent, status: &str, own: bool) {
        let reason = event.resource_status_reason().unwrap_or_default();
        if is_stack(event) && status.ends_with("ROLLBACK_IN_PROGRESS") && !reason.is_empty() {
            self.undone.get_or_insert_with(|| reason.to_owned());
        }
        if status.ends_with("_FAILED") && !is_noise(reason) {
            let id = event.logical_resource_id().unwrap_or_default();
            self.failed.push(Cause {
                logical_id: if own { String::new() } else { format!("{prefix}{id}") },
                resource_type: event.resource_type().unwrap_or_default().to_owned(),
                reason: if reason.is_empty() { "no reason given" } else { reason }.to_owned(),
                log_group: log_group(event),
            });
        }
    }

    /// The first cause, and those that failed beside it.
    pub(super) fn into_first(self) -> (Cause, Vec<Cause>) {
        let mut failed = self.failed.into_iter();
        let first = failed.next().unwrap_or_else(|| Cause {
            logical_id: String::new(),
            resource_type: String::new(),
            reason: self.undone.unwrap_or_else(|| "CloudFormation gives no reason".into()),
            log_group: None,
        });
        // A stack, nested or not, fails because something in it did, and a resource that failed again
        // while it was undone is told once.
        let mut others: Vec<Cause> = Vec::new();
        for cause in failed {
            let known = |other: &Cause| other.logical_id == cause.logical_id;
            if cause.resource_type != "AWS::CloudFormation::Stack"
                && !known(&first)
                && !others.iter().any(known)
            {
                others.push(cause);
            }
        }
        (first, others)
    }
}

/// What CloudFormation cancelled because something else had failed.
fn is_noise(reason: &str) -> bool {
    reason.to_lowercase().contains("cancelled")
}

/// Whether an event is of the stack that has it.
pub(super) fn is_stack(event: &StackEvent) -> bool {
    event.physical_resource_id().is_some_and(|id| event.stack_id() == Some(id))
}

/// A custom resource's function says in its log what went wrong; its properties name the function.
fn log_group(event: &StackEvent) -> Option<String> {
    let kind = event.resource_type()?;
    if !kind.starts_with("Custom::") && kind != "AWS::CloudFormation::CustomResource" {
        return None;
    }
    let properties: serde_json::Value = serde_json::from_str(event.resource_properties()?).ok()?;
    let token = properties["ServiceToken"].as_str()?;
    let function = token.split_once(":function:")?.1.split(':').next()?;
    Some(format!("/aws/lambda/{function}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, status: &str, reason: &str) -> (StackEvent, String) {
        let own = id == "orders-dev";
        let event = StackEvent::builder()
            .stack_id("arn:stack")
            .event_id(format!("{id} {status}"))
            .logical_resource_id(id)
            .physical_resource_id(if own { "arn:stack" } else { "made" })
            .resource_type(if own { "AWS::CloudFormation::Stack" } else { "AWS::SQS::Queue" })
            .resource_status_reason(reason)
            .build();
        (event, status.to_owned())
    }

    fn causes(events: &[(&str, &str, &str)]) -> (Cause, Vec<Cause>) {
        let mut causes = Causes::default();
        for (id, status, reason) in events {
            let (event, status) = event(id, status, reason);
            causes.note("", &event, &status, *id == "orders-dev");
        }
        causes.into_first()
    }

    #[test]
    fn the_first_that_failed_of_its_own_is_the_cause() {
        let (first, others) = causes(&[
            ("A", "CREATE_FAILED", "Resource creation cancelled"),
            ("B", "CREATE_FAILED", "Quota exceeded"),
            ("C", "CREATE_FAILED", "Bad name"),
            (
                "orders-dev",
                "ROLLBACK_IN_PROGRESS",
                "The following resource(s) failed to create: [B, C].",
            ),
            ("B", "DELETE_FAILED", "In use"),
        ]);
        assert_eq!(
            (first.subject().as_str(), first.reason.as_str()),
            ("`B` (AWS::SQS::Queue)", "Quota exceeded")
        );
        assert_eq!(others.iter().map(|one| one.logical_id.as_str()).collect::<Vec<_>>(), ["C"]);
    }

    #[test]
    fn an_alarm_undoes_an_update_without_any_failed_resource() {
        let (first, others) =
            causes(&[("orders-dev", "UPDATE_ROLLBACK_IN_PROGRESS", "Alarm errors went off")]);
        assert_eq!(
            (first.subject().as_str(), first.reason.as_str()),
            ("the stack itself", "Alarm errors went off")
        );
        assert!(others.is_empty());
        assert_eq!(causes(&[]).0.reason, "CloudFormation gives no reason");
    }

    #[test]
    fn denials_are_read_from_iams_own_words() {
        let text = "Resource handler returned message: \"User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-central-1:123456789012:q because no identity-based policy allows it\"";
        assert_eq!(
            denied(text),
            Some(Denied {
                principal: "arn:aws:sts::123456789012:assumed-role/ci/run".into(),
                action: "sqs:CreateQueue".into(),
                resource: Some("arn:aws:sqs:eu-central-1:123456789012:q".into()),
            })
        );
        assert_eq!(denied("no such queue"), None);
    }

    #[test]
    fn a_custom_resource_has_the_log_of_its_function() {
        let event = StackEvent::builder()
            .stack_id("arn:stack")
            .event_id("1")
            .resource_type("Custom::Seed")
            .resource_properties(r#"{"ServiceToken":"arn:aws:lambda:eu-central-1:123456789012:function:orders-dev-seed:live"}"#)
            .build();
        assert_eq!(log_group(&event).as_deref(), Some("/aws/lambda/orders-dev-seed"));
    }
}
