//! Every command that succeeds, as text and as JSON.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::orders;
use crate::support::{Transcript, words};

#[test]
fn each_command_prints_its_result_and_how_it_got_there() {
    let project = orders();
    let mut session = Transcript::new(&project);
    session.run(4, "plan --local --exit-code");
    session.run(0, "plan --local -v");
    session.run(0, "build");
    session.run(0, "package");
    session.run(0, "deploy --local --dry-run");
    session.run(0, "deploy --local");
    session.run(0, "provision --local");
    session.run(0, "plan --local --exit-code");
    session.run(0, "status --local");
    session.run(0, "outputs --local");
    session.run(0, "outputs QueueUrl --local");
    session.run(0, "explain Queue.Properties.Tags -q");
    session.run(0, "explain Hello.Properties.MemorySize -q");
    session.run(0, "explain /Outputs/QueueUrl -q");
    session.run(0, r#"invoke hello --local -d '{ "name": "Ada" }'"#);
    project
        .write("phalanx.toml", project.read("phalanx.toml").replace("\"orders\" }", "\"shop\" }"));
    session.run(0, "plan --local -q");
    session.run(0, "delete --local");
    session.run(0, "delete --local --yes");
    assert_snapshot!(session.text());
}

#[test]
fn inspect_tells_what_a_plugin_is_and_may_do() {
    let project = orders();
    let shown = project.phalanx("plugin inspect tags").succeeds().stdout;
    // These differ from machine to machine.
    let differ =
        |line: &&str| ["digest", "size", "compiled"].iter().any(|key| line.starts_with(key));
    let lines = shown.lines().filter(|line| !differ(line));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    source        builtin:stack-tags
    name          stack-tags
    version       0.1.0
    hooks         template-decorate
    objects       log, run, template-edit, template-view
    capabilities  none
    wasi          none
    config
      tags (object, required)  Tags for every taggable resource; a value may hold `${…}`.
      overwrite (boolean, default false)  Change the value of a tag that is there already.
    ");
    let wit = project.phalanx("plugin inspect tags --wit").succeeds().stdout;
    for part in [
        "  import phalanx:pipeline/template-edit@1.0.0;\n",
        "  export phalanx:pipeline/template-decorate@1.0.0;\n",
        "    decorate-service: func() -> result<_, failure>;\n",
    ] {
        assert!(wit.contains(part), "{wit}");
    }
}

#[test]
fn json_is_one_document_of_a_known_shape() {
    let project = orders();
    let mut shapes = String::new();
    for line in [
        "init made --template empty",
        "build",
        "package",
        "plan --local",
        "deploy --local",
        "deploy --local --dry-run",
        "status --local",
        "outputs --local",
        "outputs QueueUrl --local",
        "explain Queue.Properties.Tags",
        "invoke hello --local",
        "plugin inspect builtin:stack-tags",
        "doctor",
        "delete --local",
    ] {
        let line = format!("{line} --output json");
        let words = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let result = project.phalanx_with(&words).succeeds().json();
        let shape = serde_json::to_string_pretty(&shape(&result)).unwrap();
        writeln!(shapes, "$ phalanx {line}\n{shape}\n").unwrap();
    }
    assert_snapshot!(shapes.trim_end());
}

/// A document with its types instead of its values. Lists show the shape of their first element.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
    }
}

#[test]
fn json_and_text_say_the_same() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let text = project.phalanx("outputs QueueUrl --local").succeeds();
    let json = project.phalanx("outputs --local --output json").succeeds().json();
    assert_eq!(json["QueueUrl"], text.stdout.trim_end());
    let status = project.phalanx("status --local --output json").succeeds().json();
    assert_eq!(status["stack"]["outputs"], json);
    let answer =
        project.phalanx_with(&["invoke", "hello", "--local", "-d", r#"{"a":1}"#]).succeeds();
    assert_eq!(answer.json(), json!({ "echo": { "a": 1 } }));
    let empty = project.phalanx("plan --local --output json").succeeds().json();
    assert_eq!(empty["resources"], json!([]));
}

#[test]
fn events_come_from_the_argument_a_file_or_standard_input() {
    let project = orders().file("event.json", r#"{ "from": "file" }"#);
    project.phalanx("deploy --local").succeeds();
    let answer = project.phalanx("invoke hello --local -d @event.json").succeeds().json();
    assert_eq!(answer, json!({ "echo": { "from": "file" } }));
    let mut command = project.phalanx("invoke hello --local -d @-").into_command();
    command.stdin(std::fs::File::open(project.root().join("event.json")).unwrap());
    let output = command.output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer, json!({ "echo": { "from": "file" } }));
}

#[test]
fn the_schema_is_a_schema_that_takes_a_manifest() {
    let project = orders();
    let schema = project.phalanx("schema").succeeds().json();
    assert_eq!(schema, project.phalanx("schema --output json").succeeds().json());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let manifest: Value = toml::from_str(&project.read("phalanx.toml")).unwrap();
    assert!(validator.is_valid(&manifest));
    assert!(!validator.is_valid(&json!({ "service": { "name": "a", "regoin": "b" } })));
}

#[test]
fn completions_name_every_command() {
    let project = orders();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = project.phalanx(&format!("completions {shell}")).succeeds().stdout;
        for command in ["deploy", "explain", "outputs", "inspect"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn the_doctor_tells_what_is_there_and_what_to_do() {
    let project = orders();
    let report = project.phalanx("doctor --output json").succeeds().json();
    let states = |report: &Value| -> Vec<String> {
        let checks = report["checks"].as_array().unwrap();
        let state = |check: &Value| format!("{} {}", check["name"], check["state"]);
        checks.iter().map(state).collect()
    };
    assert!(states(&report).contains(&r#""manifest" "good""#.to_owned()), "{report}");

    // An empty PATH, a manifest with a problem, and a cache that is a file.
    project.write("phalanx.toml", "[service]\nname = 1\n");
    project.write("cache", "");
    let sick = project
        .phalanx("doctor")
        .env("PATH", "")
        .env("PHALANX_CACHE_DIR", project.root().join("cache"));
    assert_snapshot!(
        sick.exits(1)
            .stdout
            .lines()
            .filter(|line| !line.starts_with("good"))
            .collect::<Vec<_>>()
            .join("\n")
    );
}
