//! Ctrl-C: what runs is stopped with its children, rollback hooks run, and the next run works.

use super::{Service, logged, ran};
use crate::support::{HOLD_LIFELINE, Lifeline, Project};

/// The next run, in which nothing blocks any more.
fn next_run_works(project: &Project, blocking: &str, harmless: &str) {
    let manifest = project.read("phalanx.toml");
    assert!(manifest.contains(blocking), "{manifest}");
    project.write("phalanx.toml", manifest.replace(blocking, harmless));
    project.phalanx("deploy --local").succeeds();
}

#[test]
fn during_a_build() {
    let build = format!("[build]\ncommand = \"{HOLD_LIFELINE}\"");
    let project = Service::new().with(&build).recorder("first").recorder("second").project();
    let lifeline = Lifeline::new(&project);
    let running = project.phalanx("deploy --local").start();
    let held = lifeline.held();
    let finished = running.interrupt().exits(130);
    held.let_go();
    insta::assert_snapshot!(logged(&finished, " failed ["), @r"
    second: build failed [interrupted] after: load resolve
    first: build failed [interrupted] after: load resolve
    ");
    assert!(ran(&finished).ends_with("second rollback\nfirst rollback"), "{}", finished.scene());
    insta::assert_snapshot!(finished.error(), @r"
    error: interrupted during `build`

    hint: run the same command again to go on
    ");
    next_run_works(&project, HOLD_LIFELINE, "true");
}

#[test]
fn during_a_command_of_a_plugin() {
    let settings = |command: &str| {
        format!(
            "config = {{ run = [[\"sh\", \"-c\", \"{command}\"]] }}\ngrants = {{ commands = [[\"sh\"]] }}\nlimits = {{ time = \"60s\" }}"
        )
    };
    let runner = settings(HOLD_LIFELINE);
    let project = Service::new().recorder("first").plugin("runner", "runner", &runner).project();
    let lifeline = Lifeline::new(&project);
    let running = project.phalanx("deploy --local").start();
    let held = lifeline.held();
    let finished = running.interrupt().exits(130);
    held.let_go();
    insta::assert_snapshot!(logged(&finished, " failed ["), @"first: pre-build failed [interrupted] after: load resolve");
    insta::assert_snapshot!(finished.error(), @r"
    error: interrupted while plugin `runner` ran at `pre-build`

    hint: run the same command again to go on
    ");
    next_run_works(&project, HOLD_LIFELINE, "true");
}

#[test]
fn during_a_plugin_that_never_ends() {
    // A plugin whose failures only warn is stopped too.
    let settings = "config = { mode = \"loop\", hook = \"post-build\" }\nlimits = { time = \"60s\" }\non-failure = \"warn\"";
    let project = Service::new().recorder("first").plugin("loop", "hostile", settings).project();
    let running = project.phalanx("deploy --local --events").start();
    let running = running.until(r#"{"event":"hook-started","plugin":"loop","hook":"post-build"}"#);
    let finished = running.interrupt().exits(130);
    let last = finished.stderr.lines().last().unwrap();
    insta::assert_snapshot!(last, @r#"{"event":"error","code":"interrupted","message":"interrupted while plugin `loop` ran at `post-build`","causes":[],"details":null,"hints":["run the same command again to go on"]}"#);
    let finished = finished.says(r#"{"event":"hook-finished","plugin":"first","hook":"rollback""#);
    assert!(!finished.stderr.contains(r#""hook":"template-decorate""#), "{}", finished.scene());
    next_run_works(&project, "\"loop\"", "\"nothing\"");
}
