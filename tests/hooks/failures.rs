//! What a failure does, at each hook and at each step: the rollback hooks run in reverse order and are
//! told what happened, the first error is the error of the run, and the next run works.

use super::{Service, logged, ran};
use crate::support::{Finished, Project};

/// Two recorders, of which the second fails in `hook`.
fn failing_in(hook: &str) -> Project {
    Service::new().recorder("first").recorder_failing("second", hook).project()
}

/// The exit code, what the rollback hooks were told, and the error.
fn story(finished: &Finished) -> String {
    let rolled_back = ran(finished);
    let rolled_back = rolled_back.lines().filter(|line| line.ends_with(" rollback"));
    let rolled_back = rolled_back.map(|line| line.replace(" rollback", "")).collect::<Vec<_>>();
    let code = finished.code.unwrap();
    let told = logged(finished, " failed [") + "\n" + &logged(finished, ": it said: ");
    let order = rolled_back.join(", ");
    format!("exit {code}; rolled back: {order}\n{told}\n\n{}", finished.error())
}

/// Nothing was provisioned, and the mended service deploys.
fn next_run_works(project: &Project, broken: &str, mended: &str) {
    project.phalanx("status --local").exits(1).says("there is no stack `orders-dev`");
    let manifest = project.read("phalanx.toml");
    assert!(manifest.contains(broken), "{manifest}");
    project.write("phalanx.toml", manifest.replace(broken, mended));
    project.phalanx("deploy --local").succeeds();
}

#[test]
fn pre_build_fails() {
    let project = failing_in("pre-build");
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: pre-build failed [plugin-failure] after: load resolve
    first: pre-build failed [plugin-failure] after: load resolve
    second: it said: plugin `second` failed in `pre-build`: second was told to fail
    first: it said: plugin `second` failed in `pre-build`: second was told to fail

    error: plugin `second` failed in `pre-build`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    next_run_works(&project, ", fail-in = \"pre-build\"", "");
}

#[test]
fn post_build_fails() {
    let project = failing_in("post-build");
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: post-build failed [plugin-failure] after: load resolve build package
    first: post-build failed [plugin-failure] after: load resolve build package
    second: it said: plugin `second` failed in `post-build`: second was told to fail
    first: it said: plugin `second` failed in `post-build`: second was told to fail

    error: plugin `second` failed in `post-build`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    next_run_works(&project, ", fail-in = \"post-build\"", "");
}

#[test]
fn template_decorate_fails() {
    let project = failing_in("template-decorate");
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: template-decorate failed [plugin-failure] after: load resolve build package seal synthesize
    first: template-decorate failed [plugin-failure] after: load resolve build package seal synthesize
    second: it said: plugin `second` failed in `template-decorate`: second was told to fail
    first: it said: plugin `second` failed in `template-decorate`: second was told to fail

    error: plugin `second` failed in `template-decorate`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    next_run_works(&project, ", fail-in = \"template-decorate\"", "");
}

#[test]
fn template_validate_fails() {
    let project = failing_in("template-validate");
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: template-validate failed [plugin-failure] after: load resolve build package seal synthesize
    first: template-validate failed [plugin-failure] after: load resolve build package seal synthesize
    second: it said: plugin `second` failed in `template-validate`: second was told to fail
    first: it said: plugin `second` failed in `template-validate`: second was told to fail

    error: plugin `second` failed in `template-validate`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    next_run_works(&project, ", fail-in = \"template-validate\"", "");
}

#[test]
fn post_provision_fails_and_the_stack_stays() {
    let project = failing_in("post-provision");
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: post-provision failed [plugin-failure] after: load resolve build package seal synthesize check plan upload provision
    first: post-provision failed [plugin-failure] after: load resolve build package seal synthesize check plan upload provision
    second: it said: plugin `second` failed in `post-provision`: second was told to fail
    first: it said: plugin `second` failed in `post-provision`: second was told to fail

    error: plugin `second` failed in `post-provision`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    project.phalanx("status --local").succeeds();
}

