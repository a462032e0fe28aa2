//! Guests that break: traps, panics, failures, and the use of what a hook does not have.

use super::{Case, without_numbers};
use crate::support::{Project, guests};

#[test]
fn a_trap_is_shown_with_the_functions_of_the_guest() {
    let bad = Case::hostile("trap", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-decorate`: it crashed: it panicked or aborted (`unreachable`); it may have logged why
in the plugin's functions, innermost first:
  hostile::unreachable_instruction
  hostile::Hostile::act

hint: this is a bug of the plugin: report it to its author, with what it logged
");
}

#[test]
fn a_panic_is_shown_with_its_message_and_place() {
    let bad = Case::hostile("panic", "template-decorate").stops_in_hook();
    let log: Vec<_> = bad.stderr.lines().filter(|line| line.contains("bad |")).collect();
    insta::assert_snapshot!(without_numbers(&log.join("\n")), @"       bad | error: panicked at src/hostile.rs:#: the cache is empty");
    insta::assert_snapshot!(bad.error(), @r#"
    error: plugin `bad` failed in `template-decorate`: it crashed: it panicked or aborted (`unreachable`); it may have logged why
    in the plugin's functions, innermost first:
      hostile::Hostile::act

    hint: this is a bug of the plugin: report it to its author, with what it logged
    "#);
}

#[test]
fn a_failure_is_shown_with_its_hint_and_told_to_rollback_hooks() {
    let bad = Case::hostile("fail", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-decorate`: the account has no quota for queues

hint: ask for a higher quota
");
    assert!(
        bad.stderr.contains("failed [plugin-failure] after: load resolve build"),
        "{}",
        bad.scene()
    );
}

#[test]
fn what_a_hook_did_before_it_trapped_or_failed_is_undone() {
    let bad = Case::hostile("edit-then-trap", "template-decorate").stops_in_hook();
    assert!(bad.error().contains("failed in `template-decorate`: it crashed"), "{}", bad.scene());
    let bad = Case::hostile("edit-then-fail", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `template-decorate`: changed its mind after editing

hint: `on-failure = "warn"` in `[plugins.bad]` lets the run go on without what this plugin does here
"#);
}

/// Packages are named by their content: equal names are equal packages.
#[test]
fn a_package_is_as_it_was_before_a_hook_that_failed() {
    let manifest = |plugin: &str| {
        format!(
            r#"
[service]
name = "orders"

[functions.hello]
code = "code"
runtime = "python3.13"
handler = "main.handler"
{plugin}"#
        )
    };
    let project = Project::new(&manifest(""))
        .file("code/main.py", "x = 1\n")
        .file("packer.wasm", guests::component("packer"));
    let package = || {
        let run = project.phalanx("package --output json").succeeds();
        run.json()["packages"].clone()
    };
    let before = package();
    let packer = |fails: bool, more: &str| {
        manifest(&format!(
            r#"
[plugins.bad]
source = "file:packer.wasm"
{more}
config = {{ function = "hello", path = "main.py", text = "y = 2", then_fail = {fails} }}
"#
        ))
    };
    project.write("phalanx.toml", packer(true, "on-failure = \"warn\""));
    assert_eq!(package(), before);
    project.write("phalanx.toml", packer(true, ""));
    let bad = project.phalanx("package").exits(3);
    assert!(bad.error().contains("failed in `post-build`: was told to fail"), "{}", bad.scene());
    project.write("phalanx.toml", packer(false, ""));
    assert_ne!(package(), before);
}

#[test]
fn pre_build_has_no_template() {
    let bad = Case::hostile("read-template", "pre-build").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `pre-build`: it called `logical-ids` of `template-view`, which `pre-build` does not have
in the plugin's functions, innermost first:
  hostile::Hostile::act

hint: this is a bug of the plugin: `template-view` can be used in `template-decorate`, `template-validate`, `post-provision`
");
    let bad = Case::hostile("edit-template", "pre-build").stops_in_hook();
    let error = bad.error();
    assert!(
        error.contains("it called `set` of `template-edit`, which `pre-build` does not have"),
        "{error}"
    );
}

#[test]
fn template_validate_cannot_edit() {
    let bad = Case::hostile("edit-template", "template-validate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-validate`: it called `set` of `template-edit`, which `template-validate` does not have
in the plugin's functions, innermost first:
  hostile::Hostile::act

hint: this is a bug of the plugin: `template-edit` can be used in `template-decorate`
");
}

#[test]
fn post_provision_cannot_edit_and_what_is_deployed_stays() {
    let bad = Case::hostile("edit-template", "post-provision")
        .command("deploy --local --yes")
        .stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `post-provision`: it called `set` of `template-edit`, which `post-provision` does not have
in the plugin's functions, innermost first:
  hostile::Hostile::act

hint: this is a bug of the plugin: `template-edit` can be used in `template-decorate`
");
}

/// A deletion that a hook refuses leaves the stack; one that goes wrong afterwards has deleted it.
#[test]
fn teardown_hooks_that_break_are_named() {
    for (hook, left) in [("pre-delete", true), ("post-delete", false)] {
        let case = Case::hostile("trap", hook);
        case.write_manifest("");
        case.project.phalanx("deploy --local --yes").succeeds();
        let bad = case.project.phalanx("delete --local").exits(3);
        let error = bad.error();
        assert!(error.starts_with(&format!("error: plugin `bad` failed in `{hook}`: ")), "{error}");
        let status = case.project.phalanx("status --local").finish();
        assert_eq!(status.code == Some(0), left, "{hook}\n{}", status.scene());
        case.project.write("phalanx.toml", super::GOOD);
        case.project.phalanx("deploy --local --yes").succeeds();
        case.project.phalanx("delete --local").succeeds();
    }
}

/// A rollback hook that breaks hides neither the first error nor the other rollback hooks.
#[test]
fn a_broken_rollback_hook_is_a_warning() {
    let case = Case::hostile("trap", "rollback");
    case.write_manifest("");
    let manifest = case.project.read("phalanx.toml");
    let failing = manifest
        .replace("{ label = \"recorder\" }", "{ label = \"recorder\", fail-in = \"post-build\" }");
    case.project.write("phalanx.toml", failing);
    let bad = case.project.phalanx("package").exits(3).says("recorder ran rollback");
    insta::assert_snapshot!(told(&bad.stderr), @r#"
    warning: plugin `bad` failed in `rollback`: it crashed: it panicked or aborted (`unreachable`); it may have logged why
      hint: this is a bug of the plugin: report it to its author, with what it logged
      recorder | recorder: it said: plugin `recorder` failed in `post-build`: recorder was told to fail
      recorder | recorder ran rollback
    error: plugin `recorder` failed in `post-build`: recorder was told to fail

    hint: `on-failure = "warn"` in `[plugins.recorder]` lets the run go on without what this plugin does here
    "#);
}

/// All that was told after the first failure.
fn told(stderr: &str) -> String {
    let from = stderr.lines().skip_while(|line| !line.contains("ran post-build")).skip(1);
    from.filter(|line| !line.contains("failed [")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plugin_that_decorates_nothing_is_no_decorator() {
    let project = Project::new(
        r#"
[service]
name = "orders"

[functions.hello]
code = "bootstrap"
decorators = ["checker"]

[plugins.checker]
source = "builtin:guardrails"
"#,
    )
    .script("bootstrap", "#!/bin/sh\n");
    let bad = project.phalanx("package").exits(2);
    insta::assert_snapshot!(bad.error(), @"
error: function `hello` names plugin `checker` in `decorators`, and it has no `template-decorate` hook

hint: take `checker` out of `functions.hello.decorators`; it runs at template-validate for the whole service
");
}
