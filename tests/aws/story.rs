//! A stack from its creation to its deletion, through every kind of ending.

use serde_json::json;

use super::{BROKEN, ORDERS, change, objects, orders, packages, stacks};
use crate::support::{Account, Project};

#[test]
fn each_change_from_creation_to_deletion() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let run = |words: &str| account.phalanx(&project, words);

    let created = run("deploy --output json").succeeds().json();
    assert_eq!(created["change"], "created");
    let url = created["outputs"]["QueueUrl"].as_str().unwrap().to_owned();
    assert!(url.contains(&account.id), "{url}");
    let function = account.ask("lambda", "get_function(FunctionName='orders-dev-hello')");
    assert_eq!(
        function["Configuration"]["Environment"]["Variables"],
        json!({ "QUEUE_URL": url }),
        "the function is really there"
    );
    assert_eq!(packages(&account).len(), 1, "one package");

    // Nothing changed: nothing is stored, and no change set is left.
    run("plan --exit-code").succeeds();
    let same = run("deploy").succeeds().says("nothing to store");
    assert_eq!(same.stdout, format!("no changes to stack orders-dev\nQueueUrl = {url}\n"));
    let sets = account.ask("cloudformation", "list_change_sets(StackName='orders-dev')");
    let failed = sets["Summaries"].as_array().unwrap().iter();
    assert_eq!(failed.filter(|set| set["Status"] == "FAILED").count(), 0, "{sets:#}");

    // The code alone.
    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    let plan = run("plan --output json").succeeds().json();
    assert_eq!(plan["resources"][0]["code"], true);
    assert_eq!(run("deploy --output json").succeeds().json()["change"], "updated");
    assert_eq!(packages(&account).len(), 2, "another package");

    // An update that fails is undone, and the error is its first cause.
    change(&project, "VisibilityTimeout = 30", BROKEN);
    let failed = run("deploy").exits(1);
    let error = failed.error();
    assert!(
        error.starts_with("error: update of stack `orders-dev` failed at `WorkerQueue` (AWS::SQS::Queue): Invalid value for the parameter RedrivePolicy."),
        "{error}"
    );
    assert!(error.contains("the stack is UPDATE_ROLLBACK_COMPLETE"), "{error}");
    change(&project, BROKEN, "VisibilityTimeout = 60");
    assert_eq!(run("deploy --output json").succeeds().json()["change"], "updated");
    let queue = account.ask(
        "sqs",
        &format!("get_queue_attributes(QueueUrl='{url}', AttributeNames=['VisibilityTimeout'])"),
    );
    assert_eq!(queue["Attributes"]["VisibilityTimeout"], "60");

    let status = run("status --output json").succeeds().json();
    assert_eq!(status["stack"]["status"], "UPDATE_COMPLETE");
    assert_eq!(run("outputs QueueUrl").succeeds().stdout, format!("{url}\n"));

    assert_eq!(run("delete").succeeds().stdout, "deleted stack orders-dev\n");
    assert_eq!(stacks(&account), Vec::<String>::new());
    run("status").exits(1).says("there is no stack `orders-dev` in the `aws` cloud");
    run("delete").succeeds();
}

#[test]
fn a_failed_creation_is_made_anew() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    change(&project, "VisibilityTimeout = 30", BROKEN);
    let failed = account.phalanx(&project, "deploy").exits(1);
    assert!(failed.error().contains("creation of stack `orders-dev` failed at `WorkerQueue`"));
    change(&project, BROKEN, "VisibilityTimeout = 30");
    let plan = account.phalanx(&project, "plan --output json").succeeds().json();
    assert_eq!(plan["new-stack"], true, "nothing of it is left to compare with");
    let again = account.phalanx(&project, "deploy").succeeds();
    assert!(again.stdout.starts_with("created stack orders-dev\n"), "{}", again.stdout);
    again.says("stack orders-dev is ROLLBACK_COMPLETE: its creation failed");
}

#[test]
fn a_template_that_is_too_large_for_the_call_goes_through_s3() {
    let Some(account) = Account::new() else { return };
    let queues = (0..200).map(|number| {
        format!(
            "[resources.Queue{number}]\nType = \"AWS::SQS::Queue\"\nProperties = {{ Tags = [{{ Key = \"long\", Value = \"{}\" }}] }}\n",
            "x".repeat(250)
        )
    });
    let manifest = ORDERS.replace("[outputs", &(queues.collect::<String>() + "[outputs"));
    let project = Project::new(&manifest).script("app/bootstrap", "#!/bin/sh\n");
    account.phalanx(&project, "deploy").succeeds();
    let templates = objects(&account);
    assert_eq!(templates.iter().filter(|key| key.starts_with("templates/")).count(), 1);
    account.phalanx(&project, "plan --exit-code").succeeds();
    account.phalanx(&project, "delete").succeeds();
}

#[test]
fn the_artifact_bucket_is_private_and_made_once() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    let policy = account.ask("s3", &format!("get_bucket_policy(Bucket='{bucket}')"));
    assert!(policy["Policy"].as_str().unwrap().contains("aws:SecureTransport"), "{policy}");
    let block = account.ask("s3", &format!("get_public_access_block(Bucket='{bucket}')"));
    let block = block["PublicAccessBlockConfiguration"].as_object().unwrap();
    assert_eq!(block.values().filter(|value| **value == true).count(), 4, "{block:?}");
    change(&project, "\"orders\"", "\"other\"");
    account.phalanx(&project, "deploy").succeeds().says("0 stored, 1 already there");
    let buckets = account.ask("s3", "list_buckets()");
    let own = buckets["Buckets"].as_array().unwrap().iter();
    assert_eq!(own.filter(|one| one["Name"] == *bucket).count(), 1);
}
