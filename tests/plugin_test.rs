//! `phalanx plugin test`: cases hold plugins to what they did, and tell how it differs.

use serde_json::Value;

use crate::support::{Given, Project, Server, guests, repository};

/// A project of a component that was built before, with one case.
fn project(component: &[u8], case: &str) -> Project {
    let project = Project::new("");
    project.write("plugin.toml", "name = \"rules\"\nversion = \"1.0.0\"\nmodule = \"made.wasm\"\n");
    project.write("made.wasm", component);
    project.write("cases/one/case.toml", case);
    project
}

const TEMPLATE: &str = r#"{ "Resources": { "Jobs": { "Type": "AWS::SQS::Queue" } } }"#;

/// Times and sizes differ.
fn told(text: &str) -> String {
    let cost = |line: &str| match line.split_once(" ms (start ") {
        Some((before, _)) => {
            format!("{}  [COSTS]", before.rsplit_once("  ").map_or(before, |(rest, _)| rest))
        }
        None => line.to_owned(),
    };
    text.lines().map(cost).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_plugin_does_is_written_down_and_held_to() {
    let [first, _] = guests::house_rules();
    let project = project(first, "hook = \"template-decorate\"\n");
    project.write("cases/one/template.json", TEMPLATE);
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout));
    project.phalanx("plugin test --bless").succeeds();
    insta::assert_snapshot!(project.read("cases/one/expected.json"));
    insta::assert_snapshot!(told(&project.phalanx("plugin test").succeeds().stdout));

    // Another template: what the plugin does now is not what it did.
    project.write("cases/one/template.json", TEMPLATE.replace("Jobs", "Work"));
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout));
    project.write("cases/one/template.json", TEMPLATE);
    // The order of keys is part of a template.
    let expected = project.read("cases/one/expected.template.json");
    let turned = r#"{ "Resources": { "Jobs": { "Properties": { "SqsManagedSseEnabled": true,
        "MessageRetentionPeriod": 1209600 }, "Type": "AWS::SQS::Queue" } } }"#;
    project.write("cases/one/expected.template.json", turned);
    project.phalanx("plugin test").exits(1);
    project.write("cases/one/expected.template.json", expected);
    project.phalanx("plugin test").succeeds();
}

#[test]
fn calls_of_the_outside_are_recorded_once_and_played_ever_after() {
    let [_, second] = guests::house_rules();
    let case = "hook = \"template-decorate\"\nfiles = \".\"\ngrants = { commands = [[\"git\", \"rev-parse\"]] }\n";
    let project = project(second, case);
    project.write("cases/one/template.json", TEMPLATE);
    // Nothing is there to be played.
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout), @r#"
    FAILED  one  template-decorate
      the plugin calls `commands.run` with {"argv":["git","rev-parse","HEAD"],"dir":null,"env":[],"stdin":""}, and `calls.json` has no more calls; `phalanx plugin test --record` makes the calls and records them
    1 of 1 case failed
    "#);

    // A program that says what git would.
    let git = project.root().join("bin/git");
    project.write("bin/git", "#!/bin/sh\necho 4f2a9c1\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&git, mode).unwrap();
    let path = format!("{}:/usr/bin:/bin", git.parent().unwrap().display());
    project.phalanx("plugin test --record").env("PATH", &path).succeeds();
    insta::assert_snapshot!(project.read("cases/one/calls.json"));
    let expected: Value =
        serde_json::from_str(&project.read("cases/one/expected.template.json")).unwrap();
    assert_eq!(expected["Metadata"]["Commit"], "4f2a9c1");

    // It is not called any more.
    project.write("bin/git", "#!/bin/sh\nexit 1\n");
    project.phalanx("plugin test").env("PATH", &path).succeeds();
    let calls = project.read("cases/one/calls.json");
    project.write("cases/one/calls.json", calls.replace("HEAD", "main"));
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout));
    project.write("cases/one/calls.json", calls.replacen('[', "[ 7,", 1));
    insta::assert_snapshot!(project.phalanx("plugin test").exits(2).error());
}

#[test]
fn calls_by_http_are_recorded_too() {
    let server = Server::start(|_, _| Given::status("418 I'm a teapot", "").with_body("no"));
    let host = server.host();
    let case = format!(
        "hook = \"pre-build\"\nconfig = {{ authority = \"{host}\", path = \"/status\" }}\n\
         grants = {{ network = [\"{host}\"] }}\n"
    );
    let project = project(guests::component("caller"), &case);
    project.phalanx("plugin test --record").succeeds();
    let (_, port) = host.split_once(':').unwrap();
    insta::assert_snapshot!(project.read("cases/one/calls.json").replace(port, "PORT"));
    project.phalanx("plugin test").succeeds();
    project.write("cases/one/case.toml", case.replace("/status", "/other"));
    let told = project.phalanx("plugin test").exits(1).stdout;
    assert!(told.contains("the plugin calls `http` with"), "{told}");
    assert_eq!(server.asked().len(), 1, "what was recorded is not asked for again");
    // What is not granted is not recorded either.
    project.write("cases/one/case.toml", case.replace(&format!("[\"{host}\"]"), "[]"));
    project.phalanx("plugin test --record").succeeds();
    assert!(!project.has("cases/one/calls.json"));
    assert!(project.read("cases/one/expected.json").contains("HttpRequestDenied"));
}

