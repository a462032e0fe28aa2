//! A stack from its creation to its deletion: each kind of change is planned, told and done.

use serde_json::{Value, json};

use super::{QUEUE_URL, change, orders, statuses};
use crate::support::{Project, guests};

fn plan(project: &Project) -> Value {
    project.phalanx("plan --local --output json").succeeds().json()
}

/// The changes of a plan: `action logical id`.
fn actions(plan: &Value) -> Vec<String> {
    let changes = plan["resources"].as_array().unwrap_or_else(|| panic!("{plan:#}"));
    let line = |change: &Value| {
        let text = |key: &str| change[key].as_str().unwrap().to_owned();
        format!("{} {}", text("action"), text("logical-id"))
    };
    changes.iter().map(line).collect()
}

#[test]
fn each_change_from_creation_to_deletion() {
    let project = orders();

    let created = project.phalanx("deploy --local --events").succeeds();
    insta::assert_snapshot!(created.stdout, @r"
    created stack orders-dev
    QueueUrl = https://sqs.eu-central-1.amazonaws.com/000000000000/orders-dev-WorkerQueue-EUQLGGVEZTCND
    ");
    let told = statuses(&created);
    assert_eq!(told.first().unwrap(), "orders-dev CREATE_IN_PROGRESS");
    assert_eq!(told.last().unwrap(), "orders-dev CREATE_COMPLETE");
    for id in ["Hello", "HelloRole", "HelloLogGroup", "WorkerQueue"] {
        assert!(told.contains(&format!("{id} CREATE_COMPLETE")), "{told:?}");
    }

    // Nothing changed.
    project.phalanx("plan --local --exit-code").succeeds();
    let same = project.phalanx("deploy --local --output json").succeeds().json();
    assert_eq!(same["change"], "unchanged");
    assert_eq!(same["outputs"], json!({ "QueueUrl": QUEUE_URL }));

    // The code alone.
    project.write("app/bootstrap", super::BOOTSTRAP.replace("about to", "going to"));
    project.phalanx("plan --local --exit-code").exits(4);
    let code = plan(&project);
    assert_eq!(actions(&code), ["modify Hello"]);
    assert_eq!(code["resources"][0]["code"], true);
    let shown = project.phalanx("plan --local").succeeds().stdout;
    assert!(shown.contains("~ Hello  AWS::Lambda::Function  (code)"), "{shown}");
    let code = project.phalanx("deploy --local --events").succeeds();
    assert_eq!(
        statuses(&code),
        [
            "orders-dev UPDATE_IN_PROGRESS",
            "Hello UPDATE_IN_PROGRESS",
            "Hello UPDATE_COMPLETE",
            "orders-dev UPDATE_COMPLETE"
        ]
    );

    // A property.
    change(
        &project,
        "\"AWS::SQS::Queue\"",
        "\"AWS::SQS::Queue\"\nProperties = { VisibilityTimeout = 60 }",
    );
    let property = plan(&project);
    assert_eq!(actions(&property), ["modify WorkerQueue"]);
    assert_eq!(property["resources"][0]["code"], false);
    assert!(
        project.phalanx("deploy --local").succeeds().stdout.contains(QUEUE_URL),
        "the same queue"
    );

    // A replacement destroys data: nobody can be asked here, so it is refused.
    change(&project, "VisibilityTimeout = 60", "QueueName = \"mine\"");
    let replacement = plan(&project);
    assert_eq!(actions(&replacement), ["modify Hello", "replace WorkerQueue"]);
    assert_eq!(replacement["resources"][1]["destructive"], true);
    let before = project.phalanx("status --local --output json").succeeds().json();
    let refused = project.phalanx("deploy --local").exits(1).says("LOSES DATA");
    insta::assert_snapshot!(refused.error(), @r"
    error: the plan destroys what `WorkerQueue` holds, and nobody is there to confirm it; nothing was changed

    hint: if that is meant, run the command again with `--allow-destructive`
    hint: `DeletionPolicy` and `UpdateReplacePolicy` with the value `Retain` keep a resource that is removed or replaced
    ");
    assert_eq!(project.phalanx("status --local --output json").succeeds().json(), before);
    let replaced = project.phalanx("deploy --local --yes --events").succeeds();
    assert!(replaced.stdout.contains("000000000000/mine"), "another queue: {}", replaced.stdout);
    assert!(statuses(&replaced).contains(&"WorkerQueue DELETE_COMPLETE".to_owned()));

    // A removal.
    change(&project, "QUEUE_URL = \"${WorkerQueue}\", ", "");
    change(&project, "[outputs.QueueUrl]\nValue = \"${WorkerQueue}\"", "");
    change(
        &project,
        "[resources.WorkerQueue]\nType = \"AWS::SQS::Queue\"\nProperties = { QueueName = \"mine\" }",
        "",
    );
    assert_eq!(actions(&plan(&project)), ["modify Hello", "remove WorkerQueue"]);
    project.phalanx("deploy --local").exits(1).says("`WorkerQueue`");
    let removed = project.phalanx("deploy --local --yes --output json").succeeds().json();
    assert_eq!(removed["change"], "updated");
    assert_eq!(removed["outputs"], json!({}));
    let status = project.phalanx("status --local --output json").succeeds().json();
    let ids: Vec<&str> = status["stack"]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["logical-id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["Hello", "HelloLogGroup", "HelloRole"]);

    // The end.
    let deleted = project.phalanx("delete --local --events").succeeds();
    assert_eq!(deleted.stdout, "deleted stack orders-dev\n");
    assert_eq!(statuses(&deleted).last().unwrap(), "orders-dev DELETE_COMPLETE");
    let again = project.phalanx("delete --local").succeeds();
    assert_eq!(again.stdout, "there is no stack orders-dev; nothing to delete\n");
    for command in ["status", "outputs", "invoke hello"] {
        let error = project.phalanx(&format!("{command} --local")).finish();
        assert_ne!(error.code, Some(0), "{}", error.scene());
        assert!(error.error().contains("there is no stack `orders-dev`"), "{}", error.scene());
    }
    let anew = project.phalanx("deploy --local --output json").succeeds().json();
    assert_eq!(anew["change"], "created");
}

#[test]
fn outputs_one_all_and_none() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let one = project.phalanx("outputs QueueUrl --local").succeeds();
    assert_eq!(one.stdout, format!("{QUEUE_URL}\n"));
    let all = project.phalanx("outputs --local --output json").succeeds();
    assert_eq!(all.json(), json!({ "QueueUrl": QUEUE_URL }));
    let unknown = project.phalanx("outputs QueueURL --local").exits(2);
    insta::assert_snapshot!(unknown.error(), @r"
    error: stack `orders-dev` has no output `QueueURL`

    hint: did you mean `QueueUrl`?
    ");
}

#[test]
fn post_provision_runs_also_when_nothing_changed() {
    let project = orders().file("recorder.wasm", guests::component("recorder"));
    let manifest = project.read("phalanx.toml");
    let plugin = "\n[plugins.rec]\nsource = \"file:recorder.wasm\"\nconfig = { label = \"rec\" }\n";
    project.write("phalanx.toml", manifest + plugin);
    project.phalanx("deploy --local").succeeds().says("rec: created true, unchanged false");
    let second = project.phalanx("deploy --local").succeeds();
    assert!(second.stdout.starts_with("no changes to stack orders-dev\n"), "{}", second.scene());
    let second = second.says("rec: created false, unchanged true");
    second.says(&format!("rec: output QueueUrl = {QUEUE_URL}")).says("rec ran post-provision");
    // Of a deletion, a plugin hears before and after; of a deletion of nothing, it does not.
    project
        .phalanx("delete --local")
        .succeeds()
        .says("rec ran pre-delete")
        .says("rec ran post-delete");
    let nothing = project.phalanx("delete --local").succeeds();
    assert!(!nothing.stderr.contains("rec ran"), "{}", nothing.scene());
}

#[test]
fn a_dry_run_changes_nothing() {
    let project = orders();
    let dry = project.phalanx("deploy --local --dry-run").succeeds();
    assert!(dry.stdout.ends_with("dry run: nothing was changed\n"), "{}", dry.stdout);
    assert!(dry.stdout.contains("+ Hello "), "{}", dry.stdout);
    assert!(!project.has(".phalanx/local"), "{}", dry.scene());
    project.phalanx("status --local").exits(1).says("there is no stack");
}
