//! Calls of deployed functions: through the package and the environment that were deployed, the
//! payload on standard output, everything else on standard error.

use std::fmt::Write as _;

use serde_json::json;

use super::{BOOTSTRAP, QUEUE_URL, change, orders};
use crate::support::Project;

fn deployed() -> Project {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    project
}

#[test]
fn the_deployed_package_runs_with_its_resolved_environment() {
    let project = deployed();
    let answer =
        project.phalanx_with(&["invoke", "hello", "--local", "-d", r#"{"n": 1}"#]).succeeds();
    let expected = json!({ "event": { "n": 1 }, "queue": QUEUE_URL, "version": "1" });
    assert_eq!(answer.json(), expected, "standard output is the payload and nothing else");
    assert_eq!(answer.stderr, "function hello | event {\"n\": 1}\n");

    // What is not deployed yet does not count, and neither do files that are gone.
    project.write("app/bootstrap", BOOTSTRAP.replace("\"version\"", "\"other\""));
    std::fs::remove_dir_all(project.root().join("out")).unwrap();
    let default = project.phalanx("invoke hello --local").succeeds();
    assert_eq!(default.json(), json!({ "event": {}, "queue": QUEUE_URL, "version": "1" }));
    for name in ["Hello", "orders-dev-hello"] {
        project.phalanx(&format!("invoke {name} --local --quiet")).succeeds();
    }
}

#[test]
fn events_come_from_files_and_standard_input() {
    let project = deployed().file("event.json", r#"{"from": "file ü"}"#);
    let file = project.phalanx("invoke hello --local -d @event.json").succeeds();
    assert_eq!(file.json()["event"]["from"], "file ü");
    let input = project.phalanx("invoke hello --local -d @-").stdin(r#"{"from": "input"}"#);
    assert_eq!(input.succeeds().json()["event"]["from"], "input");
    let missing = project.phalanx("invoke hello --local -d @evnt.json").exits(2);
    insta::assert_snapshot!(missing.error(), @r#"
    error: cannot read the event from `evnt.json`
      caused by: No such file or directory (os error 2)

    hint: name a file with `-d @FILE`, or give the JSON itself with `-d JSON`
    "#);
    let not_json = project.phalanx("invoke hello --local -d {nope").exits(2);
    insta::assert_snapshot!(not_json.error(), @r#"
    error: the event is not JSON
      caused by: key must be a string at line 1 column 2

    hint: give a JSON document, such as `-d '{"name": "value"}'` or `-d @event.json`
    "#);
    let empty = project.phalanx("invoke hello --local -d @-").exits(2);
    assert!(empty.error().starts_with("error: the event is not JSON"), "{}", empty.scene());
}

#[test]
fn a_handler_that_fails_makes_exit_code_1_and_still_its_payload() {
    let project = deployed();
    let failed = project.phalanx("invoke hello --local -d \"fail\"").exits(1);
    assert_eq!(
        failed.json(),
        json!({ "errorType": "NoStock", "errorMessage": "no stock", "stackTrace": ["at bootstrap"] })
    );
    insta::assert_snapshot!(failed.error(), @r"
    error: function `hello` failed: NoStock: no stock
    at bootstrap
    ");
    let crashed = project.phalanx("invoke hello --local --quiet -d \"crash\"").exits(1);
    assert_eq!(crashed.json()["errorType"], "Runtime.ExitError");
    insta::assert_snapshot!(crashed.error(), @r#"
    error: function `hello` failed: Runtime.ExitError: the function exited with code 7 before it answered
    event "crash"
    about to fall
    "#);
}

#[test]
fn a_function_that_takes_too_long_is_stopped() {
    let project = orders();
    change(&project, "\"30s\"", "\"1s\"");
    project.phalanx("deploy --local").succeeds();
    let late = project.phalanx("invoke hello --local --quiet -d \"hang\"").exits(1);
    assert_eq!(late.json()["errorType"], "Sandbox.Timedout");
    insta::assert_snapshot!(late.error(), @r#"
    error: function `hello` failed: Sandbox.Timedout: function timed out after 1 s
    event "hang"

    hint: raise `timeout` of function `hello`
    "#);
}

#[test]
fn unknown_functions_and_stages_are_told_with_the_nearest() {
    let project = deployed();
    let near = project.phalanx("invoke helo --local").exits(2);
    insta::assert_snapshot!(near.error(), @r"
    error: stack `orders-dev` has no function `helo`

    hint: did you mean `hello`?
    ");
    let far = project.phalanx("invoke something --local").exits(2);
    insta::assert_snapshot!(far.error(), @r"
    error: stack `orders-dev` has no function `something`

    hint: its functions: hello
    ");
}

/// True when the machine has this interpreter; CI must.
#[expect(clippy::print_stderr, reason = "what is not tested must be seen")]
fn has(interpreter: &str) -> bool {
    let found = std::process::Command::new(interpreter).arg("--version").output();
    let found = found.is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "CI must have `{interpreter}`");
    if !found {
        eprintln!("NOT TESTED: there is no `{interpreter}` on this machine");
    }
    found
}

#[test]
fn handlers_in_python_and_node() {
    let mut manifest = "[service]\nname = \"mixed\"\nregion = \"eu-central-1\"\n".to_owned();
    let languages = [("python3", "python3.13", "snake"), ("node", "nodejs22.x", "script")];
    let present: Vec<_> = languages.into_iter().filter(|(program, ..)| has(program)).collect();
    for (_, runtime, name) in &present {
        write!(
            manifest,
            "[functions.{name}]\ncode = \"{name}\"\nhandler = \"app.handler\"\nruntime = \"{runtime}\"\n\
             environment = {{ GREETING = \"hi\" }}\n"
        )
        .unwrap();
    }
    if present.is_empty() {
        return;
    }
    let python = "import os\ndef handler(event, context):\n    print('log', event)\n    \
                  if event.get('fail'): raise ValueError('no stock')\n    \
                  return {'said': os.environ['GREETING'], 'to': event.get('name')}\n";
    let node = "exports.handler = async (event) => {\n  console.log('log', event);\n  \
                if (event.fail) throw new RangeError('no stock');\n  \
                return { said: process.env.GREETING, to: event.name };\n};\n";
    let project = Project::new(&manifest).file("snake/app.py", python).file("script/app.js", node);
    project.phalanx("deploy --local").succeeds();
    for (_, _, name) in &present {
        let call = |event| project.phalanx_with(&["invoke", name, "--local", "-d", event]);
        let answer = call(r#"{"name": "you"}"#).succeeds().says(&format!("function {name} | log"));
        assert_eq!(answer.json(), json!({ "said": "hi", "to": "you" }));
        let failed = call(r#"{"fail": true}"#).exits(1);
        assert_eq!(failed.json()["errorMessage"], "no stock", "{}", failed.scene());
        assert!(failed.error().contains(": no stock\n"), "{}", failed.scene());
    }
}
