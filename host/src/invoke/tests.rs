//! Real functions, run through the real API: a `bootstrap` in Python with nothing but the standard
//! library, and handlers for the two interpreters.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::hint::Explain as _;
use crate::report::{Event, Recorder};

const BOOTSTRAP: &str = r#"#!/usr/bin/env python3
import http.client, json, os, subprocess, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime"
def post(path, body, headers={}):
    api.request("POST", base + path, body, headers)
    reply = api.getresponse()
    return reply.status, reply.read()
if os.environ.get("INIT") == "error":
    post("/init/error", json.dumps({"errorType": "Config", "errorMessage": "no QUEUE_URL", "stackTrace": ["at load"]}))
    sys.exit(1)
if os.environ.get("INIT") == "crash":
    print("cannot find config", file=sys.stderr); sys.exit(3)
if os.environ.get("INIT") == "hang":
    time.sleep(60)
while True:
    api.request("GET", base + "/invocation/next")
    reply = api.getresponse(); event = json.loads(reply.read()); headers = reply.headers
    id = headers["Lambda-Runtime-Aws-Request-Id"]
    print("got", event["do"], flush=True)
    do = event["do"]
    if do == "echo":
        post(f"/invocation/{id}/response", json.dumps({"event": event, "arn": headers["Lambda-Runtime-Invoked-Function-Arn"],
            "trace": headers["Lambda-Runtime-Trace-Id"], "left": int(headers["Lambda-Runtime-Deadline-Ms"]) - time.time() * 1000}))
    elif do == "environment":
        post(f"/invocation/{id}/response", json.dumps(dict(os.environ)))
    elif do == "error":
        post(f"/invocation/{id}/error", json.dumps({"errorType": "Broken", "errorMessage": "no stock \x1b[31m", "stackTrace": ["at a", "at b"]}))
    elif do == "exit":
        print("about to fall", file=sys.stderr, flush=True); os._exit(7)
    elif do == "abort":
        os.abort()
    elif do == "sleep":
        child = subprocess.Popen(["sleep", "60"])
        open(event["pid-file"], "w").write(f"{os.getpid()} {child.pid}")
        time.sleep(60)
    elif do == "slow":
        time.sleep(0.3); post(f"/invocation/{id}/response", '"late but there"')
    elif do == "huge":
        status, _ = post(f"/invocation/{id}/response", b'"' + b"x" * 7_000_000 + b'"')
        print("status", status, flush=True)
    elif do == "stream":
        api.putrequest("POST", f"{base}/invocation/{id}/response")
        api.putheader("Transfer-Encoding", "chunked"); api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        api.endheaders()
        for part in (b"one ", b"two"):
            api.send(b"%x\r\n%s\r\n" % (len(part), part)); time.sleep(0.05)
        api.send(b"0\r\n\r\n"); api.getresponse().read()
    elif do == "wrong-id":
        print("status", post("/invocation/other/response", "")[0], flush=True)
        post(f"/invocation/{id}/response", "1")
        print("again", post(f"/invocation/{id}/response", "")[0], flush=True)
"#;

struct Rig {
    folder: tempfile::TempDir,
    function: FunctionSpec,
    options: Options,
    recorder: Arc<Recorder>,
}

impl Rig {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("hello.zip");
        let bytes = zip_of(files);
        crate::fs::write(&package, &bytes).unwrap();
        let function = FunctionSpec {
            label: "hello".into(),
            function_name: "orders-dev-Hello".into(),
            arn: "arn:aws:lambda:eu-central-1:000000000000:function:orders-dev-Hello".into(),
            package,
            digest: Digest::of(&bytes),
            handler: "bootstrap".into(),
            runtime: "provided.al2023".into(),
            architecture: std::env::consts::ARCH.into(),
            memory: 256,
            timeout: Duration::from_secs(20),
            environment: BTreeMap::from([("TABLE".into(), "orders".into())]),
            region: "eu-central-1".into(),
            log_group: "/aws/lambda/orders-dev-Hello".into(),
        };
        let options = Options::new(folder.path().join("cache"), search_path());
        Self { folder, function, options, recorder: Arc::default() }
    }

    fn bootstrap() -> Self {
        Self::new(&[("bootstrap", BOOTSTRAP)])
    }

    async fn run(&self, event: Value) -> Invocation {
        self.invoke(event.to_string().into_bytes()).await.unwrap()
    }

    async fn invoke(&self, event: Vec<u8>) -> Result<Invocation, InvokeError> {
        invoke(self.function.clone(), event, &self.options, self.recorder.clone()).await
    }

    async fn failure(&self, event: Value) -> FunctionError {
        self.run(event).await.function_error.expect("the function fails")
    }
}

