//! The role of a function: only what the function was seen to need.
//!
//! It may write to its own log group, read its own event sources, send to its own dead-letter target
//! and do what its `permissions` say. Actions that AWS does not let one limit to a resource
//! (network interfaces, trace segments) are there only when the function asks for the feature.

use serde_json::{Value, json};

use super::function::log_group_id;
use super::sub::Scope;
use super::{Generated, attribute};
use crate::manifest::{EventSource, Function};
use crate::template::Pointer;

pub(super) fn id(function: &Function) -> String {
    format!("{}Role", function.logical_id)
}

pub(super) fn role(made: &mut Generated, scope: &Scope<'_>, function: &Function) -> Value {
    made.origin(Pointer::of(["Resources", &id(function)]), function, []);
    let statements = statements(made, scope, function);
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "lambda.amazonaws.com" },
                    "Action": "sts:AssumeRole",
                }],
            },
            "Policies": [{
                "PolicyName": function.name,
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": statements,
                },
            }],
        },
    })
}

fn statements(made: &mut Generated, scope: &Scope<'_>, function: &Function) -> Vec<Value> {
    let at = Pointer::of(["Resources", &id(function), "Properties", "Policies", "0"])
        .child("PolicyDocument")
        .child("Statement");
    let logs = attribute(&log_group_id(function), "Arn");
    let mut statements = vec![allow(&["logs:CreateLogStream", "logs:PutLogEvents"], &logs)];
    if function.tracing {
        let actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
        statements.push(allow(&actions, &json!("*")));
    }
    if function.vpc.is_some() {
        statements.push(allow(&NETWORK_INTERFACES, &json!("*")));
    }
    for (index, event) in function.events.iter().enumerate() {
        if let Some(statement) = reading(scope, event) {
            let at = at.child(&statements.len().to_string());
            made.origin(at, function, ["events", &index.to_string()]);
            statements.push(statement);
        }
    }
    if let Some(target) = &function.dead_letter {
        let actions: &[_] = match scope.arn_service(target).as_deref() {
            Some("sqs") => &["sqs:SendMessage"],
            Some("sns") => &["sns:Publish"],
            // A parameter hides which it is. The target is one ARN, so only one of them means anything.
            _ => &["sqs:SendMessage", "sns:Publish"],
        };
        made.origin(at.child(&statements.len().to_string()), function, ["dead-letter"]);
        statements.push(allow(actions, &scope.value(target)));
    }
    for (index, permission) in function.permissions.iter().enumerate() {
        let at = at.child(&statements.len().to_string());
        made.origin(at, function, ["permissions", &index.to_string()]);
        let actions: Vec<_> = permission.actions.iter().map(String::as_str).collect();
        statements.push(allow(&actions, &one_or_many(scope.values(&permission.resources))));
    }
    statements
}

/// What Lambda's poller does in the function's name.
fn reading(scope: &Scope<'_>, event: &EventSource) -> Option<Value> {
    match event {
        EventSource::Queue { arn, .. } => Some(allow(&QUEUE, &scope.value(arn))),
        EventSource::Stream { arn, .. } => {
            let actions = match scope.arn_service(arn).as_deref() {
                Some("dynamodb") => DYNAMODB_STREAM.to_vec(),
                Some("kinesis") => KINESIS_STREAM.to_vec(),
                _ => [DYNAMODB_STREAM.as_slice(), &KINESIS_STREAM].concat(),
            };
            Some(allow(&actions, &scope.value(arn)))
        }
        EventSource::Http { .. }
        | EventSource::Schedule(_)
        | EventSource::Topic(_)
        | EventSource::Pattern { .. }
        | EventSource::Url { .. } => None,
    }
}

fn allow(actions: &[&str], resource: &Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn one_or_many(mut values: Vec<Value>) -> Value {
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}

// The lists below are the minimum of the Lambda developer guide, "execution role" of each feature.

const QUEUE: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

const DYNAMODB_STREAM: [&str; 4] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];

const KINESIS_STREAM: [&str; 5] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

const NETWORK_INTERFACES: [&str; 6] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];
