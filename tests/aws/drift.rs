//! What was changed behind a stack's back.

use serde_json::json;

use super::{change, orders};
use crate::support::{Account, Answer, Scripted};

/// A resource that goes and one that CloudFormation cannot compare.
const MORE: &str = r#"[resources.Topic]
Type = "AWS::SNS::Topic"

[resources.Handle]
Type = "AWS::CloudFormation::WaitConditionHandle"

"#;

#[test]
fn each_property_and_each_missing_resource() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    change(&project, "[outputs", &format!("{MORE}[outputs"));
    let run = |words: &str| account.phalanx(&project, words);
    insta::assert_snapshot!(run("drift").exits(1).error(), @r#"
    error: there is no stack `orders-dev` in the `aws` cloud

    hint: deploy it first with `phalanx deploy --stage dev`, or name another stage with `--stage`
    "#);
    let deployed = run("deploy --output json").succeeds().json();
    let url = deployed["outputs"]["QueueUrl"].as_str().unwrap();
    insta::assert_snapshot!(run("drift --exit-code").succeeds().stdout, @r#"
    stack orders-dev has not drifted
    6 resources: 0 modified, 0 deleted, 5 in sync, 1 not checked
    "#);

    account.ask(
        "sqs",
        &format!(
            "set_queue_attributes(QueueUrl='{url}', Attributes={{'VisibilityTimeout': '77'}})"
        ),
    );
    account.ask(
        "lambda",
        &format!("update_function_configuration(FunctionName='orders-dev-hello', Environment={{'Variables': {{'QUEUE_URL': '{url}', 'EXTRA': 'by hand'}}}})"),
    );
    let topics = account.ask("sns", "list_topics()");
    let topic = topics["Topics"][0]["TopicArn"].as_str().unwrap();
    account.ask("sns", &format!("delete_topic(TopicArn='{topic}')"));
    insta::assert_snapshot!(run("drift --exit-code").exits(4).stdout, @r#"
    stack orders-dev has drifted
      ~ Hello        AWS::Lambda::Function
          Environment.Variables.EXTRA: nothing -> "by hand"
      - Topic        AWS::SNS::Topic  deleted
      ~ WorkerQueue  AWS::SQS::Queue
          VisibilityTimeout: 30 -> 77
    6 resources: 2 modified, 1 deleted, 2 in sync, 1 not checked
    "#);
    let told = run("drift --output json").succeeds().json();
    assert_eq!(told["drifted"], true);
    assert_eq!(told["not-checked"], 1);
    let queue = told["resources"].as_array().unwrap().iter();
    let queue = queue.filter(|resource| resource["logical-id"] == "WorkerQueue");
    assert_eq!(
        queue.map(|resource| &resource["properties"]).collect::<Vec<_>>(),
        [&json!([{ "path": "/VisibilityTimeout", "expected": 30, "actual": 77 }])]
    );

    project.phalanx("deploy --local").succeeds();
    insta::assert_snapshot!(project.phalanx("drift --local").exits(2).error(), @r#"
    error: nothing can drift in the local cloud: its resources exist by name only

    hint: leave out `--local` to look at the stack in AWS
    "#);
}

#[test]
fn a_detection_that_takes_its_time_or_cannot_look_at_everything() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let server = Scripted::before(&account);
    let state = |state: &str, more: &str| {
        Answer::result(format!("<DetectionStatus>{state}</DetectionStatus>{more}"))
    };
    let (slow, done) = (state("DETECTION_IN_PROGRESS", ""), state("DETECTION_COMPLETE", ""));
    server.script("DescribeStackDriftDetectionStatus", [slow.clone(), slow, done]);
    server.phalanx(&project, "drift --exit-code").succeeds();
    assert_eq!(server.counts()["DescribeStackDriftDetectionStatus"], 3);

    let reason = "<DetectionStatusReason>not allowed to read Hello</DetectionStatusReason>";
    server.script("DescribeStackDriftDetectionStatus", [state("DETECTION_FAILED", reason)]);
    let partly = server.phalanx(&project, "drift --exit-code").exits(1);
    assert_eq!(
        partly.stderr,
        "warning: not everything could be compared: not allowed to read Hello\n"
    );
    let json = server.phalanx(&project, "drift --output json").succeeds().json();
    assert_eq!(json["incomplete"], "not allowed to read Hello");

    let denied = Answer::error(403, "AccessDenied", "not authorized");
    server.script("DetectStackDrift", [denied]);
    let error = server.phalanx(&project, "drift").exits(1).error().to_owned();
    assert!(error.contains("`cloudformation:DetectStackDrift`"), "{error}");
}
