//! Deployments are remembered, and earlier builds are brought back.

use serde_json::{Value, json};

use super::{BROKEN, change, orders, packages};
use crate::support::{Account, Finished, Project};

fn history(account: &Account, project: &Project) -> Vec<Value> {
    let answer = account.phalanx(project, "history --output json").succeeds().json();
    assert_eq!(answer["stack"], "orders-dev");
    answer["deployments"].as_array().unwrap().clone()
}

/// `change build`, and which is live.
fn told(deployments: &[Value]) -> Vec<String> {
    let line = |one: &Value| {
        let live = if one["live"] == true { " live" } else { "" };
        format!(
            "{} {}{live}",
            one["change"].as_str().unwrap(),
            short(one["build-id"].as_str().unwrap())
        )
    };
    deployments.iter().map(line).collect()
}

fn short(build: &str) -> &str {
    &build[..12]
}

fn build_of(run: &Finished) -> String {
    run.json()["build-id"].as_str().unwrap().to_owned()
}

/// What Lambda runs, and CloudFormation's own view of the stack's template.
fn deployed(account: &Account) -> (Value, Value) {
    let function = account.ask("lambda", "get_function(FunctionName='orders-dev-hello')");
    let template = account.ask("cloudformation", "get_template(StackName='orders-dev')");
    (function["Configuration"]["CodeSha256"].clone(), template["TemplateBody"].clone())
}

#[test]
fn every_deployment_is_remembered_and_can_be_brought_back() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let run = |words: &str| account.phalanx(&project, words);
    run("history").exits(1).says("there is no stack `orders-dev` in the `aws` cloud");
    run("rollback").exits(1).says("there is no stack `orders-dev` in the `aws` cloud");

    let first = build_of(&run("deploy --output json").succeeds());
    let as_first = deployed(&account);
    insta::assert_snapshot!(run("rollback").exits(2).error(), @r"
    error: the history of stack `orders-dev` has no build before the live one

    hint: `phalanx history` shows the builds that can be brought back
    ");

    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    change(&project, "VisibilityTimeout = 30", "VisibilityTimeout = 60");
    let second = build_of(&run("deploy --output json").succeeds());
    let as_second = deployed(&account);
    assert_ne!(as_first.0, as_second.0);
    // What changes nothing, or fails, is no deployment.
    run("deploy").succeeds();
    change(&project, "VisibilityTimeout = 60", BROKEN);
    run("deploy").exits(1);
    change(&project, BROKEN, "VisibilityTimeout = 60");
    let deployments = history(&account, &project);
    assert_eq!(
        told(&deployments),
        [format!("updated {} live", short(&second)), format!("created {}", short(&first))]
    );
    let by = deployments[0]["by"].as_str().unwrap();
    assert!(by.starts_with("arn:aws:") && by.contains(&account.id), "{by}");
    assert_eq!(deployments[0]["account"], json!(account.id));
    assert_eq!(
        run("history --limit 1 --output json").succeeds().json()["deployments"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // Shown, and not done.
    let dry = run("rollback --dry-run --output json").succeeds().json();
    assert_eq!(dry["build-id"], json!(first));
    assert_eq!(dry["plan"]["resources"].as_array().unwrap().len(), 2, "{dry:#}");
    assert_eq!(deployed(&account), as_second);

    let back = run("rollback --output json").succeeds().json();
    assert_eq!((&back["change"], &back["build-id"]), (&json!("updated"), &json!(first)));
    assert_eq!(deployed(&account), as_first);
    let queue = account.ask(
        "sqs",
        &format!(
            "get_queue_attributes(QueueUrl='{}', AttributeNames=['VisibilityTimeout'])",
            back["outputs"]["QueueUrl"].as_str().unwrap()
        ),
    );
    assert_eq!(queue["Attributes"]["VisibilityTimeout"], "30");
    assert_eq!(
        told(&history(&account, &project))[0],
        format!("rolled-back {} live", short(&first))
    );

    // By the beginning of an id, and back once more.
    run(&format!("rollback --to {}", &second[..8])).succeeds();
    assert_eq!(deployed(&account), as_second);
    assert_eq!(
        told(&history(&account, &project)),
        [
            format!("rolled-back {} live", short(&second)),
            format!("rolled-back {}", short(&first)),
            format!("updated {}", short(&second)),
            format!("created {}", short(&first)),
        ]
    );
    // It is what the working copy has, too.
    run("plan --exit-code").succeeds();

    let live = run(&format!("rollback --to {second}")).exits(2);
    assert!(live.error().contains("is what stack `orders-dev` runs already"), "{}", live.error());
    let unknown = format!("{}ffff", &first[..4]);
    let unknown = run(&format!("rollback --to {unknown}")).exits(2);
    assert!(
        unknown.error().contains(&format!("its builds are {}, {}", short(&second), short(&first))),
        "{}",
        unknown.error()
    );
    insta::assert_snapshot!(run("rollback --to v1.2.3").exits(2).error(), @r"
    error: `v1.2.3` is not the id of a build

    hint: give at least 4 digits of an id that `phalanx history` shows
    ");
}

#[test]
fn a_build_whose_code_is_gone_is_refused_before_anything_is_changed() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let package = packages(&account).remove(0);
    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    account.phalanx(&project, "deploy").succeeds();
    let before = deployed(&account);
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    account.ask("s3", &format!("delete_object(Bucket='{bucket}', Key='{package}')"));
    let error = account.phalanx(&project, "rollback").exits(1);
    let error = error.error();
    assert!(
        error.contains("cannot be brought back: 1 package of it is no longer stored"),
        "{error}"
    );
    assert!(error.contains(&format!("  `Hello`: {package} in {bucket}")), "{error}");
    assert!(error.contains("hint: `phalanx gc` removes"), "{error}");
    assert_eq!(deployed(&account), before);
}

#[test]
fn a_rollback_that_destroys_data_is_not_done_unasked() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let more = "[resources.More]\nType = \"AWS::SQS::Queue\"\n\n[outputs.QueueUrl]";
    change(&project, "[outputs.QueueUrl]", more);
    account.phalanx(&project, "deploy").succeeds();
    let refused = account.phalanx(&project, "rollback").exits(1);
    assert!(refused.error().contains("the plan destroys what `More` holds"), "{}", refused.error());
    account.phalanx(&project, "rollback --yes").succeeds();
    let resources = account.ask("cloudformation", "list_stack_resources(StackName='orders-dev')");
    let resources = resources["StackResourceSummaries"].as_array().unwrap().iter();
    assert!(resources.clone().any(|one| one["LogicalResourceId"] == "WorkerQueue"));
    assert!(!resources.clone().any(|one| one["LogicalResourceId"] == "More"));
}

#[test]
fn values_that_are_hidden_are_not_remembered() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let parameters = "[parameters.Secret]\nType = \"String\"\nNoEcho = true\nDefault = \"hushhush\"\n\n[parameters.Size]\nType = \"String\"\nDefault = \"7\"\n\n[outputs.QueueUrl]";
    change(&project, "[outputs.QueueUrl]", parameters);
    change(
        &project,
        "\"${WorkerQueue}\" }",
        "\"${WorkerQueue}\", SECRET = \"${Secret}\", SIZE = \"${Size}\" }",
    );
    account.phalanx(&project, "deploy").succeeds();
    let deployments = history(&account, &project);
    assert_eq!(deployments[0]["parameters"], json!({ "Size": "7" }));
    // A rollback leaves such a value as the stack has it.
    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    account.phalanx(&project, "deploy").succeeds();
    account.phalanx(&project, "rollback").succeeds();
}

