//! Packages on their way to the bucket: each once, large ones in parts, and none left half-way.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{ORDERS, change, later, objects, orders, packages, stacks};
use crate::support::{Account, Project};

#[test]
fn functions_that_share_code_store_it_once() {
    let Some(account) = Account::new() else { return };
    let functions =
        (1..100).map(|number| format!("[functions.f{number}]\ncode = \"app/bootstrap\"\n"));
    let manifest = ORDERS.to_owned() + &functions.collect::<String>();
    let project = Project::new(&manifest).script("app/bootstrap", "#!/bin/sh\n");
    account.phalanx(&project, "deploy").succeeds().says("1 stored, 0 already there");
    assert_eq!(packages(&account).len(), 1);
    let functions =
        account.ask("lambda", "get_paginator('list_functions').paginate().build_full_result()");
    let functions = functions["Functions"].as_array().unwrap();
    assert_eq!(functions.len(), 100);
    assert!(functions.iter().all(|function| function["CodeSha256"] == functions[0]["CodeSha256"]));
}

/// A service with so many bytes that do not compress.
fn heavy(size: usize) -> Project {
    let mut state = 1_u64;
    let bytes = std::iter::repeat_with(|| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    });
    let bytes: Vec<u8> = bytes.take(size).collect();
    let project = orders();
    change(&project, "code = \"app/bootstrap\"", "code = \"app\"");
    project.file("app/data", bytes)
}

/// What S3 has of the package, and the digest of what was sent.
fn assert_stored(account: &Account, project: &Project) {
    let key = &packages(account)[0];
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    let object = format!("Bucket='{bucket}', Key='{key}'");
    let stored = account.evaluate(
        "s3",
        &format!("hashlib.sha256(client.get_object({object})['Body'].read()).hexdigest()"),
    );
    let zip = std::fs::read_dir(project.root().join(".phalanx/packages")).unwrap();
    let zip = zip
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "zip"));
    let sent = phalanx::digest::Digest::of(std::fs::read(zip.unwrap()).unwrap());
    assert_eq!(stored, json!(sent.to_string()));
    let head = account.ask("s3", &format!("head_object({object})"));
    let tag = head["ETag"].as_str().unwrap();
    assert!(tag.trim_matches('"').ends_with("-5"), "it came in five parts: {tag}");
}

fn uploads(account: &Account) -> usize {
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    let listed = account.ask("s3", &format!("list_multipart_uploads(Bucket='{bucket}')"));
    listed["Uploads"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_large_package_goes_in_parts_and_arrives_as_it_is() {
    let Some(account) = Account::new() else { return };
    let project = heavy(40_000_000);
    let run = account.phalanx(&project, "deploy --events").succeeds();
    assert_stored(&account, &project);
    assert_eq!(uploads(&account), 0);
    let events = run.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let progress: Vec<(u64, u64)> = events
        .filter(|event| event["task"] == "upload package of hello")
        .map(|event| (event["done"].as_u64().unwrap(), event["total"].as_u64().unwrap()))
        .collect();
    assert_eq!(progress.len(), 6, "{progress:?}");
    assert!(progress.is_sorted(), "{progress:?}");
    let (done, total) = progress[5];
    assert!(done == total && total > 40_000_000, "{progress:?}");
}

#[test]
fn a_large_package_is_never_in_memory_as_a_whole() {
    let Some(account) = Account::new() else { return };
    let project = heavy(160_000_000);
    // Made before, so that what is measured is the upload.
    account.phalanx(&project, "package").succeeds();
    let deploy = account.phalanx(&project, "deploy").into_command();
    let script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); \
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let mut measured = Command::new("python3");
    measured.args(["-c", script]).arg(deploy.get_program()).args(deploy.get_args());
    measured.current_dir(deploy.get_current_dir().unwrap()).env_clear();
    for (name, value) in deploy.get_envs() {
        measured.env(name, value.unwrap_or_default());
    }
    let output = measured.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let kilobytes: u64 = printed.lines().last().unwrap().parse().unwrap();
    assert!(kilobytes < 100_000, "{kilobytes} kB for 160 MB");
}

#[test]
fn a_large_upload_that_is_killed_leaves_nothing_behind_gc() {
    let Some(account) = Account::new() else { return };
    let project = heavy(40_000_000);
    let mut command = account.phalanx(&project, "deploy --events").into_command();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_under_way = |line: &String| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["task"] == "upload package of hello" && event["done"] != 0
    };
    assert!(lines.any(|line| is_under_way(&line.unwrap())), "no part was told");
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(uploads(&account), 1, "it was killed amid the upload");
    assert_eq!(packages(&account), Vec::<String>::new());

    account.phalanx(&project, "deploy").succeeds();
    assert_stored(&account, &project);
    assert_eq!(uploads(&account), 1, "nobody may take away what another run could be sending");
    // A day has not passed.
    let young = later(account.phalanx(&project, "gc --output json")).succeeds().json();
    assert_eq!(young["young"][0]["kind"], "upload", "{young:#}");
    assert_eq!(uploads(&account), 1);
    let gone = later(account.phalanx(&project, "gc --min-age 1h --output json")).succeeds().json();
    assert_eq!(gone["removed"][0]["kind"], "upload", "{gone:#}");
    assert_eq!(uploads(&account), 0);
    assert_stored(&account, &project);
}

#[test]
fn a_large_upload_that_is_interrupted_is_taken_back() {
    let Some(account) = Account::new() else { return };
    let project = heavy(40_000_000);
    let run = account.phalanx(&project, "deploy --events").start();
    let run = run.until("\"task\":\"upload package of hello\",\"done\":8388608");
    run.interrupt().exits(130);
    assert_eq!(uploads(&account), 0);
    assert_eq!(stacks(&account), Vec::<String>::new());
}

#[test]
fn a_bucket_that_was_left_half_made_is_completed() {
    let Some(account) = Account::new() else { return };
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    account.ask(
        "s3",
        &format!("create_bucket(Bucket='{bucket}', CreateBucketConfiguration={{'LocationConstraint': 'eu-central-1'}})"),
    );
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let policy = account.ask("s3", &format!("get_bucket_policy(Bucket='{bucket}')"));
    assert!(policy["Policy"].as_str().unwrap().contains("aws:SecureTransport"), "{policy}");
    assert!(objects(&account).contains(&"phalanx/bucket-1.json".to_owned()));
}
