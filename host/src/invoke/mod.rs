//! Runs a deployed function on this machine, as Lambda would: its package, its environment, its
//! limits, and the runtime API on a loopback port.
//!
//! One call is one cold start: the process is started, answers one event and is killed. What the
//! function does wrong (an error, a crash, a timeout) is a [`FunctionError`] in the [`Invocation`],
//! as in Lambda's own reply; an [`InvokeError`] means that it could not be run at all. Nothing here
//! confines the function: it runs with the rights of the user.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::digest::Digest;
use crate::report::Reporter;

mod environment;
mod error;
mod logs;
mod process;
mod runtime;
mod server;
mod unpack;
mod unpacked;

#[cfg(test)]
mod tests;

pub use error::InvokeError;
pub use unpacked::{Unpacked, remove_unpacked, unpacked};

/// What is known of a function that is to run.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// The name for people, such as `hello`.
    pub label: String,
    /// Lambda's name of the function.
    pub function_name: String,
    /// Its ARN.
    pub arn: String,
    /// The zip file.
    pub package: PathBuf,
    /// Digest of the package's content; names the folder it is unpacked to.
    pub digest: Digest,
    /// Such as `bootstrap` or `app.handler`.
    pub handler: String,
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// MiB. Told to the function, not enforced.
    pub memory: u32,
    /// How long one call may take, initialisation not counted.
    pub timeout: Duration,
    /// The function's own environment variables, resolved.
    pub environment: BTreeMap<String, String>,
    /// AWS region that the function is told.
    pub region: String,
    /// CloudWatch log group that the function is told.
    pub log_group: String,
}

/// How to run it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where packages are unpacked; safe to delete when nothing runs.
    pub cache_dir: PathBuf,
    /// The `PATH` in which interpreters are looked up; the function gets it too.
    pub search_path: String,
    /// How long the function may take until it asks for its first event.
    pub init_timeout: Duration,
    /// Variables that are added last and win over all others.
    pub environment: BTreeMap<String, String>,
}

impl Options {
    /// Options with Lambda's limit of 10 s for initialisation.
    pub fn new(cache_dir: PathBuf, search_path: String) -> Self {
        Self {
            cache_dir,
            search_path,
            init_timeout: Duration::from_secs(10),
            environment: BTreeMap::new(),
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Invocation {
    /// Names the call.
    pub request_id: String,
    /// What the function answered, as it is; the error document when it failed.
    #[serde(serialize_with = "payload_as_json")]
    pub payload: Vec<u8>,
    /// How the function failed, if it did.
    pub function_error: Option<FunctionError>,
    /// From handing over the event to the end of the call.
    #[serde(rename = "duration-ms", serialize_with = "milliseconds")]
    pub duration: Duration,
    /// From the start of the process to its first request for an event.
    #[serde(rename = "init-duration-ms", serialize_with = "milliseconds")]
    pub init_duration: Duration,
    /// Most bytes of memory that the function's main process held, where the system tells.
    pub max_memory: Option<u64>,
    /// The last lines it printed, made safe for terminals.
    pub logs: Vec<String>,
}

/// How a function failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[error("function `{function}` failed: {error_type}: {message}")]
pub struct FunctionError {
    /// The function's name for people.
    pub function: String,
    /// Whether the function said so itself.
    pub kind: ErrorKind,
    /// Such as `ValueError`, or Lambda's own `Runtime.ExitError` and `Sandbox.Timedout`.
    pub error_type: String,
    /// Why.
    pub message: String,
    /// The function's stack trace, innermost call as the runtime orders it; often empty.
    pub stack: Vec<String>,
    /// The last lines it printed, when it ended without an answer.
    pub last_lines: Vec<String>,
}

/// Who noticed that a function failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The function reported the error through the runtime API.
    Handled,
    /// It crashed, ran out of time or broke the protocol.
    Unhandled,
}

/// Runs `function` once with `event`, a JSON document. What it prints is reported line by line. The
/// function and everything it started is killed at the end, and when the future is dropped.
///
/// # Errors
/// When the event is not JSON or the function cannot be started; never for what the function itself
/// does wrong.
pub async fn invoke(
    function: FunctionSpec,
    event: Vec<u8>,
    options: &Options,
    reporter: Arc<dyn Reporter>,
) -> Result<Invocation, InvokeError> {
    serde_json::from_slice::<Value>(&event).map_err(InvokeError::EventNotJson)?;
    let task_root = unpack::unpack(&function, &options.cache_dir)?;
    let program = runtime::program(&function, &task_root, options)?;
    process::run(function, event, program, task_root, options, reporter).await
}

fn milliseconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_micros() as f64 / 1000.0)
}

/// The payload as the JSON it is; as text when a function streamed something else.
pub(crate) fn payload_as_json<S: serde::Serializer>(
    payload: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match serde_json::from_slice::<Value>(payload) {
        Ok(value) => value.serialize(serializer),
        Err(_) => serializer.serialize_str(&String::from_utf8_lossy(payload)),
    }
}
