//! `deploy --code-only`: functions get their code without their stack, all of them or none; what the
//! stack's template says of them is set right by the next whole deployment.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{BOOTSTRAP, BROKEN, change, objects, talking};
use crate::support::{Account, Answer, Finished, Project, Scripted, in_parallel};

/// A service of two functions with packages of their own, deployed.
fn deployed(account: &Account) -> Project {
    let project = talking().script("app/second", &code("second 1"));
    change(&project, "[resources", "[functions.second]\ncode = \"app/second\"\n\n[resources");
    account.phalanx(&project, "deploy").succeeds();
    project
}

/// A function that says which one it is.
fn code(version: &str) -> String {
    BOOTSTRAP
        .replace("\\\"version\\\":\\\"$VERSION\\\"", &format!("\\\"version\\\":\\\"{version}\\\""))
}

/// What a function's code says of itself.
fn version(account: &Account, project: &Project, function: &str) -> String {
    let began = Instant::now();
    loop {
        let answer = account.phalanx(project, &format!("invoke {function} -q")).finish();
        if answer.code == Some(0) {
            return answer.json()["version"].as_str().unwrap().to_owned();
        }
        // The server stops functions whose code has changed, sometimes one that has just started; this
        // event makes no function end by itself.
        let stopped = ["Runtime.Unknown", "Runtime.ExitError"];
        let stopped = stopped.iter().any(|end| answer.stdout.contains(end));
        assert!(stopped && began.elapsed() < Duration::from_secs(30), "{}", answer.scene());
    }
}

fn template(account: &Account) -> Value {
    account.ask("cloudformation", "get_template(StackName='orders-dev')")["TemplateBody"].clone()
}

fn digest(account: &Account, function: &str) -> Value {
    let call = format!("get_function_configuration(FunctionName='orders-dev-{function}')");
    account.ask("lambda", &call)["CodeSha256"].clone()
}

fn has_record(account: &Account) -> bool {
    objects(account).contains(&format!("behind/{}/orders-dev.json", account.id))
}

/// Without the ids of builds.
fn told(finished: &Finished) -> String {
    let line = finished.stdout.lines().find(|line| line.starts_with("behind: ")).unwrap();
    let build = line.split("build ").nth(1).unwrap();
    line.replace(&build[..12], "[BUILD]")
}

#[test]
fn the_template_stays_behind_until_all_is_deployed() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let run = |words: &str| account.phalanx(&project, words);
    let (before, old) = (template(&account), digest(&account, "hello"));

    let nothing = run("deploy --code-only").succeeds();
    assert!(nothing.stdout.starts_with("no changes to stack orders-dev\n"), "{}", nothing.scene());
    assert!(!has_record(&account));

    project.write("app/bootstrap", code("2"));
    let fast = run("deploy --code-only").succeeds();
    insta::assert_snapshot!(fast.stdout.lines().take(2).collect::<Vec<_>>().join("\n"), @r#"
    updated the code of hello
    the template of stack orders-dev is behind until the next deployment of all of it
    "#);
    assert_eq!(version(&account, &project, "hello"), "2");
    assert_ne!(digest(&account, "hello"), old);
    assert_eq!(template(&account), before, "the stack did not change");
    insta::assert_snapshot!(told(&run("status").succeeds()), @"behind: Hello runs the code of build [BUILD] since 2023-11-14T22:13:20Z: `phalanx deploy` brings stack and functions together");
    let plan = run("plan --exit-code").exits(4);
    told(&plan);
    assert_eq!(run("plan --output json").succeeds().json()["behind"]["settled"], true);

    // The whole deployment brings the code to the template.
    let whole = run("deploy --output json").succeeds().json();
    assert_eq!(whole["change"], "updated");
    assert_eq!(version(&account, &project, "hello"), "2");
    assert!(!has_record(&account));
    assert!(!run("status").succeeds().stdout.contains("behind"));
    run("plan --exit-code").succeeds();
}

#[test]
fn functions_go_back_to_a_template_that_did_not_change() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let run = |words: &str| account.phalanx(&project, words);
    project.write("app/second", code("second 2"));
    run("deploy --code-only").succeeds();
    assert_eq!(version(&account, &project, "second"), "second 2");
    project.write("app/second", code("second 1"));
    let plan = run("plan --exit-code").exits(4);
    insta::assert_snapshot!(plan.stdout.lines().next_back().unwrap(), @"no changes to stack orders-dev in the aws cloud");
    told(&plan);
    let whole =
        run("deploy").succeeds().says("1 function got the code that the stack's template names");
    assert!(whole.stdout.starts_with("no changes to stack orders-dev\n"), "{}", whole.scene());
    assert_eq!(version(&account, &project, "second"), "second 1");
    assert!(!has_record(&account));
    run("plan --exit-code").succeeds();

    // The fast path itself brings them back too, and then nothing is behind.
    project.write("app/second", code("second 2"));
    run("deploy --code-only").succeeds();
    project.write("app/second", code("second 1"));
    run("deploy --code-only").succeeds();
    assert_eq!(version(&account, &project, "second"), "second 1");
    assert!(!has_record(&account));
}

