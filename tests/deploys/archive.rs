//! History, rollback and garbage collection in the local cloud.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{BOOTSTRAP, change, orders, tree};
use crate::support::{Phalanx, Project};

/// Deploys the service with other code and another answer; gives the build's id.
fn deploy(project: &Project, version: usize) -> String {
    project.write("app/bootstrap", format!("{BOOTSTRAP}# {version}\n"));
    let manifest = project.read("phalanx.toml");
    let line = manifest.lines().find(|line| line.starts_with("environment")).unwrap().to_owned();
    let (before, _) = line.split_once("VERSION = ").unwrap();
    change(project, &line, &format!("{before}VERSION = \"{version}\" }}"));
    let answer = project.phalanx("deploy --local --output json").succeeds().json();
    answer["build-id"].as_str().unwrap().to_owned()
}

fn version(project: &Project) -> String {
    let answer = project.phalanx("invoke hello --local").succeeds().json();
    answer["version"].as_str().unwrap().to_owned()
}

/// `change build`, and which is live; newest first.
fn history(project: &Project) -> Vec<String> {
    let answer = project.phalanx("history --local --output json").succeeds().json();
    let line = |one: &Value| {
        let live = if one["live"] == true { " live" } else { "" };
        format!(
            "{} {}{live}",
            one["change"].as_str().unwrap(),
            &one["build-id"].as_str().unwrap()[..12]
        )
    };
    answer["deployments"].as_array().unwrap().iter().map(line).collect()
}

/// The binary at a time when all that has been stored till now is two hours old.
fn later(run: Phalanx) -> Phalanx {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    run.env("SOURCE_DATE_EPOCH", (now + 7_200).to_string())
}

fn gc(project: &Project, words: &str) -> Value {
    later(project.phalanx(&format!("gc --local --output json {words}"))).succeeds().json()
}

/// How many of each kind are among the pieces.
fn kinds(pieces: &Value) -> Vec<(String, usize)> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for piece in pieces.as_array().unwrap() {
        let kind = piece["kind"].as_str().unwrap();
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind.to_owned(), 1)),
        }
    }
    kinds
}

#[test]
fn an_earlier_build_comes_back_with_its_code_and_template() {
    let project = orders();
    project
        .phalanx("history --local")
        .exits(1)
        .says("there is no stack `orders-dev` in the `local` cloud");
    let first = deploy(&project, 1);
    let template = |project: &Project| {
        project.phalanx("status --local --output json").succeeds().json()["stack"]["template"]
            .clone()
    };
    let as_first = template(&project);
    let second = deploy(&project, 2);
    assert_eq!(
        history(&project),
        [format!("updated {} live", &second[..12]), format!("created {}", &first[..12])]
    );
    let shown = project.phalanx("history --local").succeeds().stdout;
    assert_eq!(
        shown,
        format!(
            "      build         when                  change       by\n\
             live  {}  2023-11-14T22:13:20Z  updated      -\n      \
             {}  2023-11-14T22:13:20Z  created      -\n",
            &second[..12],
            &first[..12]
        )
    );

    let dry = project.phalanx("rollback --local --dry-run").succeeds();
    assert!(dry.stdout.contains("~ Hello "), "{}", dry.stdout);
    assert!(dry.stdout.ends_with("dry run: nothing was changed\n"), "{}", dry.stdout);
    assert_eq!(version(&project), "2");

    let back = project.phalanx("rollback --local --output json").succeeds().json();
    assert_eq!(back["build-id"], json!(first));
    assert_eq!((version(&project).as_str(), template(&project)), ("1", as_first));
    project.phalanx(&format!("rollback --local --to {}", &second[..6])).succeeds();
    assert_eq!(version(&project), "2");
    assert_eq!(
        history(&project),
        [
            format!("rolled-back {} live", &second[..12]),
            format!("rolled-back {}", &first[..12]),
            format!("updated {}", &second[..12]),
            format!("created {}", &first[..12]),
        ]
    );
    let live = project.phalanx(&format!("rollback --local --to {second}")).exits(2);
    assert!(live.error().contains("runs already; nothing was changed"), "{}", live.error());
}

