//! The binary killed at many moments of a deployment and of a deletion: the same command again
//! succeeds with the right end, and nothing is left over.
//!
//! A run is killed as soon as it has written a given number of events, and some time later, so that
//! the kills are spread over all steps and within them.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{BOOTSTRAP, ORDERS, QUEUE_URL, change};
use crate::support::{Project, guests};

/// The service with a build that a killed run may leave running without harm: a process's file appears
/// whole.
fn orders() -> Project {
    let project = super::orders();
    change(&project, COPY, COPY_WHOLE);
    project
}

const COPY: &str = "cp app/bootstrap out/bootstrap";
const COPY_WHOLE: &str = "cp app/bootstrap out/$$ && mv out/$$ out/bootstrap";

/// Starts a command with `--events` and kills it `later` after its `lines`th event. True when it was
/// killed, false when it had ended by itself.
fn kill(project: &Project, command: &str, lines: usize, later: Duration) -> bool {
    let mut command = project.phalanx(&format!("{command} --events")).into_command();
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let events = BufReader::new(child.stderr.take().unwrap());
    let seen = events.lines().take(lines).count();
    let since = Instant::now();
    while since.elapsed() < later {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(seen == lines || status.success(), "it failed by itself: {status}");
    !status.success()
}

/// Temporary files below `.phalanx`, which only a killed run leaves.
fn leftovers(project: &Project) -> Vec<String> {
    let files = super::tree(project, ".phalanx").into_iter().map(|(path, _)| path);
    let temporary = |path: &String| path.rsplit('/').next().unwrap().starts_with(".phalanx-");
    files.filter(temporary).collect()
}

/// Fails unless the stack is what `expected` is, and its function answers with `version`.
fn assert_deployed(project: &Project, expected: &Value, version: &str, moment: &str) {
    let status = project.phalanx("status --local --output json").succeeds().json();
    assert_eq!(status["stack"]["template"], expected["stack"]["template"], "{moment}");
    assert_eq!(status["stack"]["outputs"], json!({ "QueueUrl": QUEUE_URL }), "{moment}");
    let ids = |status: &Value| {
        let resources = status["stack"]["resources"].as_array().unwrap().iter();
        resources.map(|resource| resource["physical-id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&status), ids(expected), "{moment}");
    assert_eq!(leftovers(project), Vec::<String>::new(), "{moment}");
    let answer = project.phalanx("invoke hello --local").succeeds().json();
    assert_eq!(answer["version"], version, "{moment}");
    assert_eq!(answer["queue"], QUEUE_URL, "{moment}");
}

/// How many events a run of this command tells that is left alone.
fn events(project: &Project, command: &str) -> usize {
    project.phalanx(&format!("{command} --events")).succeeds().stderr.lines().count()
}

/// Calls `run` with moments all over a run: after each of its events, and amid the work that follows it;
/// then after times counted from the start, since not all work tells of itself. `run` kills and gives
/// false when the run had ended before; how many were killed comes back.
fn at_many_moments(events: usize, mut run: impl FnMut(usize, Duration) -> bool) -> usize {
    const PAUSES: [u64; 3] = [0, 700, 2_500];
    let events = (1..=events).map(|lines| (lines, PAUSES[lines % 3]));
    let times = (0..12).map(|number| (0, number * 4_000));
    let moments = events.chain(times);
    moments.filter(|(lines, later)| run(*lines, Duration::from_micros(*later))).count()
}

#[test]
fn a_creation_killed_at_any_moment_is_done_by_the_next_run() {
    let sound = orders();
    let events = events(&sound, "deploy --local");
    let expected = sound.phalanx("status --local --output json").succeeds().json();
    let kills = at_many_moments(events, |lines, later| {
        let project = orders();
        let killed = kill(&project, "deploy --local", lines, later);
        project.phalanx("deploy --local").succeeds();
        assert_deployed(&project, &expected, "1", &format!("killed {later:?} after event {lines}"));
        killed
    });
    assert!(kills * 4 >= events * 3, "only {kills} kills");
}

#[test]
fn an_update_killed_at_any_moment_is_done_by_the_next_run() {
    let version = |project: &Project, number: usize| {
        project.write("phalanx.toml", ORDERS.replace(COPY, COPY_WHOLE));
        change(project, "VERSION = \"1\"", &format!("VERSION = \"{number}\""));
        project.write("app/bootstrap", format!("{BOOTSTRAP}# {number}\n"));
    };
    let sound = orders();
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let mut number = 1;
    number += 1;
    version(&project, number);
    let events = events(&project, "deploy --local");
    let kills = at_many_moments(events, |lines, later| {
        number += 1;
        version(&sound, number);
        sound.phalanx("deploy --local").succeeds();
        let expected = sound.phalanx("status --local --output json").succeeds().json();

        version(&project, number);
        let killed = kill(&project, "deploy --local", lines, later);
        // Whoever calls meanwhile gets the old version or the new one.
        let meanwhile = project.phalanx("invoke hello --local").succeeds().json();
        let seen = meanwhile["version"].as_str().unwrap().to_owned();
        assert!([number - 1, number].map(|number| number.to_string()).contains(&seen), "{seen}");
        project.phalanx("deploy --local").succeeds();
        let moment = format!("killed {later:?} after event {lines}");
        assert_deployed(&project, &expected, &number.to_string(), &moment);
        killed
    });
    assert!(kills * 4 >= events * 3, "only {kills} kills");
}

#[test]
fn a_deletion_killed_at_any_moment_is_done_by_the_next_run() {
    // Plugins are told before and after, so there is more to be killed in.
    let project = orders().file("recorder.wasm", guests::component("recorder"));
    let plugin = "[plugins.rec]\nsource = \"file:recorder.wasm\"\nconfig = { label = \"rec\" }\n";
    project.write("phalanx.toml", project.read("phalanx.toml") + plugin);
    project.phalanx("deploy --local").succeeds();
    let events = events(&project, "delete --local");
    let kills = at_many_moments(events, |lines, later| {
        project.phalanx("deploy --local").succeeds();
        let killed = kill(&project, "delete --local", lines, later);
        project.phalanx("delete --local").succeeds();
        project.phalanx("status --local").exits(1).says("there is no stack `orders-dev`");
        assert_eq!(
            leftovers(&project),
            Vec::<String>::new(),
            "killed {later:?} after event {lines}"
        );
        killed
    });
    assert!(kills >= 5, "only {kills} kills");
}