#[test]
fn a_call_that_is_recorded_must_be_made() {
    let [first, _] = guests::house_rules();
    let project = project(first, "hook = \"template-decorate\"\n");
    project.phalanx("plugin test --bless").succeeds();
    let call = r#"[ { "call": "commands.run", "with": { "argv": ["true"] }, "answer": {} } ]"#;
    project.write("cases/one/calls.json", call);
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout));
}

#[test]
fn findings_and_failures_are_expected_too() {
    let guardrails = phalanx::registry::builtin::get("guardrails").unwrap();
    let project = project(guardrails, "hook = \"template-validate\"\n");
    let template = r#"{ "Resources": { "R": { "Type": "AWS::IAM::Policy", "Properties": { "PolicyDocument":
        { "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] } } } } }"#;
    project.write("cases/one/template.json", template);
    project.phalanx("plugin test --bless").succeeds();
    let expected: Value = serde_json::from_str(&project.read("cases/one/expected.json")).unwrap();
    assert!(!expected["findings"].as_array().unwrap().is_empty(), "{expected:#}");
    project.phalanx("plugin test").succeeds();

    // Its schema does not take this.
    project.write("cases/one/case.toml", "hook = \"template-validate\"\nconfig = { rule = {} }\n");
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout));
    project.write("cases/one/case.toml", "hook = \"rollback\"\n");
    insta::assert_snapshot!(told(&project.phalanx("plugin test").exits(1).stdout));
}

#[test]
fn limits_are_those_of_a_deployment() {
    let hostile = guests::component("hostile");
    let case = |attack: &str| {
        format!(
            "hook = \"template-decorate\"\nconfig = {{ mode = \"{attack}\" }}\nlimits = {{ time = \"100ms\", memory = \"16MiB\" }}\n"
        )
    };
    let project = project(hostile, &case("loop"));
    project.phalanx("plugin test --bless").succeeds();
    insta::assert_snapshot!(project.read("cases/one/expected.json"));
}

#[test]
fn what_is_wrong_with_a_case_is_told() {
    let [first, _] = guests::house_rules();
    let project = project(first, "hook = \"decorate\"\n");
    let error = |code: i32, words: &str| project.phalanx(words).exits(code).error().to_owned();
    insta::assert_snapshot!(error(2, "plugin test"));
    project.write("cases/one/case.toml", "hook = \"template-decorate\"\n");
    project.write("cases/one/template.json", "{ \"Resources\": }");
    insta::assert_snapshot!(error(2, "plugin test"));
    insta::assert_snapshot!(error(2, "plugin test --case two"));
    std::fs::remove_dir_all(project.root().join("cases")).unwrap();
    insta::assert_snapshot!(error(2, "plugin test"));
}

#[test]
fn fuel_is_the_same_in_every_run() {
    let [first, _] = guests::house_rules();
    let project = project(first, "hook = \"template-decorate\"\n");
    project.write("cases/one/template.json", TEMPLATE);
    project.phalanx("plugin test --bless").succeeds();
    let fuel = || {
        let tested = project.phalanx("plugin test --fuel --output json").succeeds().json();
        tested["cases"][0]["costs"]["fuel"].as_u64().unwrap()
    };
    let small = fuel();
    assert_eq!(fuel(), small);
    assert!(small > 1_000, "{small}");
    let printed = project.phalanx("plugin test --fuel").succeeds().stdout;
    let digits = printed.split(" fuel").next().unwrap().rsplit(' ').next().unwrap();
    assert_eq!(digits.replace(',', ""), small.to_string(), "{printed}");
    // More work is more fuel.
    project.write(
        "cases/one/template.json",
        TEMPLATE.replace("} } }", "}, \"More\": { \"Type\": \"AWS::SQS::Queue\" } } }"),
    );
    project.phalanx("plugin test --bless").succeeds();
    assert!(fuel() > small);
    // Who does not ask is told nothing, and pays nothing.
    let without = project.phalanx("plugin test --output json").succeeds().json();
    assert_eq!(without["cases"][0]["costs"].get("fuel"), None);
}

#[test]
fn who_watches_is_told_of_every_change() {
    let [first, _] = guests::house_rules();
    let project = project(first, "hook = \"template-decorate\"\n");
    project.write("cases/one/template.json", TEMPLATE);
    project.phalanx("plugin test --bless").succeeds();
    let mut running = project.phalanx("plugin test --watch").start();
    running.prints("1 case passed");
    let mut running = running.until("waiting for changes");
    project.write("cases/one/template.json", TEMPLATE.replace("Jobs", "Work"));
    running.prints("1 of 1 case failed");
    let running = running.until("waiting for changes");
    // A mistake ends nothing.
    project.write("cases/one/template.json", "{");
    let mut running = running.until("is not JSON").until("waiting for changes");
    project.write("cases/one/template.json", TEMPLATE);
    running.prints("1 case passed");
    running.until("waiting for changes").interrupt().exits(0);
}

#[test]
fn the_page_shows_a_case_that_new_projects_have() {
    let page = std::fs::read_to_string(repository().join("docs/testing-plugins.md")).unwrap();
    let case = "host/src/cli/templates/plugin/cases/template-decorate/";
    let read = |file: &str| std::fs::read_to_string(repository().join(case).join(file)).unwrap();
    assert!(page.contains(&format!("```toml\n{}```\n", read("case.toml"))));
    assert!(page.contains(&format!("```json\n{}```\n", read("expected.json"))));
}