#[test]
fn what_a_killed_run_could_not_remember_is_remembered_by_the_next() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let forget = || {
        let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
        for key in super::objects(&account).iter().filter(|key| key.starts_with("deployments/")) {
            account.ask("s3", &format!("delete_object(Bucket='{bucket}', Key='{key}')"));
        }
    };
    forget();
    assert_eq!(told(&history(&account, &project)).len(), 1, "what is live is there to see");
    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    account.phalanx(&project, "deploy").succeeds();
    let deployments = history(&account, &project);
    assert_eq!(deployments.len(), 2, "{deployments:#?}");
    assert_eq!(deployments[1]["by"], Value::Null, "nobody knows who that was");
    account.phalanx(&project, "rollback").succeeds();
}

#[test]
fn code_that_was_deployed_alone_is_taken_back() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let before = deployed(&account);
    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    account.phalanx(&project, "deploy --code-only").succeeds();
    assert_ne!(deployed(&account).0, before.0);
    let shown = account.phalanx(&project, "history").succeeds().stdout;
    assert!(shown.contains("\nbehind: Hello runs the code of build "), "{shown}");
    account.phalanx(&project, "rollback").succeeds();
    assert_eq!(deployed(&account), before);
    let answer = account.phalanx(&project, "history --output json").succeeds().json();
    assert_eq!(answer["behind"], Value::Null);
    assert_eq!(answer["deployments"].as_array().unwrap().len(), 1, "{answer:#}");
    account.phalanx(&project, "rollback").exits(2).says("no build before the live one");
}
