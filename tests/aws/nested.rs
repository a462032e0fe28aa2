//! A stack within a stack: its events are followed too, and what failed in it is the cause.
//!
//! The replies are scripted: ministack makes nested stacks without events of their own.

use crate::support::{Answer, Project, Scripted};

const OUTER: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/outer-dev/1";
const INNER: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/outer-dev-Inner/2";

/// One event, as `DescribeStackEvents` tells it.
struct Event {
    second: u32,
    stack: &'static str,
    id: &'static str,
    physical: &'static str,
    kind: &'static str,
    status: &'static str,
    reason: &'static str,
}

/// An answer with these events, which are given in the order of time.
fn events(events: &[Event]) -> Answer {
    let members = events.iter().rev().map(|event| {
        let Event { second, stack, id, physical, kind, status, reason } = event;
        format!(
            "<member><EventId>{id}-{status}</EventId><StackId>{stack}</StackId>\
             <StackName>s</StackName><LogicalResourceId>{id}</LogicalResourceId>\
             <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <Timestamp>2026-01-02T03:04:{second:02}Z</Timestamp><ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{reason}</ResourceStatusReason>\
             <ClientRequestToken>phalanx-ada-at-7</ClientRequestToken></member>"
        )
    });
    Answer::result(format!("<StackEvents>{}</StackEvents>", members.collect::<String>()))
}

fn outer(second: u32, status: &'static str) -> Event {
    let (stack, kind) = (OUTER, "AWS::CloudFormation::Stack");
    Event { second, stack, id: "outer-dev", physical: OUTER, kind, status, reason: "" }
}

fn inner(second: u32, status: &'static str, reason: &'static str) -> Event {
    let (stack, kind) = (OUTER, "AWS::CloudFormation::Stack");
    Event { second, stack, id: "Inner", physical: INNER, kind, status, reason }
}

fn queue(second: u32, status: &'static str, reason: &'static str) -> Event {
    let (stack, kind) = (INNER, "AWS::SQS::Queue");
    Event { second, stack, id: "Queue", physical: "", kind, status, reason }
}

#[test]
fn what_failed_in_a_nested_stack_is_the_cause() {
    let server = Scripted::new();
    // The bucket is there, with all that is asked for.
    for operation in ["HeadBucket", "HeadObject", "PutObject"] {
        server.script(operation, [Answer::body(200, "")]);
    }
    server.script("DescribeStacks", [Answer::no_stack("outer-dev")]);
    let set =
        format!("<Id>arn:aws:cloudformation:x:1:changeSet/c/7</Id><StackId>{OUTER}</StackId>");
    server.script("CreateChangeSet", [Answer::result(set)]);
    server.script(
        "DescribeChangeSet",
        [Answer::result(format!(
            "<ChangeSetId>arn:aws:cloudformation:x:1:changeSet/c/7</ChangeSetId><StackId>{OUTER}</StackId>\
             <Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>"
        ))],
    );
    server.script("ExecuteChangeSet", [Answer::result("")]);
    let embedded = "Embedded stack was not successfully created: The following resource(s) failed to create: [Queue].";
    server.script(
        "DescribeStackEvents",
        [
            // The outer stack alone, then both, in turns.
            events(&[outer(1, "CREATE_IN_PROGRESS"), inner(2, "CREATE_IN_PROGRESS", "")]),
            events(&[]),
            events(&[
                queue(3, "CREATE_IN_PROGRESS", ""),
                queue(4, "CREATE_FAILED", "Quota exceeded"),
            ]),
            events(&[
                inner(5, "CREATE_FAILED", embedded),
                outer(6, "ROLLBACK_IN_PROGRESS"),
                outer(7, "ROLLBACK_COMPLETE"),
            ]),
            events(&[]),
        ],
    );
    let project = Project::new(
        "[service]\nname = \"outer\"\nregion = \"eu-central-1\"\n\n[resources.Inner]\n\
         Type = \"AWS::CloudFormation::Stack\"\nProperties = { TemplateURL = \"https://example.com/t\" }\n",
    );
    let failed = server.phalanx(&project, "deploy -v").exits(1);
    insta::assert_snapshot!(failed.error(), @"
    error: creation of stack `outer-dev` failed at `Inner/Queue` (AWS::SQS::Queue): Quota exceeded
      CloudFormation removed what it had made (the stack is ROLLBACK_COMPLETE)

    hint: correct it, then run the same command again
    ");
    failed.says("Inner/Queue AWS::SQS::Queue CREATE_FAILED: Quota exceeded");
}
