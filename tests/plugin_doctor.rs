//! `phalanx plugin doctor`: every reason why a component is not loaded, with its remedy.

use crate::support::transcript::without_digests;
use crate::support::{Project, guests};

/// What the doctor says of a guest.
fn diagnosis(name: &str, code: i32) -> String {
    let project = Project::new("");
    project.write("plugin.wasm", guests::component(name));
    without_digests(&project.phalanx("plugin doctor plugin.wasm").exits(code).stdout)
}

#[test]
fn what_is_no_component_is_told() {
    insta::assert_snapshot!(diagnosis("core-module", 1));
    let project = Project::new("");
    project.write("plugin.wasm", "(component)");
    insta::assert_snapshot!(project.phalanx("plugin doctor plugin.wasm").exits(1).stdout);
}

#[test]
fn imports_that_nobody_offers_are_all_told() {
    insta::assert_snapshot!(diagnosis("wasi-p3", 1));
    insta::assert_snapshot!(diagnosis("unknown-import", 1));
}

/// One component with several things wrong: another version, another type, a missing function.
#[test]
fn every_difference_is_told_at_once() {
    let text = r#"(component
        (import "phalanx:pipeline/run@1.0.0" (instance
            (export "service" (func (result u32)))
            (export "quota" (func (result u32)))))
        (import "phalanx:pipeline/log@2.0.0" (instance
            (export "log" (func (param "level" string) (param "message" string)))))
        (import "acme:tools/clock@1.0.0" (instance (export "now" (func (result u64)))))
        (core module $m
            (func (export "decorate-service") (result i32) unreachable)
            (memory (export "memory") 1))
        (core instance $i (instantiate $m))
        (func $decorate (result (result)) (canon lift (core func $i "decorate-service")))
        (instance $hook (export "decorate-service" (func $decorate)))
        (export "phalanx:pipeline/template-decorate@1.0.0" (instance $hook)))"#;
    let project = Project::new("");
    project.write("plugin.wasm", wat::parse_str(text).unwrap());
    insta::assert_snapshot!(without_digests(
        &project.phalanx("plugin doctor plugin.wasm").exits(1).stdout
    ));
    let json = project.phalanx("plugin doctor plugin.wasm --output json").exits(1).json();
    assert_eq!(json["problems"].as_array().unwrap().len(), 6, "{json:#}");
}

#[test]
fn what_a_service_does_not_grant_is_told_where_it_is_used() {
    let manifest = "[service]\nname = \"orders\"\nregion = \"eu-central-1\"\n\n\
                    [plugins.runner]\nsource = \"file:runner.wasm\"\n\n\
                    [plugins.tags]\nsource = \"builtin:stack-tags\"\nconfig = { tag = {} }\n";
    let project = Project::new(manifest);
    project.write("runner.wasm", guests::component("runner"));
    let told = |words: &str, code: i32| {
        let line = project.phalanx(words).exits(code).stdout;
        // How long it takes to start, and what it weighs, differ.
        let lines = line
            .lines()
            .filter(|line| !line.starts_with("  start") && !line.starts_with("  component"));
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told("plugin doctor runner", 1));
    insta::assert_snapshot!(told("plugin doctor runner.wasm", 0));
    insta::assert_snapshot!(told("plugin doctor tags", 1));
    insta::assert_snapshot!(told("plugin doctor builtin:guardrails", 0));
    insta::assert_snapshot!(project.phalanx("plugin doctor tagz").exits(2).error());
}
