//! Deployments to the AWS APIs, of a server on loopback.

/// Packages on their way to the bucket, and the bucket.
mod artifacts;
/// Buckets that the manifest names.
mod buckets;
/// Stacks on which something works already.
mod busy;
/// How many calls a command makes.
mod calls;
/// Change sets that were never executed, or are refused.
mod change_sets;
/// Functions that get their code without their stack.
mod code_only;
/// Credentials that are expired, refused or missing.
mod credentials;
/// What was changed behind a stack's back.
mod drift;
/// Every fault of every call that a service's life makes.
mod faults;
/// What garbage collection removes, and what it leaves.
mod gc;
/// What `[deploy]` says of a stack.
mod guards;
/// Deployments that are remembered, and brought back.
mod history;
/// The page of permissions.
mod iam;
/// Ctrl-C while CloudFormation works on the stack.
mod interrupts;
/// Functions called.
mod invoke;
/// The binary killed at many moments, and run again.
mod kills;
/// A service's life, for tests that disturb it.
mod life;
/// What functions log.
mod logs;
/// A stack within a stack.
mod nested;
/// Faults of the calls that operate a service.
mod operation_faults;
/// Outputs and states for others to read.
mod outputs;
/// What a plan says, and who says it.
mod plan;
/// Accounts, regions and credentials that will not do.
mod refusals;
/// The page of states.
mod rules;
/// What the framework that Phalanx follows did wrong.
mod sparta;
/// Every state that a stack can be in.
mod states;
/// A stack from its creation to its deletion.
mod story;
/// A service whose stack comes into any state.
mod thing;

use std::time::SystemTime;

use crate::support::{Account, Phalanx, Project, change};

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

/// A function in bash.
const BOOTSTRAP: &str = include_str!("../deploys/fixtures/bootstrap");

/// Makes the creation or update of the queue fail.
const BROKEN: &str = "RedrivePolicy = { x = 1 }";

fn orders() -> Project {
    Project::new(ORDERS).script("app/bootstrap", "#!/bin/sh\necho hello\n")
}

/// A service whose function does what its event says: answers with it, fails or crashes.
fn talking() -> Project {
    Project::new(ORDERS).script("app/bootstrap", BOOTSTRAP)
}

/// The keys of all objects in the account's bucket of artifacts.
fn objects(account: &Account) -> Vec<String> {
    let bucket = format!("/phalanx-artifacts-{}-eu-central-1?list-type=2", account.id);
    elements(&account.wire("s3", "GET", &bucket, ""), "Key")
}

/// The keys of the account's packages.
fn packages(account: &Account) -> Vec<String> {
    let mut keys = objects(account);
    keys.retain(|key| key.starts_with("artifacts/"));
    keys
}

/// The binary at a time when all that has been stored till now is two hours old.
fn later(run: Phalanx) -> Phalanx {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    run.env("SOURCE_DATE_EPOCH", (now + 7_200).to_string())
}

/// The names of the account's stacks, deleted ones left out.
fn stacks(account: &Account) -> Vec<String> {
    elements(&cloudformation(account, "DescribeStacks", ""), "StackName")
}

/// The status of the one stack that the account has.
fn status(account: &Account) -> String {
    let described = cloudformation(account, "DescribeStacks", "");
    let [status] = &elements(&described, "StackStatus")[..] else { panic!("{described}") };
    status.clone()
}

/// The change sets of a stack that were not executed.
fn open_change_sets(account: &Account, stack: &str) -> Vec<String> {
    let listed = cloudformation(account, "ListChangeSets", &format!("&StackName={stack}"));
    elements(&listed, "ExecutionStatus")
        .into_iter()
        .filter(|one| one != "EXECUTE_COMPLETE")
        .collect()
}

/// One call of CloudFormation's query protocol; `more` is what else it says, such as `&StackName=x`.
fn cloudformation(account: &Account, action: &str, more: &str) -> String {
    let body = format!("Action={action}&Version=2010-05-15{more}");
    account.wire("cloudformation", "POST", "/", &body)
}

/// The texts of all XML elements of this name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let after = xml.split(&open).skip(1);
    after.map(|text| text.split(&close).next().unwrap().to_owned()).collect()
}
