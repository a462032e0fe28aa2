//! Change sets that were never executed, and those that CloudFormation refuses.

use super::states::{behind, end};
use super::thing::{stack, things};
use super::{orders, stacks, status};
use crate::support::{Account, Answer, Scripted};

#[test]
fn nothing_but_a_change_set() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    let template = "%7B%22Resources%22:%7B%22Q%22:%7B%22Type%22:%22AWS::SQS::Queue%22%7D%7D%7D";
    let set = format!("&ChangeSetName=x&ChangeSetType=CREATE&TemplateBody={template}");
    behind(&account, "CreateChangeSet", &set);
    assert_eq!(status(&account), "REVIEW_IN_PROGRESS");
    let said = account.phalanx(&project, "status").exits(1);
    insta::assert_snapshot!(end(&account, &said), @r"
    error: there is no stack `t[ACCOUNT]-dev` in the `aws` cloud

    hint: deploy it first with `phalanx deploy --stage dev`, or name another stage with `--stage`
    ");
    let created = account.phalanx(&project, "deploy").succeeds();
    assert_eq!(created.stdout, format!("created stack {}\n", stack(&account)));
    account.phalanx(&project, "delete").succeeds();

    behind(&account, "CreateChangeSet", &set.replace("Name=x", "Name=y"));
    let deleted = account.phalanx(&project, "delete").succeeds();
    insta::assert_snapshot!(end(&account, &deleted), @"deleted stack t[ACCOUNT]-dev");
    assert_eq!(stacks(&account), Vec::<String>::new());
}

#[test]
fn capabilities_that_were_not_given() {
    let (server, project) = (Scripted::new(), orders());
    server.script("DescribeStacks", [Answer::no_stack("orders-dev")]);
    server.script("HeadObject", [Answer::body(200, "")]);
    let text = "Requires capabilities : [CAPABILITY_AUTO_EXPAND]";
    server
        .script("CreateChangeSet", [Answer::error(400, "InsufficientCapabilitiesException", text)]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: AWS refused `cloudformation:CreateChangeSet`: Requires capabilities : [CAPABILITY_AUTO_EXPAND] (InsufficientCapabilitiesException)

    hint: correct what AWS names, then run the same command again
    ");
    let calls = server.calls();
    let set = calls.iter().find(|call| call.operation == "CreateChangeSet").unwrap();
    assert_eq!(set.field("Capabilities.member.1").unwrap(), "CAPABILITY_NAMED_IAM");
    assert_eq!(set.field("Capabilities.member.2"), None);
}

#[test]
fn a_change_set_that_cloudformation_refuses() {
    let (server, project) = (Scripted::new(), orders());
    server.script("DescribeStacks", [Answer::no_stack("orders-dev")]);
    server.script("HeadObject", [Answer::body(200, "")]);
    server.script("CreateChangeSet", [Answer::result("<Id>arn:x</Id>")]);
    server.script(
        "DescribeChangeSet",
        [Answer::result(
            "<ChangeSetId>arn:x</ChangeSetId><Status>FAILED</Status>\
             <ExecutionStatus>UNAVAILABLE</ExecutionStatus>\
             <StatusReason>Circular dependency between resources: [A, B]</StatusReason>",
        )],
    );
    server.script("DeleteChangeSet", [Answer::result("")]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: CloudFormation refused the changes to stack `orders-dev`: Circular dependency between resources: [A, B]

    hint: correct what AWS names, then run the same command again
    ");
    assert_eq!(server.counts()["DeleteChangeSet"], 1, "it is not left behind");
}