#[test]
fn parameters_come_back_and_hidden_ones_stay() {
    let project = orders();
    let parameters = "[parameters.Size]\nType = \"String\"\nDefault = \"30\"\n\n[parameters.Word]\nType = \"String\"\nNoEcho = true\n\n[stages.dev.parameters]\nWord = \"hush\"\n\n[outputs.QueueUrl]";
    change(&project, "[outputs.QueueUrl]", parameters);
    change(&project, "VERSION = \"1\"", "VERSION = \"${Size} ${Word}\"");
    project.phalanx("deploy --local").succeeds();
    change(&project, "Default = \"30\"", "Default = \"60\"");
    project.phalanx("deploy --local").succeeds();
    assert_eq!(version(&project), "60 hush");
    let dry = project.phalanx("rollback --local --dry-run").succeeds().stdout;
    assert!(dry.contains("parameter Size: "), "{dry}");
    project.phalanx("rollback --local").succeeds();
    assert_eq!(version(&project), "30 hush");
    let answer = project.phalanx("history --local --output json").succeeds().json();
    assert_eq!(answer["deployments"][0]["parameters"], json!({ "Size": "30" }));
}

#[test]
fn no_plugin_runs_in_a_rollback() {
    use crate::support::guests;
    let project = orders();
    let first = deploy(&project, 1);
    deploy(&project, 2);
    project.write("recorder.wasm", guests::component("recorder"));
    let plugin = "\n[plugins.rec]\nsource = \"file:recorder.wasm\"\nconfig = { label = \"rec\" }\n";
    project.write("phalanx.toml", project.read("phalanx.toml") + plugin);
    let back = project.phalanx(&format!("rollback --local --to {first}")).succeeds();
    assert!(!back.stderr.contains("rec "), "{}", back.scene());
    assert_eq!(version(&project), "1");
}

#[test]
fn garbage_is_what_no_stack_and_no_kept_deployment_needs() {
    let project = orders();
    let mut builds = Vec::new();
    for number in 1..=4 {
        builds.push(deploy(&project, number));
        assert_eq!(version(&project), number.to_string(), "it is unpacked");
    }
    change(&project, "\"orders\"", "\"other\"");
    project.phalanx("deploy --local").succeeds();
    change(&project, "\"other\"", "\"orders\"");
    let before = tree(&project, ".phalanx");

    // All of it is young.
    let young = project.phalanx("gc --local --keep 1 --output json").succeeds().json();
    assert_eq!(young["removed"], json!([]), "{young:#}");
    assert_eq!(kinds(&gc(&project, "")["removed"]), [], "ten deployments are kept");
    let dry = gc(&project, "--keep 2 --dry-run");
    assert_eq!(tree(&project, ".phalanx"), before, "a dry run removes nothing");
    let gone = gc(&project, "--keep 2");
    assert_eq!(gone["removed"], dry["removed"]);
    let two = |kind: &str| (kind.to_owned(), 2);
    assert_eq!(kinds(&gone["removed"]), [two("package"), two("record"), two("unpacked")]);
    assert_eq!(gc(&project, "--keep 2")["removed"], json!([]), "the second time there is nothing");
    assert_eq!(history(&project).len(), 2);
    assert_eq!(version(&project), "4");

    // What is kept can be gone back to, and after that there is more to go back to.
    project.phalanx("rollback --local").succeeds();
    assert_eq!(version(&project), "3");
    let lost = project.phalanx(&format!("rollback --local --to {}", &builds[0])).exits(2);
    assert!(lost.error().contains("has no build"), "{}", lost.error());
    gc(&project, "--keep 0");
    assert_eq!(version(&project), "3");
    deploy(&project, 5);
    assert_eq!(version(&project), "5");

    project.phalanx("delete --local").succeeds();
    let gone = gc(&project, "");
    assert!(kinds(&gone["removed"]).contains(&("history".to_owned(), 1)), "{gone:#}");
    change(&project, "\"orders\"", "\"other\"");
    assert_eq!(version(&project), "4", "the other stack has what it needs");
}

#[test]
fn a_stack_at_work_is_not_cleaned_up() {
    let project = orders();
    deploy(&project, 1);
    deploy(&project, 2);
    let hold = project.root().join(".phalanx/local/locks/eu-central-1/orders-dev/lock");
    let held = std::fs::File::open(hold).unwrap();
    held.lock().unwrap();
    let busy = later(project.phalanx("gc --local --keep 1")).exits(1);
    assert!(
        busy.error().contains("stack `orders-dev` is being changed by another run"),
        "{}",
        busy.error()
    );
    held.unlock().unwrap();
    assert_eq!(kinds(&gc(&project, "--keep 1")["removed"]).len(), 2);
}