#[test]
fn pre_delete_fails_and_the_stack_stays() {
    let project = failing_in("pre-delete");
    project.phalanx("deploy --local").succeeds();
    insta::assert_snapshot!(story(&project.phalanx("delete --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: pre-delete failed [plugin-failure] after: load resolve
    first: pre-delete failed [plugin-failure] after: load resolve
    second: it said: plugin `second` failed in `pre-delete`: second was told to fail
    first: it said: plugin `second` failed in `pre-delete`: second was told to fail

    error: plugin `second` failed in `pre-delete`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    project.phalanx("status --local").succeeds();
}

#[test]
fn post_delete_fails_after_the_stack_is_gone() {
    let project = failing_in("post-delete");
    project.phalanx("deploy --local").succeeds();
    insta::assert_snapshot!(story(&project.phalanx("delete --local").exits(3)), @r#"
    exit 3; rolled back: second, first
    second: post-delete failed [plugin-failure] after: load resolve delete
    first: post-delete failed [plugin-failure] after: load resolve delete
    second: it said: plugin `second` failed in `post-delete`: second was told to fail
    first: it said: plugin `second` failed in `post-delete`: second was told to fail

    error: plugin `second` failed in `post-delete`: second was told to fail

    hint: `on-failure = "warn"` in `[plugins.second]` lets the run go on without what this plugin does here
    "#);
    project.phalanx("status --local").exits(1).says("there is no stack `orders-dev`");
}

#[test]
fn the_build_fails() {
    let service = Service::new().with("[build]\ncommand = \"echo no compiler; exit 7\"");
    let project = service.recorder("first").recorder("second").project();
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(1)), @r"
    exit 1; rolled back: second, first
    second: build failed [build-failed] after: load resolve
    first: build failed [build-failed] after: load resolve
    second: it said: build `service` failed: `echo no compiler; exit 7` exited with code 7
    first: it said: build `service` failed: `echo no compiler; exit 7` exited with code 7

    error: build `service` failed: `echo no compiler; exit 7` exited with code 7
    no compiler
    ");
    next_run_works(&project, "exit 7", "exit 0");
}

#[test]
fn packaging_fails() {
    let service = Service::new().with("[functions.lost]\ncode = \"folder\"");
    let project = service.recorder("first").recorder("second").project();
    project.write("folder/bootstrap", "x");
    std::os::unix::fs::symlink("nowhere", project.root().join("folder/link")).unwrap();
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(2)), @r"
    exit 2; rolled back: second, first
    second: package failed [link-in-package] after: load resolve build
    first: package failed [link-in-package] after: load resolve build
    second: it said: `link` in the code of function `lost` is a broken link to `nowhere`
    first: it said: `link` in the code of function `lost` is a broken link to `nowhere`

    error: `link` in the code of function `lost` is a broken link to `nowhere`

    hint: remove it, or add it to `functions.lost.exclude`
    ");
    next_run_works(&project, "code = \"folder\"", "code = \"bootstrap\"");
}

#[test]
fn the_built_in_checks_find_an_error() {
    let dangling = r#"config = { set = { "/Resources/Topic" = { Type = "AWS::SNS::Topic", DependsOn = "Nobody" } } }"#;
    let service = Service::new().recorder("first").plugin("writer", "writer", dangling);
    let project = service.recorder("second").project();
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(2)), @r"
    exit 2; rolled back: second, first
    second: check failed [template-invalid] after: load resolve build package seal synthesize
    first: check failed [template-invalid] after: load resolve build package seal synthesize
    second: it said: the template has 1 error
    first: it said: the template has 1 error

    error: the template has 1 error
      dangling-depends-on: `DependsOn` in resource `Topic` refers to `Nobody`, which is not a resource
        at /Resources/Topic/DependsOn, written by plugin `writer`
        hint: declare `Nobody`, or correct the name
    ");
    next_run_works(&project, "Nobody", "Hello");
}

#[test]
fn a_validator_refuses() {
    let project = Service::new()
        .recorder("first")
        .plugin("policy", "hostile", "config = { mode = \"error-finding\" }")
        .project();
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(3)), @r"
    exit 3; rolled back: first
    first: check failed [template-invalid] after: load resolve build package seal synthesize
    first: it said: the template has 1 error

    error: the template has 1 error
      no-resources: resources are not allowed here
        at /Resources
        found by plugin `policy`
        hint: remove them
    ");
    next_run_works(&project, "error-finding", "nothing");
}

