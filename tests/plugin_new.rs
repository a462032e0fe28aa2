//! `phalanx plugin new`: what it writes builds with the language's own toolchain, and passes its own cases.

mod packages;
mod troubles;
mod types;

use std::process::Command;

use crate::support::{Language, Project, repository};

const HOOKS: [&str; 7] = [
    "pre-build",
    "post-build",
    "template-decorate",
    "template-validate",
    "post-provision",
    "rollback",
    "teardown",
];

/// A folder of nothing, as for a team that begins.
fn nothing() -> Project {
    Project::new("")
}

/// Makes a plugin with every hook, builds it and runs its cases.
fn every_hook(language: Language) -> Project {
    let project = nothing();
    let hooks: Vec<String> = HOOKS.iter().map(|hook| format!("--hook {hook}")).collect();
    let new = format!("plugin new keep-messages --lang {} {}", language.name(), hooks.join(" "));
    project.phalanx(&new).succeeds();
    language.link(&project.root().join("keep-messages"), "new-rust");
    let built = project.phalanx("plugin build keep-messages --output json").succeeds().json();
    assert_eq!(built["name"], "keep-messages");
    assert_eq!(built["capabilities"], serde_json::json!([]), "it asks for nothing");
    let tested = project.phalanx("plugin test keep-messages --output json").finish();
    assert_eq!(tested.code, Some(0), "{}", tested.scene());
    let tested = tested.json();
    let cases = tested["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 8, "{tested:#}");
    assert!(cases.iter().all(|case| case["verdict"] == "passed"), "{tested:#}");
    project
}

/// A deployment with the plugin does what its case says.
fn deploys(project: &Project) {
    let manifest = "[service]\nname = \"orders\"\nregion = \"eu-central-1\"\n\n\
                    [resources.Jobs]\nType = \"AWS::SQS::Queue\"\n\n\
                    [plugins.keep-messages]\nsource = \"file:keep-messages/keep-messages.wasm\"\n\
                    config = { days = 7 }\n";
    project.write("phalanx.toml", manifest);
    project.phalanx("deploy --local").succeeds();
    let jobs = &project.template()["Resources"]["Jobs"]["Properties"];
    assert_eq!(jobs["MessageRetentionPeriod"], 604_800);
    project.write("phalanx.toml", manifest.replace("days = 7", "days = \"seven\""));
    let told = project.phalanx("deploy --local").exits(2).stderr;
    assert!(told.contains("\"seven\" is not of type \"integer\""), "{told}");
}

#[test]
fn a_plugin_in_rust() {
    let project = every_hook(Language::Rust);
    // What a formatter would change, no beginner should be shown; nor what the compiler warns of.
    let source = project.root().join("keep-messages/src/lib.rs");
    let formatted = Command::new("rustfmt")
        .args(["--check", "--edition", "2024"])
        .arg(&source)
        .output()
        .unwrap();
    assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));
    deploys(&project);
    let built = project.phalanx("plugin build keep-messages --force").succeeds();
    assert!(!built.stderr.contains("warning"), "{}", built.stderr);
    troubles::in_rust(&project);
}

#[test]
fn a_plugin_in_c() {
    if !Language::C.is_there() {
        return;
    }
    let project = every_hook(Language::C);
    deploys(&project);
    let component = std::fs::read(project.root().join("keep-messages/keep-messages.wasm")).unwrap();
    let built = project.phalanx("plugin build keep-messages --force").succeeds();
    assert!(!built.stderr.contains("warning"), "{}", built.stderr);
    let again = std::fs::read(project.root().join("keep-messages/keep-messages.wasm")).unwrap();
    assert!(component == again, "the same sources, the same bytes");

    // What the compiler says of a mistake is shown, and what the world lacks is told with its place.
    let source = project.read("keep-messages/src/plugin.c");
    project.write("keep-messages/src/plugin.c", source.replacen("days());", "days()", 1));
    let told = project.phalanx("plugin build keep-messages").exits(1);
    assert!(told.stderr.contains("src/plugin.c:"), "{}", told.stderr);
    project.write("keep-messages/src/plugin.c", source);
    let world = project.read("keep-messages/wit/plugin.wit");
    let wrong = world.replace("pipeline/log@1.0.0", "pipeline/lock@1.0.0");
    project.write("keep-messages/wit/plugin.wit", wrong);
    insta::assert_snapshot!(project.phalanx("plugin build keep-messages").exits(2).error());
    project.write("keep-messages/wit/plugin.wit", world);

    troubles::in_c(&project);
}

