//! Calls of deployed functions: the payload on standard output, everything else on standard error.

use serde_json::json;

use super::{change, talking};
use crate::support::{Account, Answer, Project, Scripted};

fn deployed(account: &Account) -> Project {
    let project = talking();
    account.phalanx(&project, "deploy").succeeds();
    project
}

#[test]
fn the_answer_is_the_payload_and_the_log_is_told() {
    let Some(account) = Account::alone() else { return };
    let project = deployed(&account);
    let answer = account.phalanx(&project, r#"invoke hello -d {"n":1}"#).succeeds();
    assert_eq!(answer.json()["event"], json!({ "n": 1 }), "{}", answer.scene());
    assert_eq!(answer.stderr, "function hello | event {\"n\": 1}\n");
    let input = account.phalanx(&project, "invoke orders-dev-hello -d @-").stdin("[2]");
    assert_eq!(input.succeeds().json()["event"], json!([2]));
    let full = account.phalanx(&project, "invoke Hello --output json -q").succeeds().json();
    assert_eq!(full["payload"]["event"], json!({}));
    assert_eq!(full["logs"], json!(["event {}"]));
    assert_eq!(full["function-error"], json!(null));
    assert_eq!(full["request-id"].as_str().unwrap().len(), 36, "{full:#}");
}

#[test]
fn a_function_that_fails_makes_exit_code_1_and_still_its_payload() {
    let Some(account) = Account::alone() else { return };
    let project = deployed(&account);
    let failed = account.phalanx(&project, "invoke hello -d \"fail\"").exits(1);
    assert_eq!(
        failed.json(),
        json!({ "errorType": "NoStock", "errorMessage": "no stock", "stackTrace": ["at bootstrap"] })
    );
    insta::assert_snapshot!(failed.error(), @r"
    error: function `hello` failed: NoStock: no stock
    at bootstrap
    ");
    let crashed = account.phalanx(&project, "invoke hello -q -d \"crash\"").exits(1);
    insta::assert_snapshot!(crashed.error(), @r#"
    error: function `hello` failed: Runtime.ExitError: Runtime exited before returning a response
    event "crash"
    about to fall
    "#);
    let full = account.phalanx(&project, "invoke hello -q --output json -d \"fail\"").exits(1);
    let error = &full.json()["function-error"];
    assert_eq!(error["error-type"], "NoStock");
    assert_eq!(error["kind"], "handled");
}

#[test]
fn what_cannot_be_called_is_told_before_the_call_or_by_lambda() {
    let Some(account) = Account::alone() else { return };
    let project = talking();
    let run = |words: &str| account.phalanx(&project, words);
    insta::assert_snapshot!(run("invoke hello").exits(1).error(), @r#"
    error: there is no stack `orders-dev` in the `aws` cloud

    hint: deploy it first with `phalanx deploy --stage dev`, or name another stage with `--stage`
    "#);
    run("deploy").succeeds();
    insta::assert_snapshot!(run("invoke helo").exits(2).error(), @r#"
    error: stack `orders-dev` has no function `helo`

    hint: did you mean `hello`?
    "#);
    insta::assert_snapshot!(run("invoke hello -d {nope").exits(2).error(), @r#"
    error: the event is not JSON
      caused by: key must be a string at line 1 column 2

    hint: give a JSON document, such as `-d '{"name": "value"}'` or `-d @event.json`
    "#);

    let megabytes = |count: usize| format!("\"{}\"", "x".repeat(count << 20));
    project.write("event.json", megabytes(1));
    insta::assert_snapshot!(run("invoke hello --async -d @event.json").exits(2).error(), @r#"
    error: the event has 1048578 bytes, and Lambda takes at most 1048576 (1.0 MiB) when nobody waits for the answer

    hint: store the data, for example in S3, and let the event say where it is
    "#);
    run("invoke hello -q -d @event.json").succeeds();
    project.write("event.json", megabytes(6));
    insta::assert_snapshot!(run("invoke hello -d @event.json").exits(2).error(), @r#"
    error: the event has 6291458 bytes, and Lambda takes at most 6291456 (6.0 MiB)

    hint: store the data, for example in S3, and let the event say where it is
    "#);
    insta::assert_snapshot!(run("invoke hello --async --local").exits(2).error(), @r#"
    error: the argument '--async' cannot be used with '--local'

    Usage: phalanx invoke --async <FUNCTION>

    For more information, try '--help'.
    "#);

    change(&project, "[outputs", "[functions.later]\ncode = \"app/bootstrap\"\n\n[outputs");
    insta::assert_snapshot!(run("invoke later").exits(2).error(), @r#"
    error: stack `orders-dev` has no function `later`

    hint: the manifest has it, and it is not deployed yet: run `phalanx deploy`
    "#);

    account.ask(
        "lambda",
        "put_function_concurrency(FunctionName='orders-dev-hello', ReservedConcurrentExecutions=0)",
    );
    insta::assert_snapshot!(run("invoke hello").exits(1).error(), @r#"
    error: Lambda throttled the call of `orders-dev-hello`: Rate Exceeded: function orders-dev-hello at ReservedConcurrentExecutions

    hint: run the same command again in a moment, or raise `reserved-concurrency` of the function or the account's limit
    "#);
    account.ask("lambda", "delete_function(FunctionName='orders-dev-hello')");
    insta::assert_snapshot!(run("invoke hello").exits(1).error(), @r#"
    error: function `orders-dev-hello` is in the stack and no longer in Lambda

    hint: someone deleted it: `phalanx drift` tells what else is not as deployed
    "#);
}

#[test]
fn a_function_that_is_not_ready_is_not_called_again() {
    let Some(account) = Account::new() else { return };
    let project = deployed(&account);
    let server = Scripted::before(&account);
    let pending = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    for (status, code) in [(409, "ResourceConflictException"), (502, "ResourceNotReadyException")] {
        server.script("Invoke", [Answer::error(status, code, pending)]);
        let error = server.phalanx(&project, "invoke hello").exits(1).error().to_owned();
        insta::allow_duplicates! { insta::assert_snapshot!(error, @r#"
        error: function `orders-dev-hello` is not ready: The operation cannot be performed at this time. The function is currently in the following state: Pending

        hint: run the same command again in a moment
        "#); }
    }
    // It may have run, so it is not for us to run it twice.
    for ill in [Answer::error(500, "ServiceException", "sorry"), Answer::Lose, Answer::Cut] {
        server.script("Invoke", [ill]);
        server.forget_calls();
        server.phalanx(&project, "invoke hello").exits(1);
        assert_eq!(server.counts()["Invoke"], 1);
    }
    server.script("Invoke", [Answer::error(403, "AccessDeniedException", "not authorized")]);
    let error = server.phalanx(&project, "invoke hello").exits(1).error().to_owned();
    assert!(error.contains("`lambda:InvokeFunction`"), "{error}");
}