#[test]
fn a_whole_deployment_that_fails_may_leave_any_code() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let run = |words: &str| account.phalanx(&project, words);
    project.write("app/bootstrap", code("2"));
    run("deploy --code-only").succeeds();
    change(&project, "VisibilityTimeout = 30", BROKEN);
    run("deploy").exits(1);
    let told = told(&run("status").succeeds());
    assert!(told.contains("or what they ran before"), "{told}");
    change(&project, BROKEN, "VisibilityTimeout = 30");
    run("deploy --code-only").succeeds();
    assert_eq!(version(&account, &project, "hello"), "2");
    run("deploy").succeeds();
    assert_eq!(version(&account, &project, "hello"), "2");
    assert!(!has_record(&account));
}

#[test]
fn anything_else_in_the_plan_is_refused_with_the_list() {
    let Some(account) = Account::new() else { return };
    let project = talking();
    let run = |words: &str| account.phalanx(&project, words);
    insta::assert_snapshot!(run("deploy --code-only").exits(2).error(), @r#"
    error: stack `orders-dev` is new: it has no functions yet that could get other code

    hint: leave out `--code-only` to deploy all of it
    "#);
    run("deploy").succeeds();
    let old = digest(&account, "hello");
    project.write("app/bootstrap", code("2"));
    change(&project, "code = \"app/bootstrap\"", "code = \"app/bootstrap\"\nmemory = 512");
    change(&project, "VisibilityTimeout = 30", "VisibilityTimeout = 60");
    change(&project, "name = \"orders\"", "name = \"orders\"\ntags = { Team = \"shop\" }");
    change(
        &project,
        "[outputs",
        "[resources.Topic]\nType = \"AWS::SNS::Topic\"\n\n[outputs.More]\nValue = \"x\"\n\n[outputs",
    );
    insta::assert_snapshot!(run("deploy --code-only").exits(2).error(), @r#"
    error: more than the code of functions would change in stack `orders-dev`
      Hello (AWS::Lambda::Function) changes its Properties.MemorySize
      WorkerQueue (AWS::SQS::Queue) changes its Properties.VisibilityTimeout
      Topic (AWS::SNS::Topic) is new
      output More changes
      tag Team changes

    hint: leave out `--code-only` to deploy all of it
    "#);
    run("deploy --code-only --dry-run").exits(2);
    assert_eq!(digest(&account, "hello"), old, "nothing was changed");
    let local = project.phalanx("deploy --code-only --local").exits(2);
    insta::assert_snapshot!(local.error(), @r#"
    error: the `local` cloud has no functions apart from their stack's template

    hint: leave out `--code-only`: a deployment there is as fast
    "#);
}

#[test]
fn a_function_that_fails_leaves_all_as_they_were() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let server = Scripted::before(&account);
    let digests = || ["hello", "second"].map(|function| digest(&account, function));
    let old = digests();
    project.write("app/bootstrap", code("2"));
    project.write("app/second", code("second 2"));

    // Lambda does not take one of them.
    let refused =
        Answer::error(400, "InvalidParameterValueException", "Unzipped size must be smaller");
    server.fault("UpdateFunctionCode", 2, refused.clone());
    let failed = server.phalanx(&project, "deploy --code-only").exits(1);
    // Both are updated at once.
    let error =
        failed.error().replace("dev-hello", "dev-[NAME]").replace("dev-second", "dev-[NAME]");
    insta::assert_snapshot!(error, @r#"
    error: function `orders-dev-[NAME]` cannot run its new code: Unzipped size must be smaller; all functions run again the code that they had

    hint: correct the package, then run the same command again
    "#);
    assert_eq!(digests(), old);
    assert!(!has_record(&account));

    // Nor does it take back what it had: then the record stays, and a whole deployment heals.
    server.script("UpdateFunctionCode", [Answer::Forward, refused]);
    let failed = server.phalanx(&project, "deploy --code-only").exits(1);
    assert!(
        failed.error().contains("not put back to the code that they had: orders-dev-"),
        "{}",
        failed.scene()
    );
    assert!(
        failed.error().contains("hint: run the same command again, or `phalanx deploy`"),
        "{}",
        failed.scene()
    );
    told(&account.phalanx(&project, "status").succeeds());
    account.phalanx(&project, "deploy").succeeds();
    assert!(!has_record(&account));
    assert_eq!(version(&account, &project, "hello"), "2");
    assert_eq!(version(&account, &project, "second"), "second 2");
}

#[test]
fn a_function_that_cannot_run_its_new_code_gets_the_old_one() {
    let Some(account) = Account::new() else { return };
    let project = talking();
    account.phalanx(&project, "deploy").succeeds();
    let old = digest(&account, "hello");
    project.write("app/bootstrap", code("2"));
    let server = Scripted::before(&account);
    // It is at rest when it is looked at twice before the update; the third time is after it.
    let rests = AtomicUsize::new(0);
    let third = move |text: String| match text.contains("Successful") {
        true if rests.fetch_add(1, Ordering::Relaxed) == 2 => text.replace("Successful", "Failed"),
        _ => text,
    };
    server.script("GetFunctionConfiguration", [Answer::Edit(Arc::new(third))]);
    let failed = server.phalanx(&project, "deploy --code-only").exits(1);
    insta::assert_snapshot!(failed.error(), @r#"
    error: function `orders-dev-hello` cannot run its new code: Lambda gives no reason; all functions run again the code that they had

    hint: correct the package, then run the same command again
    "#);
    assert_eq!(digest(&account, "hello"), old);
    assert_eq!(server.counts()["UpdateFunctionCode"], 2);
    assert!(!has_record(&account));
}

#[test]
fn who_may_not_look_into_the_bucket_still_sees_the_stack() {
    let Some(account) = Account::new() else { return };
    let project = talking();
    account.phalanx(&project, "deploy").succeeds();
    let server = Scripted::before(&account);
    server.script("GetObject", [Answer::error(403, "AccessDenied", "not authorized")]);
    let status = server.phalanx(&project, "status").succeeds();
    assert!(
        status.stdout.starts_with("stack    orders-dev  CREATE_COMPLETE\n"),
        "{}",
        status.scene()
    );
    status.says("warning: cannot tell whether functions run other code than the template names");
    server.phalanx(&project, "plan --exit-code").succeeds().says("warning: cannot tell");
    // A deployment must know.
    server.phalanx(&project, "deploy").exits(1).says("`s3:GetObject`");
}

#[test]
fn an_interrupt_leaves_all_as_they_were() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let old = ["hello", "second"].map(|function| digest(&account, function));
    project.write("app/bootstrap", code("2"));
    project.write("app/second", code("second 2"));
    let server = Scripted::before(&account);
    server.script("UpdateFunctionCode", [Answer::Slow(Duration::from_millis(500))]);
    let run = server.phalanx(&project, "deploy --code-only --events").start();
    let run = run.until(r#""step-started","step":"provision""#);
    let began = Instant::now();
    while !server.counts().contains_key("UpdateFunctionCode") {
        assert!(began.elapsed() < Duration::from_secs(30), "no function is updated");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.interrupt().exits(130);
    assert_eq!(["hello", "second"].map(|function| digest(&account, function)), old);
    assert!(!has_record(&account));
}

/// Starts a run and kills it at a call, before or after that is done.
fn kill(server: &Scripted, project: &Project, operation: &str, nth: usize, done: bool) {
    server.fault(operation, nth, Answer::Stall { done });
    let mut run = server.phalanx(project, "deploy --code-only").into_command();
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !server.is_stalled() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {operation} {nth}");
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to {operation} {nth}");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    server.forward_all();
}

#[test]
fn a_run_that_fails_after_one_that_was_killed_forgets_nothing() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let server = Scripted::before(&account);
    project.write("app/bootstrap", code("2"));
    kill(&server, &project, "UpdateFunctionCode", 1, true);
    project.write("app/bootstrap", code("3"));
    let refused =
        Answer::error(400, "InvalidParameterValueException", "Unzipped size must be smaller");
    server.script("UpdateFunctionCode", [refused]);
    server.phalanx(&project, "deploy --code-only").exits(1);
    assert!(
        told(&account.phalanx(&project, "status").succeeds()).contains("or what they ran before")
    );
    account.phalanx(&project, "deploy --code-only").succeeds().says("did not end well");
    assert_eq!(version(&account, &project, "hello"), "3");
}

#[test]
fn a_run_that_was_killed_is_healed_by_the_same_command_and_by_a_whole_deployment() {
    if Account::new().is_none() {
        return;
    }
    // The first two objects are packages, the others the record.
    let calls =
        [("PutObject", 3), ("PutObject", 4), ("UpdateFunctionCode", 1), ("UpdateFunctionCode", 2)];
    let scenes: Vec<_> = ["deploy --code-only", "deploy"]
        .into_iter()
        .flat_map(|again| calls.map(|(operation, nth)| (again, operation, nth)))
        .flat_map(|(again, operation, nth)| [false, true].map(|done| (again, operation, nth, done)))
        .collect();
    in_parallel(
        scenes,
        |scene| format!("{scene:?}"),
        |(again, operation, nth, done)| {
            let account = Account::new().unwrap();
            let (server, project) = (Scripted::before(&account), deployed(&account));
            let run = |words: &str| account.phalanx(&project, words);
            project.write("app/bootstrap", code("2"));
            project.write("app/second", code("second 2"));
            kill(&server, &project, operation, nth, done);
            if has_record(&account) {
                told(&run("status").succeeds());
            }
            run(again).succeeds();
            assert_eq!(version(&account, &project, "hello"), "2");
            assert_eq!(version(&account, &project, "second"), "second 2");
            assert_eq!(has_record(&account), again.contains("code-only"));
            run("deploy").succeeds();
            assert!(!has_record(&account));
            run("plan --exit-code").succeeds();
        },
    );
}