#[test]
fn a_plugin_in_javascript() {
    if !Language::JavaScript.is_there() {
        return;
    }
    let project = every_hook(Language::JavaScript);
    deploys(&project);
    project.write("keep-messages/src/plugin.js", "export const templateDecorate = {;\n");
    let told = project.phalanx("plugin build keep-messages").exits(1);
    assert!(told.stderr.contains("src/plugin.js:1:"), "{}", told.stderr);

    troubles::in_javascript(&project);
    // A hook that the world promises and the plugin does not have.
    let missing = "export const nothing = 1;\n";
    project.write("keep-messages/src/plugin.js", missing);
    let told = project.phalanx("plugin build keep-messages").exits(1);
    insta::assert_snapshot!(told.stderr.lines().last().unwrap_or_default());
}

#[test]
fn a_plugin_in_typescript() {
    if !Language::TypeScript.is_there() {
        return;
    }
    let project = every_hook(Language::TypeScript);
    deploys(&project);
    let source = project.read("keep-messages/src/plugin.ts");
    let wrong = source.replace("days() * 86_400);", "() => days());");
    project.write("keep-messages/src/plugin.ts", wrong);
    let told = project.phalanx("plugin build keep-messages").exits(1);
    assert!(told.stderr.contains("src/plugin.ts("), "{}", told.stderr);
}

#[test]
fn a_plugin_in_python() {
    if !Language::Python.is_there() {
        return;
    }
    let project = every_hook(Language::Python);
    deploys(&project);
    let skipped = project.phalanx("plugin build keep-messages").succeeds().stdout;
    assert!(skipped.contains("skipped: its inputs are unchanged"), "{skipped}");
    project.write("keep-messages/src/plugin.py", "def broken(:\n");
    let told = project.phalanx("plugin build keep-messages").exits(1);
    assert!(told.stderr.contains("plugin.py\", line 1"), "{}", told.stderr);

    troubles::in_python(&project);
}

#[test]
fn a_plugin_in_go() {
    if !Language::Go.is_there() {
        return;
    }
    let project = every_hook(Language::Go);
    let list = Command::new("gofmt")
        .args(["-l", "plugin", "hooks", "phalanx", "runtime", "main.go"])
        .current_dir(project.root().join("keep-messages"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&list.stdout), "", "what gofmt would change");
    deploys(&project);
    let component = std::fs::read(project.root().join("keep-messages/keep-messages.wasm")).unwrap();
    project.phalanx("plugin build keep-messages --force").succeeds();
    let again = std::fs::read(project.root().join("keep-messages/keep-messages.wasm")).unwrap();
    assert!(component == again, "the same sources, the same bytes");
    project.write("keep-messages/plugin/plugin.go", "package plugin\n\nfunc (\n");
    let told = project.phalanx("plugin build keep-messages").exits(1);
    assert!(told.stderr.contains("plugin/plugin.go:4:"), "{}", told.stderr);

    for hook in HOOKS.iter().filter(|hook| **hook != "template-decorate") {
        let package = format!("export_phalanx_pipeline_{}", hook.replace('-', "_"));
        let folder = project.root().join("keep-messages/hooks").join(package);
        std::fs::remove_dir_all(folder).unwrap();
    }
    troubles::in_go(&project);
}

#[test]
fn the_crate_in_a_new_project_is_the_crate() {
    let project = nothing();
    project.phalanx("plugin new rules").succeeds();
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
    for file in ["Cargo.toml", "src/lib.rs", "src/testing/mod.rs", "wit/pipeline.wit"] {
        let copied = project.read(&format!("rules/phalanx-plugin/{file}"));
        assert_eq!(copied, read(&format!("plugins/sdk/{file}")), "{file}");
    }
    assert_eq!(read("plugins/sdk/wit/pipeline.wit"), read("wit/pipeline.wit"));
    // Only what was asked for.
    assert!(project.has("rules/cases/template-decorate/case.toml"));
    assert!(!project.has("rules/cases/rollback"));
    assert!(!project.read("rules/src/lib.rs").contains("Rollback"));
    assert!(!project.read("rules/src/lib.rs").contains("{{"));
}

#[test]
fn names_are_checked_and_nothing_is_overwritten() {
    let project = nothing();
    for name in ["House", "9lives", "a--b", "a_b", "-"] {
        let told = project.phalanx_with(&["plugin", "new", "--", name]).exits(2).error().to_owned();
        assert!(told.contains("is no name for a plugin"), "{told}");
    }
    project.write("rules/notes.txt", "mine");
    insta::assert_snapshot!(project.phalanx("plugin new rules").exits(2).error());
    assert!(!project.has("rules/plugin.toml"));
    insta::assert_snapshot!(project.phalanx("plugin new").exits(2).error());
    insta::assert_snapshot!(project.phalanx("plugin new --list").succeeds().stdout);
    insta::assert_snapshot!(project.phalanx("plugin new fresh").succeeds().stdout);
}

#[test]
fn a_tool_that_is_missing_is_named_with_what_installs_it() {
    let project = nothing();
    project.phalanx("plugin new rules").succeeds();
    let told = project.phalanx("plugin build rules").env("PATH", "/nowhere").exits(1);
    insta::assert_snapshot!(told.error());
}
