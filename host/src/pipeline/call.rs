//! `invoke` without `--local`: calls a function in AWS.

use serde::Serialize;
use serde_json::Value;

use crate::cloud::aws::Called;
use crate::cloud::is_platform_line;
use crate::hint::{BoxError, Explain, Kind};
use crate::invoke::{ErrorKind, FunctionError, InvokeError, payload_as_json};
use crate::report::{Event, Reporter};
use crate::text::{safe_line, safe_text, shorten, size};

use super::functions;
use super::load::load;
use super::run::{Environment, Request, deployed, open_aws};

/// What Lambda takes as an event: from the page of `Invoke` in its API reference.
const LIMIT: u64 = 6 << 20;
const LIMIT_ASYNC: u64 = 1 << 20;

/// Of a log, Lambda gives so many bytes at most: the last ones.
const TAIL: usize = 4096;

/// Lines of the log in the error of a function that ended without an answer.
const LAST_LINES: usize = 10;

/// How a call of a function in AWS ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Remote {
    /// Names the call in Lambda and in its log.
    pub request_id: String,
    /// What the function answered, as it is; the error document when it failed.
    #[serde(serialize_with = "payload_as_json")]
    pub payload: Vec<u8>,
    /// How the function failed, if it did.
    pub function_error: Option<FunctionError>,
    /// What the call took, as Lambda reports it.
    #[serde(flatten)]
    pub costs: Costs,
    /// The last lines it logged, made safe for terminals.
    pub logs: Vec<String>,
}

/// What a call took. Nothing, when Lambda did not report it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Costs {
    /// How long the function worked.
    pub duration_ms: Option<f64>,
    /// How much of it is to be paid for.
    pub billed_duration_ms: Option<f64>,
    /// How long it took to start, if it had to be.
    pub init_duration_ms: Option<f64>,
    /// Bytes of memory that it may have.
    pub memory: Option<u64>,
    /// Most bytes of memory that it had.
    pub max_memory: Option<u64>,
}

/// An event was not handed over, or nobody waits for what comes of it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Lambda would not take the event.
    #[error(
        "the event has {bytes} bytes, and Lambda takes at most {limit} ({}){}",
        size(*limit),
        if *limit == LIMIT { "" } else { " when nobody waits for the answer" }
    )]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The largest size.
        limit: u64,
    },
    /// The user interrupted.
    #[error("interrupted; the function goes on in AWS")]
    Interrupted,
}

impl Explain for CallError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooLarge { .. } => Kind::BadInput,
            Self::Interrupted => Kind::Interrupted,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "event-too-large",
            Self::Interrupted => "interrupted",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::TooLarge { .. } => {
                vec!["store the data, for example in S3, and let the event say where it is".into()]
            }
            Self::Interrupted => vec!["`phalanx logs --follow` shows what it logs".into()],
        }
    }
}

/// Calls one function with one event, a JSON document; without `wait`, for its request id alone.
pub(super) async fn call(
    environment: &Environment,
    request: &Request,
    function: &str,
    event: Vec<u8>,
    wait: bool,
) -> Result<Called, BoxError> {
    serde_json::from_slice::<Value>(&event).map_err(InvokeError::EventNotJson)?;
    let (bytes, limit) = (event.len() as u64, if wait { LIMIT } else { LIMIT_ASYNC });
    if bytes > limit {
        return Err(CallError::TooLarge { bytes, limit }.into());
    }
    let service = load(request)?;
    let mut interrupt = environment.interrupt.clone();
    tokio::select! {
        biased;
        () = interrupt.raised() => Err(CallError::Interrupted.into()),
        called = async {
            let aws = open_aws(environment, request, &service).await?;
            let stack = deployed(&aws, &service).await?;
            let known = functions::find(&service, &stack, function)?;
            aws.invoke(&known.physical_id, event, wait).await
        } => called,
    }
}

/// Shows the log of a call and makes the answer of it.
pub(super) fn answer(function: &str, called: Called, reporter: &dyn Reporter) -> Remote {
    let logs = show(function, &called.log, reporter);
    let function_error =
        called.function_error.map(|kind| function_error(function, &kind, &called.payload, &logs));
    Remote {
        request_id: called.request_id,
        payload: called.payload,
        function_error,
        costs: costs(&called.log),
        logs,
    }
}

/// What Lambda itself logs about a call matters only to who wants to know more.
fn show(function: &str, log: &str, reporter: &dyn Reporter) -> Vec<String> {
    let mut lines: Vec<String> = log.lines().map(|line| safe_line(line).into_owned()).collect();
    if let Some(first) = lines.first_mut().filter(|_| log.len() >= TAIL) {
        first.insert(0, '…');
    }
    for line in &lines {
        let (source, line) = (format!("function {function}"), line.clone());
        reporter.event(match is_platform_line(&line) {
            true => Event::Detail { source, line },
            false => Event::Output { source, line },
        });
    }
    lines
}

