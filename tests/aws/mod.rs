//! Deployments to the AWS APIs, of a server on loopback.

/// The binary killed at many moments, and run again.
mod kills;
/// Accounts, regions and credentials that will not do.
mod refusals;
/// A stack from its creation to its deletion.
mod story;

use serde_json::Value;

use crate::support::{Account, Project, change};

const ORDERS: &str = r#"
[service]
name = "orders"
region = "eu-central-1"

[functions.hello]
code = "app/bootstrap"
environment = { QUEUE_URL = "${WorkerQueue}" }

[resources.WorkerQueue]
Type = "AWS::SQS::Queue"
Properties = { VisibilityTimeout = 30 }

[outputs.QueueUrl]
Value = "${WorkerQueue}"
"#;

/// Makes the creation or update of the queue fail.
const BROKEN: &str = "RedrivePolicy = { x = 1 }";

fn orders() -> Project {
    Project::new(ORDERS).script("app/bootstrap", "#!/bin/sh\necho hello\n")
}

/// The keys of all objects in the account's buckets.
fn objects(account: &Account) -> Vec<String> {
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    let listed = account.ask("s3", &format!("list_objects_v2(Bucket='{bucket}')"));
    let objects = listed["Contents"].as_array().into_iter().flatten();
    objects.map(|object| object["Key"].as_str().unwrap().to_owned()).collect()
}

/// The names of the account's stacks, deleted ones left out.
fn stacks(account: &Account) -> Vec<String> {
    let described: Value = account.ask("cloudformation", "describe_stacks()");
    let stacks = described["Stacks"].as_array().unwrap().iter();
    stacks.map(|stack| stack["StackName"].as_str().unwrap().to_owned()).collect()
}
