//! Calls of AWS that a plugin has the host make, against a server of its APIs.

use super::{Service, said_by};
use crate::support::{Account, Project, Scripted};

/// A service whose plugin sends a message to its queue after provisioning, and asks for the queues before the
/// build.
fn service(account: &Account, grants: &str) -> Project {
    let url = format!("http://x/{}/orders-mail", account.id);
    let config = format!(
        r#"config = {{ early = [{{ service = "sqs", action = "sqs:ListQueues", target = "AmazonSQS.ListQueues", body = "{{}}" }}], late = [{{ service = "sqs", action = "sqs:SendMessage", target = "AmazonSQS.SendMessage", body = '{{"QueueUrl":"{url}","MessageBody":"deployed"}}' }}] }}"#
    );
    let queue = "[resources.Mail]\nType = \"AWS::SQS::Queue\"\nProperties = { QueueName = \"orders-mail\" }";
    let settings = format!("{config}\ngrants = {{ aws = [{grants}] }}");
    Service::new().with(queue).plugin("messenger", "messenger", &settings).project()
}

#[test]
fn a_granted_call_is_signed_and_made_and_logged() {
    let Some(account) = Account::alone() else { return };
    let project = service(&account, r#""sqs:SendMessage", "sqs:List*""#);
    // A plan may look, and makes no other call.
    let planned = account.phalanx(&project, "plan").succeeds();
    let said = said_by(&planned, "messenger");
    assert!(said.starts_with("called sqs:ListQueues: 200\n200: {"), "{said}");
    let server = Scripted::before(&account);
    let deployed = server.phalanx(&project, "deploy").succeeds();
    let said = said_by(&deployed, "messenger");
    assert!(said.contains("called sqs:SendMessage: 200"), "{said}");
    let url = format!("{}/{}/orders-mail", server.url(), account.id);
    let message = account.ask("sqs", &format!("receive_message(QueueUrl='{url}')"));
    assert_eq!(message["Messages"][0]["Body"], "deployed");
    // The server saw a signature for the service, and no secret.
    let calls = server.calls();
    let sent = calls.iter().find(|call| call.operation == "SendMessage").unwrap();
    assert_eq!(sent.service, "sqs");
    assert!(!String::from_utf8_lossy(&sent.body).contains("secret"));
}

#[test]
fn what_is_not_granted_is_not_called() {
    let Some(account) = Account::new() else { return };
    let project = service(&account, r#""sqs:SendMessage""#);
    let server = Scripted::before(&account);
    let refused = server.phalanx(&project, "plan").exits(3);
    insta::assert_snapshot!(refused.error(), @r#"
    error: plugin `messenger` failed in `pre-build`: calling `sqs:ListQueues` is not granted: `aws` allows `sqs:SendMessage`

    hint: add `"sqs:ListQueues"` to `aws` in `[plugins.messenger.grants]`
    "#);
    assert!(!server.operations().contains(&"ListQueues".to_owned()));
    // The local cloud has nobody to call.
    let project = service(&account, r#""sqs:*""#);
    insta::assert_snapshot!(project.phalanx("plan --local").exits(3).error(), @"
    error: plugin `messenger` failed in `pre-build`: the local cloud has no `sqs` to call

    hint: deploy to AWS, or leave the plugin out of the stage
    ");
}

#[test]
fn the_signature_is_one_that_aws_would_take() {
    let Some(account) = Account::that_checks_signatures() else { return };
    let (key, secret) = account.user("ada");
    let project = service(&account, r#""sqs:SendMessage", "sqs:List*""#);
    let plan = |secret: &str| {
        let run = account.phalanx(&project, "plan").env("AWS_ACCESS_KEY_ID", &key);
        run.env("AWS_SECRET_ACCESS_KEY", secret).finish()
    };
    let good = plan(&secret);
    assert!(
        said_by(&good, "messenger").starts_with("called sqs:ListQueues: 200\n"),
        "{}",
        good.scene()
    );
    // The server does look.
    let wrong = plan("wrong");
    assert!(wrong.error().contains("SignatureDoesNotMatch"), "{}", wrong.scene());
}