/// The error document that a runtime sends; runtimes differ in what they call the stack.
fn function_error(function: &str, kind: &str, payload: &[u8], logs: &[String]) -> FunctionError {
    let document: Value = serde_json::from_slice(payload).unwrap_or_default();
    let text = |key: &str| document[key].as_str().map(safe_text);
    let stack = document["stackTrace"].as_array().or_else(|| document["trace"].as_array());
    let stack = stack.into_iter().flatten().map(|line| match line.as_str() {
        Some(line) => safe_text(line.trim_end()),
        None => safe_line(&line.to_string()).into_owned(),
    });
    let own = || logs.iter().filter(|line| !is_platform_line(line));
    let error_type = text("errorType").unwrap_or_else(|| safe_line(kind).into_owned());
    // Lambda calls every error unhandled; only those with its own names are.
    let reported = document["errorType"].is_string()
        && !["Runtime.", "Sandbox.", "Function.", "Extension."]
            .iter()
            .any(|own| error_type.starts_with(own));
    FunctionError {
        function: function.to_owned(),
        kind: if reported { ErrorKind::Handled } else { ErrorKind::Unhandled },
        error_type,
        message: text("errorMessage").unwrap_or_else(|| {
            shorten(&safe_text(&String::from_utf8_lossy(payload)), 1000).into_owned()
        }),
        stack: stack.collect(),
        last_lines: own().skip(own().count().saturating_sub(LAST_LINES)).cloned().collect(),
    }
}

/// `REPORT RequestId: …` and then, between tabs, `Duration: 1.23 ms` and so on.
fn costs(log: &str) -> Costs {
    let mut costs = Costs::default();
    let report = log.lines().rfind(|line| line.starts_with("REPORT RequestId: "));
    for part in report.into_iter().flat_map(|line| line.split('\t')) {
        let Some((name, value)) = part.split_once(": ") else { continue };
        let number = value.split(' ').next().and_then(|number| number.parse::<f64>().ok());
        // Lambda's MB are MiB.
        let bytes = number.map(|number| (number as u64) << 20);
        match name {
            "Duration" => costs.duration_ms = number,
            "Billed Duration" => costs.billed_duration_ms = number,
            "Init Duration" => costs.init_duration_ms = number,
            "Memory Size" => costs.memory = bytes,
            "Max Memory Used" => costs.max_memory = bytes,
            _ => {}
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Recorder;

    fn called(log: &str, function_error: Option<&str>, payload: &str) -> (Remote, Vec<Event>) {
        let recorder = Recorder::default();
        let called = Called {
            request_id: "7".into(),
            payload: payload.into(),
            function_error: function_error.map(str::to_owned),
            log: log.into(),
        };
        let remote = answer("hello", called, &recorder);
        (remote, recorder.events())
    }

    #[test]
    fn the_report_tells_what_a_call_took() {
        let log = "START RequestId: 7 Version: $LATEST\nhi \u{1b}[31m\nEND RequestId: 7\n\
                   REPORT RequestId: 7\tDuration: 102.25 ms\tBilled Duration: 103 ms\t\
                   Memory Size: 128 MB\tMax Memory Used: 35 MB\tInit Duration: 117.42 ms\t\n";
        let (remote, events) = called(log, None, "1");
        assert_eq!(
            remote.costs,
            Costs {
                duration_ms: Some(102.25),
                billed_duration_ms: Some(103.0),
                init_duration_ms: Some(117.42),
                memory: Some(128 << 20),
                max_memory: Some(35 << 20),
            }
        );
        let shown =
            Event::Output { source: "function hello".into(), line: "hi \\u{1b}[31m".into() };
        assert_eq!(events.iter().filter(|event| **event == shown).count(), 1);
        let details = events.iter().filter(|event| matches!(event, Event::Detail { .. }));
        assert_eq!(details.count(), 3);
        assert_eq!(called("", None, "1").0.costs, Costs::default());
    }

    #[test]
    fn errors_of_every_runtime() {
        let python = r#"{"errorType":"ValueError","errorMessage":"no stock","requestId":"7",
            "stackTrace":["  File \"/var/task/app.py\", line 2\n    raise\n"]}"#;
        let error = called("", Some("Unhandled"), python).0.function_error.unwrap();
        assert_eq!(error.to_string(), "function `hello` failed: ValueError: no stock");
        assert_eq!(error.details().unwrap(), "  File \"/var/task/app.py\", line 2\n    raise");
        let node = r#"{"errorType":"RangeError","errorMessage":"no","trace":["RangeError: no"]}"#;
        let error = called("", Some("Unhandled"), node).0.function_error.unwrap();
        assert_eq!(error.stack, ["RangeError: no"]);
        let error = called("about to fall\n", Some("Unhandled"), "oh").0.function_error.unwrap();
        assert_eq!(error.to_string(), "function `hello` failed: Unhandled: oh");
        assert_eq!(error.details().unwrap(), "about to fall");
    }

    #[test]
    fn a_log_that_was_cut_says_so() {
        let (remote, _) = called(&format!("{}\nend\n", "x".repeat(TAIL)), None, "1");
        assert!(remote.logs[0].starts_with("…x"), "{}", remote.logs[0]);
        assert_eq!(remote.logs[1], "end");
    }
}
