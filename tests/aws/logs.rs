//! What functions log: all of them together, by time, and followed.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ORDERS, talking};
use crate::support::{Account, Answer, Project, Scripted, change};

/// A service of two functions, deployed; the second one has never run.
fn deployed(account: &Account) -> Project {
    let project = talking();
    change(&project, "[resources", "[functions.second]\ncode = \"app/bootstrap\"\n\n[resources");
    account.phalanx(&project, "deploy").succeeds();
    project
}

fn call(account: &Account, project: &Project, function: &str, event: &str) {
    account.phalanx(project, &format!("invoke {function} -q -d {event}")).succeeds();
}

/// The entries that a command printed, one in each line.
fn entries(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn lines_of_all_functions_by_time() {
    let Some(account) = Account::alone() else { return };
    let project = deployed(&account);
    let none = account.phalanx(&project, "logs").succeeds();
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", ""));
    for (function, event) in [("hello", "1"), ("second", "2"), ("hello", "3")] {
        call(&account, &project, function, event);
    }
    let all = account.phalanx(&project, "logs").succeeds();
    let shown: Vec<&str> = all.stdout.lines().filter(|line| line.contains("| event")).collect();
    // A time has 24 characters.
    let shown: Vec<&str> = shown.iter().map(|line| &line[25..]).collect();
    assert_eq!(shown, ["hello | event 1", "second | event 2", "hello | event 3"]);
    assert!(all.stdout.contains(" hello | START RequestId: "), "{}", all.stdout);

    let json = account.phalanx(&project, "logs second --output json").succeeds();
    let second = entries(&json.stdout);
    assert_eq!(second.len(), 4, "{}", json.stdout);
    assert!(second.iter().all(|entry| entry["source"] == "second"), "{}", json.stdout);
    assert!(second.iter().any(|entry| entry["message"] == "event 2"), "{}", json.stdout);
    let time = second[3]["time"].as_str().unwrap();
    let later =
        account.phalanx(&project, &format!("logs --since {time} --filter event")).succeeds();
    assert_eq!(later.stdout.lines().next_back().unwrap()[25..], *"hello | event 3");
    assert!(!later.stdout.contains("event 1"), "{}", later.stdout);
    let filtered = account.phalanx(&project, "logs --filter event").succeeds();
    assert_eq!(filtered.stdout.lines().count(), 3, "{}", filtered.stdout);
}

#[test]
fn an_asynchronous_call_is_seen_in_the_log_that_is_followed() {
    let Some(account) = Account::alone() else { return };
    let project = deployed(&account);
    call(&account, &project, "hello", "1");
    let mut following = account.phalanx(&project, "logs --follow --filter event").start();
    following.prints("hello | event 1");
    let id = account.phalanx(&project, "invoke second --async -d [2]").succeeds();
    assert_eq!(id.stdout.trim_end().len(), 36, "{}", id.scene());
    let told = following.prints("second | event [2]");
    assert_eq!(told.matches("event 1").count(), 0, "told twice: {told}");
    call(&account, &project, "hello", "3");
    let told = following.prints("hello | event 3");
    assert_eq!(told.lines().count(), 1, "told twice: {told}");
    let ended = following.interrupt().exits(130);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let Some(account) = Account::alone() else { return };
    let project = deployed(&account);
    call(&account, &project, "hello", "1");
    let mut command = account.phalanx(&project, "logs --follow").into_command();
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(30), "it goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(child.wait().unwrap().success());
}

#[test]
fn foreign_text_cannot_drive_the_terminal() {
    let Some(account) = Account::alone() else { return };
    let project = deployed(&account);
    let group = "logGroupName='/aws/lambda/orders-dev-hello', logStreamName='one'";
    account.ask("logs", &format!("create_log_stream({group})"));
    let events = r"[{'timestamp': 1700000000000, 'message': 'red \x1b[31m\nsecond line\n'}]";
    account.ask("logs", &format!("put_log_events({group}, logEvents={events})"));
    let shown = account.phalanx(&project, "logs").succeeds();
    insta::assert_snapshot!(shown.stdout, @r#"
    2023-11-14T22:13:20.000Z hello | red \u{1b}[31m
    2023-11-14T22:13:20.000Z hello | second line
    "#);
}

/// A function that only CloudFormation knows where to log.
const OWN_LOG: &str = r#"
[resources.Own]
Type = "AWS::Lambda::Function"

[resources.Own.Properties]
Code = { ZipFile = "def handler(event, context): pass" }
Handler = "index.handler"
Runtime = "python3.13"
Role = { "Fn::GetAtt" = ["HelloRole", "Arn"] }
LoggingConfig = { LogGroup = { "Fn::Sub" = "/own/${AWS::StackName}" } }
"#;

#[test]
fn a_log_group_that_the_template_does_not_name_plainly() {
    let Some(account) = Account::new() else { return };
    let project =
        Project::new(&format!("{ORDERS}{OWN_LOG}")).script("app/bootstrap", "#!/bin/sh\n");
    account.phalanx(&project, "deploy").succeeds();
    let group = "logGroupName='/own/orders-dev'";
    account.ask("logs", &format!("create_log_group({group})"));
    account.ask("logs", &format!("create_log_stream({group}, logStreamName='one')"));
    let events = "[{'timestamp': 1700000000000, 'message': 'from afar'}]";
    account
        .ask("logs", &format!("put_log_events({group}, logStreamName='one', logEvents={events})"));
    let shown = account.phalanx(&project, "logs Own").succeeds().stdout;
    assert_eq!(shown, "2023-11-14T22:13:20.000Z Own | from afar\n");
}

#[test]
fn what_has_no_logs_says_so() {
    let Some(account) = Account::alone() else { return };
    let project = talking();
    project.phalanx("deploy --local").succeeds();
    insta::assert_snapshot!(project.phalanx("logs --local").exits(2).error(), @r#"
    error: the local cloud keeps no logs

    hint: `phalanx invoke FUNCTION --local` shows what the function prints
    "#);
    insta::assert_snapshot!(project.phalanx("logs helo --local").exits(2).error(), @r#"
    error: stack `orders-dev` has no function `helo`

    hint: did you mean `hello`?
    "#);
    insta::assert_snapshot!(account.phalanx(&project, "logs").exits(1).error(), @r#"
    error: there is no stack `orders-dev` in the `aws` cloud

    hint: deploy it first with `phalanx deploy --stage dev`, or name another stage with `--stage`
    "#);
    insta::assert_snapshot!(project.phalanx("logs --since yesterday").exits(2).error(), @r#"
    error: invalid value 'yesterday' for '--since <TIME>': write `10m`, `2h`, or a time such as `2026-11-25T10:00:00Z`

    For more information, try '--help'.
    "#);
}

#[test]
fn pages_are_followed_and_a_throttled_call_is_made_again() {
    let Some(account) = Account::new() else { return };
    let project = talking();
    account.phalanx(&project, "deploy").succeeds();
    let server = Scripted::before(&account);
    let page = |id: usize, token: &str| {
        let event = format!(
            r#"{{"eventId":"{id}","timestamp":170000000000{id},"message":"line {id}\n","logStreamName":"s"}}"#
        );
        Answer::body(200, format!(r#"{{"events":[{event}]{token}}}"#))
    };
    server.script(
        "FilterLogEvents",
        [
            page(2, r#","nextToken":"a""#),
            Answer::error(400, "ThrottlingException", "Rate exceeded"),
            // A page may be empty although there are more.
            Answer::body(200, r#"{"events":[],"nextToken":"b"}"#),
            page(1, ""),
        ],
    );
    let shown = server.phalanx(&project, "logs --since 2020-01-01T00:00:00Z").succeeds();
    insta::assert_snapshot!(shown.stdout, @r"
    2023-11-14T22:13:20.001Z hello | line 1
    2023-11-14T22:13:20.002Z hello | line 2
    ");
    assert_eq!(server.counts()["FilterLogEvents"], 4);

    let denied = Answer::error(400, "AccessDeniedException", "not authorized");
    server.script("FilterLogEvents", [denied]);
    let error = server.phalanx(&project, "logs").exits(1).error().to_owned();
    assert!(error.contains("`logs:FilterLogEvents`"), "{error}");
}
