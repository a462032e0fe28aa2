use phalanx_plugin::testing::Host;

use super::*;

/// `severity rule pointer: message`, a line each.
fn findings(resources: impl Into<Value>, config: Value) -> Vec<String> {
    let mut host = Host::with_template(json!({ "Resources": resources.into() })).config(config);
    let findings = host.run(Guardrails::validate).unwrap();
    assert!(findings.iter().all(|finding| finding.hint.is_some()));
    findings
        .iter()
        .map(|f| format!("{:?} {} {}: {}", f.severity, f.rule, f.at, f.message))
        .collect()
}

fn role(statement: &Value) -> Value {
    json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [
        { "PolicyName": "p", "PolicyDocument": { "Statement": [statement] } },
    ] } } })
}

#[test]
fn wide_statements_are_found_by_pointer() {
    let statement = json!({ "Effect": "Allow", "Action": ["s3:*", "s3:Get*"], "Resource": "*" });
    assert_eq!(
        findings(role(&statement), json!({})),
        [
            "Error wildcard-action \
             /Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Action: `Role` allows \
             the action `s3:*`",
            "Warning wildcard-resource \
             /Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource: `Role` \
             allows actions on all resources",
        ]
    );
}

#[test]
fn a_statement_inside_a_condition_is_found_too() {
    let statement = json!({ "Fn::If": ["C", { "Effect": "Allow", "Action": "*" }, {}] });
    assert_eq!(findings(role(&statement), json!({})).len(), 1);
    let statement = json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:x" });
    assert_eq!(findings(role(&statement), json!({})).len(), 1);
}

#[test]
fn narrow_and_denying_statements_pass() {
    for statement in [
        json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": { "Ref": "Q" } }),
        json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }),
        json!({ "Effect": "Allow", "Action": ["xray:PutTraceSegments"], "Resource": "*" }),
    ] {
        assert_eq!(findings(role(&statement), json!({})), [""; 0], "{statement}");
    }
}

fn bucket(properties: &Value) -> Value {
    json!({ "B": {
        "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": properties,
    } })
}

#[test]
fn public_buckets_are_errors() {
    assert_eq!(findings(bucket(&json!({})), json!({})), [""; 0]);
    assert_eq!(
        findings(bucket(&json!({ "AccessControl": "PublicRead" })), json!({})),
        ["Error public-bucket /Resources/B/Properties/AccessControl: bucket `B` has the ACL \
          `PublicRead`"]
    );
    let open = json!({ "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": false, "BlockPublicPolicy": true,
    } });
    assert_eq!(
        findings(bucket(&open), json!({})),
        ["Error public-bucket \
          /Resources/B/Properties/PublicAccessBlockConfiguration/BlockPublicAcls: bucket `B` \
          switches `BlockPublicAcls` off"]
    );
}

#[test]
fn a_policy_for_everybody_needs_a_condition() {
    let policy = |statement: Value| {
        json!({ "P": { "Type": "AWS::S3::BucketPolicy", "Properties": {
            "PolicyDocument": { "Statement": statement },
        } } })
    };
    for principal in [json!("*"), json!({ "AWS": "*" }), json!({ "AWS": ["*"] })] {
        let open = json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject" });
        assert_eq!(findings(policy(open.clone()), json!({})).len(), 1, "{open}");
        let mut narrowed = open;
        narrowed["Condition"] = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } });
        assert_eq!(findings(policy(narrowed), json!({})).len(), 0);
    }
}

#[test]
fn queues_log_groups_and_data_must_be_spelled_out() {
    let silent = json!({
        "Queue": { "Type": "AWS::SQS::Queue" },
        "Logs": { "Type": "AWS::Logs::LogGroup" },
    });
    assert_eq!(
        findings(silent, json!({})),
        [
            "Warning unencrypted-queue /Resources/Queue/Properties/SqsManagedSseEnabled: queue \
             `Queue` does not say how it is encrypted",
            "Warning missing-deletion-policy /Resources/Queue/DeletionPolicy: `Queue` \
             (AWS::SQS::Queue) holds data and has no `DeletionPolicy`",
            "Warning missing-log-retention /Resources/Logs/Properties/RetentionInDays: log group \
             `Logs` keeps its logs for ever",
        ]
    );
    let spoken = json!({
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Delete",
            "Properties": { "SqsManagedSseEnabled": true },
        },
        "Logs": { "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": 30 } },
    });
    assert_eq!(findings(spoken, json!({})), [""; 0]);
}

#[test]
fn an_unencrypted_queue_is_an_error() {
    let queue = json!({ "Queue": {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "Delete",
        "Properties": { "SqsManagedSseEnabled": false },
    } });
    assert_eq!(
        findings(queue, json!({})),
        [
            "Error unencrypted-queue /Resources/Queue/Properties/SqsManagedSseEnabled: queue `Queue` \
          switches its encryption off"
        ]
    );
}

#[test]
fn a_rule_is_switched_off_or_made_an_error_by_name() {
    let logs = json!({ "Logs": { "Type": "AWS::Logs::LogGroup" } });
    let rules = |level| json!({ "rules": { "missing-log-retention": level } });
    assert_eq!(findings(logs.clone(), rules("off")), [""; 0]);
    assert!(findings(logs, rules("error"))[0].starts_with("Error missing-log-retention "));
}