#[expect(clippy::disallowed_methods, reason = "where the test machine has its interpreters")]
fn search_path() -> String {
    std::env::var("PATH").unwrap()
}

fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn json_of(invocation: &Invocation) -> Value {
    serde_json::from_slice(&invocation.payload).unwrap()
}

#[tokio::test]
async fn a_function_gets_its_event_and_answers() {
    let rig = Rig::bootstrap();
    let invocation = rig.run(json!({"do": "echo", "n": 1})).await;
    assert_eq!(invocation.function_error, None);
    let answer = json_of(&invocation);
    assert_eq!(answer["event"], json!({"do": "echo", "n": 1}));
    assert_eq!(answer["arn"], rig.function.arn.as_str());
    assert!(answer["trace"].as_str().unwrap().starts_with("Root=1-"));
    let left = answer["left"].as_f64().unwrap();
    assert!((1_000.0..=20_000.0).contains(&left), "{left}");
    assert!(invocation.init_duration > Duration::ZERO);
    if cfg!(target_os = "linux") {
        assert!(invocation.max_memory.unwrap() > 1 << 20);
    }
    assert_eq!(invocation.logs, ["got echo"]);
    let printed = Event::Output { source: "function hello".into(), line: "got echo".into() };
    assert_eq!(rig.recorder.events(), [printed]);
}