#[test]
fn provisioning_fails() {
    let service = Service::new().with("[outputs.Vpc.Value]\n\"Fn::ImportValue\" = \"nobodys\"");
    let project = service.recorder("first").recorder("second").project();
    insta::assert_snapshot!(story(&project.phalanx("deploy --local").exits(2)), @r"
    exit 2; rolled back: second, first
    second: provision failed [output-failed] after: load resolve build package seal synthesize check plan upload
    first: provision failed [output-failed] after: load resolve build package seal synthesize check plan upload
    second: it said: cannot evaluate output `Vpc`: `Fn::ImportValue` at `/Outputs/Vpc/Value/Fn::ImportValue` names `nobodys`, which is not an output that a stack exports
    first: it said: cannot evaluate output `Vpc`: `Fn::ImportValue` at `/Outputs/Vpc/Value/Fn::ImportValue` names `nobodys`, which is not an output that a stack exports

    error: cannot evaluate output `Vpc`
      caused by: `Fn::ImportValue` at `/Outputs/Vpc/Value/Fn::ImportValue` names `nobodys`, which is not an output that a stack exports
    ");
    next_run_works(&project, "[outputs.Vpc.Value]\n\"Fn::ImportValue\" = \"nobodys\"", "");
}

#[test]
fn a_failing_rollback_hook_is_shown_and_hides_nothing() {
    let project = Service::new()
        .with("[build]\ncommand = \"exit 7\"")
        .recorder("first")
        .recorder_failing("second", "rollback")
        .recorder("third")
        .project();
    let failed = project.phalanx("deploy --local").exits(1);
    // The warning of the rollback hook, and still the error of the build.
    let warning = failed.stderr.find("warning: ").unwrap_or_else(|| panic!("{}", failed.scene()));
    let warning = failed.stderr[warning..].lines().next().unwrap();
    insta::assert_snapshot!(format!("{warning}\n{}", story(&failed)), @r"
    warning: plugin `second` failed in `rollback`: second was told to fail
    exit 1; rolled back: third, second, first
    third: build failed [build-failed] after: load resolve
    second: build failed [build-failed] after: load resolve
    first: build failed [build-failed] after: load resolve
    third: it said: build `service` failed: `exit 7` exited with code 7
    second: it said: build `service` failed: `exit 7` exited with code 7
    first: it said: build `service` failed: `exit 7` exited with code 7

    error: build `service` failed: `exit 7` exited with code 7
    ");
}

#[test]
fn a_failure_that_only_warns_lets_the_run_go_on() {
    for hook in ["pre-build", "post-build", "template-validate", "post-provision"] {
        let config = format!(", fail-in = \"{hook}\"");
        let project = Service::new()
            .recorder_with("first", &config, "on-failure = \"warn\"")
            .recorder("second")
            .project();
        let deployed = project.phalanx("deploy --local").succeeds();
        let warning = format!("warning: plugin `first` failed in `{hook}`: first was told to fail");
        let deployed = deployed.says(&warning);
        assert!(!ran(&deployed).contains("rollback"), "{}", deployed.scene());
        assert!(ran(&deployed).contains(&format!("second {hook}")), "{}", deployed.scene());
    }
}
