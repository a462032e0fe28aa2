//! Deployments to the embedded local cloud, packages and builds, through the real binary.

/// History, rollback and garbage collection.
mod archive;
/// Builds that are skipped, run and fail.
mod builds;
/// Two commands at once.
mod concurrent;
/// The same service makes the same bytes wherever, whenever and by whomever it is packaged.
mod determinism;
/// A disk that does not do what is asked.
mod disk;
/// Calls of deployed functions.
mod invoke;
/// The binary killed at many moments, and run again.
mod kills;
/// What goes into packages, and what must not.
mod packages;
/// Hundreds of functions.
mod scale;
/// Stages, parameters, conditions and included files.
mod stages;
/// A stack from its creation to its deletion.
mod story;

use serde_json::Value;

use crate::support::{Finished, Project, change};

/// A function in bash; the event tells it what to do.
const BOOTSTRAP: &str = include_str!("fixtures/bootstrap");

/// One function with a build, a queue whose URL the function gets, and that URL as an output.
const ORDERS: &str = r#"
[service]
name = "orders"
region = "eu-central-1"

[build]
command = "mkdir -p out && cp app/bootstrap out/bootstrap"
inputs = ["app/**"]

[functions.hello]
code = "out/bootstrap"
timeout = "30s"
environment = { QUEUE_URL = "${WorkerQueue}", VERSION = "1" }

[resources.WorkerQueue]
Type = "AWS::SQS::Queue"

[outputs.QueueUrl]
Value = "${WorkerQueue}"
"#;

/// What the service's queue is called at first.
const QUEUE_URL: &str = "https://sqs.eu-central-1.amazonaws.com/000000000000/\
                         orders-dev-WorkerQueue-EUQLGGVEZTCND";

fn orders() -> Project {
    Project::new(ORDERS).script("app/bootstrap", BOOTSTRAP)
}

/// The events that a run with `--events` wrote.
fn events(finished: &Finished) -> Vec<Value> {
    let parse = |line: &str| {
        serde_json::from_str(line)
            .unwrap_or_else(|_| panic!("not JSON: {line}\n{}", finished.scene()))
    };
    finished.stderr.lines().map(parse).collect()
}

/// `logical id STATUS` of each resource event, in order.
fn statuses(finished: &Finished) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let resources = events(finished).into_iter().filter(|event| event["event"] == "resource");
    resources
        .map(|event| format!("{} {}", text(&event["logical-id"]), text(&event["status"])))
        .collect()
}

/// Everything below a folder of the project: path and bytes, sorted.
fn tree(project: &Project, folder: &str) -> Vec<(String, Vec<u8>)> {
    let root = project.root().join(folder);
    let entries = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    let file = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(&root).unwrap().display().to_string();
        (path, std::fs::read(entry.path()).unwrap())
    };
    files.map(file).collect()
}

/// The names and modes of a zip's entries.
fn entries_of(zip: &[u8]) -> Vec<(String, u32)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).unwrap();
        entries.push((entry.name().unwrap().into_owned(), entry.unix_mode().unwrap() & 0o777));
    }
    entries
}

/// The zips that the project's packages are.
fn zips(project: &Project) -> Vec<(String, Vec<u8>)> {
    let mut files = tree(project, ".phalanx/packages");
    files.retain(|(name, _)| name.ends_with(".zip"));
    files
}