#[tokio::test]
async fn a_function_sees_lambdas_variables_and_its_own_and_no_others() {
    let mut rig = Rig::bootstrap();
    rig.function.environment.insert("AWS_REGION".into(), "mars-north-1".into());
    rig.options.environment.insert("EXTRA".into(), "1".into());
    let seen = json_of(&rig.run(json!({"do": "environment"})).await);
    for (name, value) in [
        ("TABLE", "orders"),
        ("EXTRA", "1"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "orders-dev-Hello"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/orders-dev-Hello"),
        ("_HANDLER", "bootstrap"),
        ("TZ", ":UTC"),
        ("AWS_ACCESS_KEY_ID", "ASIALOCALLOCALLOCAL0"),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
    assert!(seen["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(seen["LAMBDA_TASK_ROOT"].as_str().unwrap().contains("functions"));
    assert!(seen.get("HOME").is_none(), "{seen}");
    assert!(seen.get("CARGO_MANIFEST_DIR").is_none());
}

#[tokio::test]
async fn a_handlers_error_is_handed_on_made_safe() {
    let error = Rig::bootstrap().failure(json!({"do": "error"})).await;
    assert_eq!(error.kind, ErrorKind::Handled);
    assert_eq!(error.to_string(), "function `hello` failed: Broken: no stock \\u{1b}[31m");
    assert_eq!(error.details().unwrap(), "at a\nat b");
}

#[tokio::test]
async fn an_error_while_starting_is_told_from_a_crash() {
    let mut rig = Rig::bootstrap();
    rig.function.environment.insert("INIT".into(), "error".into());
    let error = rig.failure(json!({})).await;
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("Config", "no QUEUE_URL"));
    rig.function.environment.insert("INIT".into(), "crash".into());
    let error = rig.failure(json!({})).await;
    assert_eq!(error.kind, ErrorKind::Unhandled);
    assert_eq!(error.message, "the function exited with code 3 before it asked for an event");
    assert_eq!(error.last_lines, ["cannot find config"]);
}

#[tokio::test]
async fn a_function_that_never_gets_ready_is_stopped() {
    let mut rig = Rig::bootstrap();
    rig.function.environment.insert("INIT".into(), "hang".into());
    rig.options.init_timeout = Duration::from_millis(300);
    let error = rig.failure(json!({})).await;
    assert_eq!(error.error_type, "Sandbox.InitTimedout");
    assert_eq!(error.message, "the function did not ask for an event within 0.3 s");
}

#[tokio::test]
async fn a_crash_tells_the_code_or_signal_and_the_last_lines() {
    let rig = Rig::bootstrap();
    let error = rig.failure(json!({"do": "exit"})).await;
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert_eq!(error.message, "the function exited with code 7 before it answered");
    assert_eq!(error.last_lines, ["got exit", "about to fall"]);
    let error = rig.failure(json!({"do": "abort"})).await;
    assert_eq!(error.message, "the function was killed by SIGABRT (signal 6) before it answered");
}

#[tokio::test]
async fn the_timeout_kills_the_function_and_its_children() {
    let mut rig = Rig::bootstrap();
    rig.function.timeout = Duration::from_secs(1);
    let pids = rig.folder.path().join("pids");
    let started = Instant::now();
    let invocation = rig.run(json!({"do": "sleep", "pid-file": pids})).await;
    let error = invocation.function_error.unwrap();
    assert_eq!(error.message, "function timed out after 1 s");
    assert_eq!(error.hints(), ["raise `timeout` of function `hello`"]);
    assert!(started.elapsed() < Duration::from_secs(15));
    assert!(invocation.duration >= Duration::from_secs(1));
    assert_dead(&pids).await;
}

#[tokio::test]
async fn dropping_the_call_kills_the_function_and_its_children() {
    let rig = Rig::bootstrap();
    let pids = rig.folder.path().join("pids");
    {
        let mut call = std::pin::pin!(rig.run(json!({"do": "sleep", "pid-file": pids})));
        let appeared = async {
            while crate::fs::read_if_present(&pids).unwrap().is_none_or(|text| text.is_empty()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            _ = &mut call => panic!("the function sleeps"),
            () = appeared => {}
        }
    }
    assert_dead(&pids).await;
}

/// Waits, with a bound, until none of the processes named in the file runs.
async fn assert_dead(pids: &Path) {
    let text = crate::fs::read_to_string(pids).unwrap();
    let alive = |pid: &str| {
        let status = format!("/proc/{pid}/status");
        crate::fs::read_to_string(Path::new(&status))
            .is_ok_and(|status| !status.contains("State:\tZ"))
    };
    for _ in 0..200 {
        if !text.split_whitespace().any(alive) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still running: {text}");
}

#[tokio::test]
async fn slow_and_streamed_answers_arrive_whole() {
    let rig = Rig::bootstrap();
    let invocation = rig.run(json!({"do": "slow"})).await;
    assert_eq!(invocation.payload, br#""late but there""#);
    assert!(invocation.duration >= Duration::from_millis(300));
    assert_eq!(rig.run(json!({"do": "stream"})).await.payload, b"one two");
}

#[tokio::test]
async fn a_response_over_the_limit_is_refused() {
    let error = Rig::bootstrap().failure(json!({"do": "huge"})).await;
    assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");
    assert_eq!(error.message, "the response is at least 6.7 MiB, and Lambda's limit is 6.0 MiB");
}

#[tokio::test]
async fn answers_to_other_calls_and_second_answers_are_refused() {
    let invocation = Rig::bootstrap().run(json!({"do": "wrong-id"})).await;
    assert_eq!(invocation.payload, b"1");
    assert_eq!(invocation.logs, ["got wrong-id", "status 400", "again 403"]);
}

#[tokio::test]
async fn an_event_that_is_not_json_is_refused_before_the_start() {
    let rig = Rig::bootstrap();
    let error = rig.invoke(b"{name: 1}".to_vec()).await.unwrap_err();
    assert_eq!(error.to_string(), "the event is not JSON");
    assert!(!crate::fs::exists(&rig.options.cache_dir));
}

#[tokio::test]
async fn python_handlers_run_with_the_machines_interpreter() {
    let handler = "import os\n\ndef handle(event, context):\n    print('hi')\n    if event.get('fail'):\n        raise ValueError('bad order')\n    return {'name': context.function_name, 'left': context.get_remaining_time_in_millis() > 0}\n";
    let mut rig = Rig::new(&[("src/app.py", handler)]);
    rig.function.runtime = "python3.13".into();
    rig.function.handler = "src/app.handle".into();
    let invocation = rig.run(json!({})).await;
    assert_eq!(json_of(&invocation), json!({"name": "orders-dev-Hello", "left": true}));
    assert_eq!(invocation.logs, ["hi"]);
    let error = rig.failure(json!({"fail": true})).await;
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("ValueError", "bad order"));
    assert!(error.stack.iter().any(|line| line.contains("app.py")), "{:?}", error.stack);
    rig.function.handler = "src/app.nothing".into();
    let error = rig.failure(json!({})).await;
    assert_eq!(error.error_type, "AttributeError");
}

#[tokio::test]
async fn node_handlers_run_with_the_machines_interpreter() {
    let handler = "exports.handler = async (event, context) => { console.log('hi'); if (event.fail) throw new TypeError('bad order'); return { name: context.functionName }; };\nexports.old = (event, context, callback) => setTimeout(() => callback(null, 'called back'), 5);\n";
    let mut rig = Rig::new(&[("index.js", handler)]);
    rig.function.runtime = "nodejs22.x".into();
    rig.function.handler = "index.handler".into();
    assert_eq!(json_of(&rig.run(json!({})).await), json!({"name": "orders-dev-Hello"}));
    let error = rig.failure(json!({"fail": true})).await;
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("TypeError", "bad order"));
    rig.function.handler = "index.old".into();
    assert_eq!(json_of(&rig.run(json!({})).await), json!("called back"));
    rig.function.handler = "index.none".into();
    assert_eq!(rig.failure(json!({})).await.message, "`index.none` is not a function");
}

#[tokio::test]
async fn what_cannot_be_started_says_what_to_do() {
    let mut rig = Rig::new(&[("other", "")]);
    let hints = |error: InvokeError| format!("{error}\n{}", error.hints().join("\n"));
    insta::assert_snapshot!(hints(rig.invoke(b"1".to_vec()).await.unwrap_err()), @r"
    the package of function `hello` has no `bootstrap` at its top, which the runtime `provided.al2023` starts
    let `code` name the program itself, or put an executable named `bootstrap` at the top of the folder
    ");
    rig.function.runtime = "java21".into();
    insta::assert_snapshot!(hints(rig.invoke(b"1".to_vec()).await.unwrap_err()), @r"
    function `hello` has the runtime `java21`, which does not run locally
    runtimes that run locally are `provided.*`, `python3.*` and `nodejs*`
    ");
    rig.function.runtime = "nodejs22.x".into();
    rig.options.search_path = "/nowhere".into();
    insta::assert_snapshot!(hints(rig.invoke(b"1".to_vec()).await.unwrap_err()), @r"
    function `hello` needs `node` for its runtime `nodejs22.x`, and it is not on the PATH
    install Node.js and make sure that `node` is on the PATH
    ");
    let mut rig = Rig::new(&[("bootstrap", "\u{7f}ELF but not really")]);
    rig.function.architecture = "arm64".into();
    let error = rig.invoke(b"1".to_vec()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot start `bootstrap` of function `hello`");
    assert!(error.hints()[0].starts_with("it is built for another kind of machine"));
}

#[tokio::test]
async fn a_package_cannot_leave_its_folder_and_a_bad_one_leaves_nothing() {
    let rig = Rig::new(&[("../../evil", "x")]);
    let error = rig.invoke(b"1".to_vec()).await.unwrap_err();
    assert!(matches!(error, InvokeError::UnsafeEntry { .. }), "{error}");
    crate::fs::write(&rig.function.package, "no zip").unwrap();
    let error = rig.invoke(b"1".to_vec()).await.unwrap_err();
    assert!(matches!(error, InvokeError::BadPackage { .. }), "{error}");
    let left = crate::fs::list(&rig.options.cache_dir.join("functions")).unwrap();
    assert!(left.is_empty(), "{left:?}");
}
