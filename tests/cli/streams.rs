//! Where things go: results on standard output, everything else on standard error.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::{ORDERS, orders};
use crate::support::{Finished, Project};

/// The events of a run with `--events`: every line is one, and says which.
fn events(finished: &Finished) -> Vec<Value> {
    let event = |line: &str| -> Value {
        let event: Value = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{line} is no JSON: {error}\n{}", finished.scene()));
        assert!(event["event"].is_string(), "{line}");
        event
    };
    finished.stderr.lines().map(event).collect()
}

#[test]
fn events_are_ndjson_and_tell_the_whole_run() {
    let project = orders();
    let finished = project.phalanx("deploy --local --events --output json").succeeds();
    assert_eq!(finished.json()["change"], "created");
    let events = events(&finished);
    let of = |name: &str, key: &str| -> Vec<String> {
        let events = events.iter().filter(|event| event["event"] == name);
        events.map(|event| event[key].as_str().unwrap_or_default().to_owned()).collect()
    };
    let steps = [
        "resolve",
        "build",
        "package",
        "seal",
        "synthesize",
        "check",
        "plan",
        "upload",
        "provision",
    ];
    assert_eq!(of("step-started", "step"), steps);
    assert_eq!(of("step-finished", "step"), steps);
    assert!(of("hook-finished", "hook").contains(&"template-decorate".to_owned()));
    assert!(of("resource", "logical-id").contains(&"Queue".to_owned()));
}

#[test]
fn events_end_with_the_error() {
    let project = Project::new(ORDERS);
    let finished = project.phalanx("deploy --local --events").exits(1);
    assert!(finished.stdout.is_empty());
    let error = events(&finished).pop().unwrap();
    assert_eq!(error["event"], "error");
    assert_eq!(error["message"], "the code of function `hello` is not there: `app`");
    assert!(error["hints"][0].as_str().unwrap().contains("functions.hello.code"));
    for key in ["code", "causes", "details"] {
        assert!(error.get(key).is_some(), "{error}");
    }
}

#[test]
fn nothing_but_the_result_is_on_standard_output() {
    let project = orders();
    let finished = project.phalanx("deploy --local").succeeds();
    let url = "https://sqs.eu-central-1.amazonaws.com/000000000000/orders-dev-Queue-";
    assert!(
        finished.stdout.starts_with("created stack orders-dev\nQueueUrl = "),
        "{}",
        finished.scene()
    );
    assert!(finished.stdout.contains(url) && finished.stdout.lines().count() == 2);
    assert!(!finished.stderr.contains(url));
}

#[test]
fn quiet_says_nothing_and_verbose_says_more() {
    let project = orders();
    assert_eq!(project.phalanx("plan --local -q").succeeds().stderr, "");
    let normal = project.phalanx("plan --local").succeeds().stderr;
    let verbose = project.phalanx("plan --local -v").succeeds().stderr;
    assert!(!normal.contains("hook ") && verbose.contains("hook  tags template-decorate"));
    assert!(verbose.lines().count() > normal.lines().count());
    // A warning is worth a line even to those who want quiet.
    let guarded = ORDERS.to_owned() + "[plugins.guardrails]\nsource = \"builtin:guardrails\"\n";
    project.write("phalanx.toml", guarded);
    let warned = project.phalanx("plan --local -q").succeeds().stderr;
    assert!(warned.starts_with("warning: ") && warned.contains("hint: "), "{warned}");
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let project = orders();
    for line in ["schema", "completions bash", "plan --local -q", "--help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = project.phalanx(line).into_command();
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{line}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let project = orders();
    let mut command = project.phalanx("schema").into_command();
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error: cannot write the result to standard output\n"), "{said}");
}

#[test]
fn the_manifest_is_found_here_above_or_by_name() {
    let project = orders().file("app/deeper/note.txt", "");
    let plan = project.phalanx("plan --local -q").succeeds().stdout;
    let mut command = project.phalanx("plan --local -q").into_command();
    let output = command.current_dir(project.root().join("app/deeper")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), plan);
    for name in [".", "phalanx.toml"] {
        let path = project.root().join(name);
        let words = ["plan", "--local", "-q", "-f", path.to_str().unwrap()];
        let mut command = project.phalanx_with(&words).into_command();
        let output = command.current_dir("/").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), plan, "{name}");
    }
}

#[test]
fn a_stage_has_a_stack_of_its_own() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    project.phalanx("deploy --local --stage prod").succeeds();
    let memory = |stage: &str| {
        let status =
            project.phalanx(&format!("status --local --output json -s {stage}")).succeeds();
        status.json()["stack"]["template"]["Resources"]["Hello"]["Properties"]["MemorySize"].clone()
    };
    assert_eq!((memory("dev"), memory("prod")), (128.into(), 512.into()));
    project.phalanx("delete --local --stage prod").succeeds();
    project.phalanx("status --local").succeeds();
}

#[test]
fn an_interrupt_stops_the_run_with_its_own_exit_code() {
    let build = "[build]\ncommand = \"echo ready; exec sleep 600\"\n";
    let project = orders();
    project.write("phalanx.toml", ORDERS.to_owned() + build);
    let mut command = project.phalanx("deploy --local").into_command();
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.ends_with("| ready")), "the build has started");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:#?}");
    assert!(rest.iter().any(|line| line == "error: interrupted during `build`"), "{rest:#?}");
}
