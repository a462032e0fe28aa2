//! The role of a function: only what the function was seen to need.
//!
//! It may write to its own log group, read its own event sources, send to its own dead-letter target
//! and do what its `permissions` say. Actions that AWS does not let one limit to a resource
//! (network interfaces, trace segments) are there only when the function asks for the feature.

use serde_json::{Value, json};

use super::function::log_group_id;
use super::sub::Scope;
use super::attribute;
use crate::manifest::{EventSource, Function};

pub(super) fn id(function: &Function) -> String {
    format!("{}Role", function.logical_id)
}

pub(super) fn role(scope: &Scope<'_>, function: &Function) -> Value {
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
                    "Statement": statements(scope, function),
                },
            }],
        },
    })
}

fn statements(scope: &Scope<'_>, function: &Function) -> Vec<Value> {
    let logs = attribute(&log_group_id(function), "Arn");
    let mut statements = vec![allow(&["logs:CreateLogStream", "logs:PutLogEvents"], logs)];
    if function.tracing {
        let actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
        statements.push(allow(&actions, json!("*")));
    }
    if function.vpc.is_some() {
        statements.push(allow(&NETWORK_INTERFACES, json!("*")));
    }
    for event in &function.events {
        statements.extend(reading(scope, event));
    }
    if let Some(target) = &function.dead_letter {
        let actions: &[_] = match scope.arn_service(target).as_deref() {
            Some("sqs") => &["sqs:SendMessage"],
            Some("sns") => &["sns:Publish"],
            // A parameter hides which it is. The target is one ARN, so only one of them means anything.
            _ => &["sqs:SendMessage", "sns:Publish"],
        };
        statements.push(allow(actions, scope.value(target)));
    }
    for permission in &function.permissions {
        let actions: Vec<_> = permission.actions.iter().map(String::as_str).collect();
        statements.push(allow(&actions, one_or_many(scope.values(&permission.resources))));
    }
    statements
}

/// What Lambda's poller does in the function's name.
fn reading(scope: &Scope<'_>, event: &EventSource) -> Option<Value> {
    match event {
        EventSource::Queue { arn, .. } => Some(allow(&QUEUE, scope.value(arn))),
        EventSource::Stream { arn, .. } => {
            let actions = match scope.arn_service(arn).as_deref() {
                Some("dynamodb") => DYNAMODB_STREAM.to_vec(),
                Some("kinesis") => KINESIS_STREAM.to_vec(),
                _ => [DYNAMODB_STREAM.as_slice(), &KINESIS_STREAM].concat(),
            };
            Some(allow(&actions, scope.value(arn)))
        }
        EventSource::Http { .. }
        | EventSource::Schedule(_)
        | EventSource::Topic(_)
        | EventSource::Pattern { .. }
        | EventSource::Url { .. } => None,
    }
}

fn allow(actions: &[&str], resource: Value) -> Value {
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
