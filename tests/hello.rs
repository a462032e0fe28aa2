//! `examples/hello` from the first build to its deletion, with cargo and two plugins.

use serde_json::json;

use crate::support::Project;

#[test]
fn the_example_lives_and_ends_well() {
    let project = Project::copy_of("examples/hello");
    project.phalanx("build").succeeds().says("1 built");
    project.phalanx("build").succeeds().says("inputs unchanged");
    let deployed = project.phalanx("deploy --local").succeeds();
    assert!(deployed.stdout.starts_with("created stack hello-dev\nHttpApiUrl = https://"));

    let event = r#"{"queryStringParameters":{"name":"Ada"}}"#;
    let answer =
        project.phalanx_with(&["invoke", "hello", "--local", "-d", event]).succeeds().json();
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(answer["body"], r#"{"message":"Hello, Ada!"}"#);
    let url = project.phalanx("outputs HttpApiUrl --local").succeeds().stdout;
    assert!(deployed.stdout.contains(url.trim_end()));

    let explained = project.phalanx("explain HelloErrorsAlarm --output json").succeeds().json();
    let by = |plugin: &str| json!({ "plugin": { "plugin": plugin, "hook": "template-decorate" } });
    assert_eq!(explained["written-by"], by("alarms"));
    assert_eq!(explained["parts"][0]["written-by"], by("tags"));

    let again = project.phalanx("deploy --local").succeeds();
    assert!(again.stdout.starts_with("no changes to stack hello-dev\n"), "{}", again.scene());
    // Another greeting changes one property of one function, and its answer.
    let manifest = project.read("phalanx.toml");
    let other = manifest.replace("GREETING = \"Hello\"", "GREETING = \"Hi\"");
    assert_ne!(other, manifest);
    project.write("phalanx.toml", other);
    let plan = project.phalanx("plan --local --output json").succeeds().json();
    assert_eq!(plan["resources"].as_array().unwrap().len(), 1, "{plan:#}");
    let changed = &plan["resources"][0];
    assert_eq!((&changed["logical-id"], &changed["code"]), (&json!("Hello"), &json!(false)));
    assert_eq!(changed["properties"][0]["path"], "Properties.Environment.Variables.GREETING");
    project.phalanx("deploy --local").succeeds();
    let answer =
        project.phalanx_with(&["invoke", "hello", "--local", "-d", event]).succeeds().json();
    assert_eq!(answer["body"], r#"{"message":"Hi, Ada!"}"#);

    project.phalanx("delete --local").succeeds();
    project.phalanx("status --local").exits(1);
}
