//! One call from the start of the process to its end: the phases, the limits of time, and what each
//! way of ending means.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use super::logs::Log;
use super::runtime::Program;
use super::server::{Call, RESPONSE_LIMIT, Reported, Server, Signal};
use super::{
    ErrorKind, FunctionError, FunctionSpec, Invocation, InvokeError, Options, environment,
};
use crate::digest::Digest;
use crate::report::Reporter;
use crate::text;

/// How long an answer may be under way when its process is gone already.
const STRAGGLER: Duration = Duration::from_millis(200);
/// How long the pipes may stay open after everything was killed.
const DRAIN: Duration = Duration::from_secs(1);
/// How often a program that is being written is tried again, 10 ms apart.
const BUSY: u32 = 100;
/// Log lines that go with an error.
const LINES_IN_ERROR: usize = 20;

/// Runs the unpacked function once.
pub(super) async fn run(
    function: FunctionSpec,
    event: Vec<u8>,
    program: Program,
    task_root: PathBuf,
    options: &Options,
    reporter: Arc<dyn Reporter>,
) -> Result<Invocation, InvokeError> {
    let request_id = request_id(&function);
    let server = Server::start(Call {
        request_id: request_id.clone(),
        event: event.into(),
        arn: function.arn.clone(),
        timeout: function.timeout,
    })
    .await
    .map_err(InvokeError::Listen)?;
    let log_stream = format!("local/[$LATEST]{}", request_id.replace('-', ""));
    let variables =
        environment::variables(&function, options, &task_root, server.address, &log_stream);
    let log = Log::new(&function.label, reporter);
    let started = Instant::now();
    let mut group = Group::start(&function, &program, &variables, &task_root).await?;
    let mut pumps = group.follow(&log);
    let mut run = Run { function: &function, server, child: &mut group.child, started };
    let mut ending = run.finish(options.init_timeout).await;
    let max_memory = ending.pid.and_then(peak_memory);
    group.kill();
    // A process that left the group may hold the pipes open; it must not hold us.
    let _ = timeout(DRAIN, async { while pumps.join_next().await.is_some() {} }).await;
    if let Err(error) = &mut ending.answer
        && error.kind == ErrorKind::Unhandled
    {
        error.last_lines = log.last(LINES_IN_ERROR);
    }
    let (payload, function_error) = match ending.answer {
        Ok(payload) => (payload, None),
        Err(error) => (error_document(&error), Some(error)),
    };
    Ok(Invocation {
        request_id,
        payload,
        function_error,
        duration: ending.duration,
        init_duration: ending.init_duration,
        max_memory,
        logs: log.all(),
    })
}

/// The process and all that it starts, killed on drop.
struct Group {
    child: Child,
    id: Option<u32>,
}

impl Group {
    async fn start(
        function: &FunctionSpec,
        program: &Program,
        variables: &BTreeMap<String, String>,
        task_root: &Path,
    ) -> Result<Self, InvokeError> {
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .env_clear()
            .envs(variables)
            .current_dir(task_root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut attempts = 0;
        loop {
            match command.spawn() {
                Ok(child) => return Ok(Self { id: child.id(), child }),
                // A process that is being started at this moment still has the file open for writing,
                // as we had when we unpacked it.
                Err(error)
                    if error.kind() == io::ErrorKind::ExecutableFileBusy && attempts < BUSY =>
                {
                    attempts += 1;
                    sleep(Duration::from_millis(10)).await;
                }
                Err(source) => {
                    return Err(InvokeError::Start {
                        function: function.label.clone(),
                        program: program.label.clone(),
                        architecture: function.architecture.clone(),
                        source,
                    });
                }
            }
        }
    }

    fn follow(&mut self, log: &Log) -> JoinSet<()> {
        let mut pumps = JoinSet::new();
        if let Some(stdout) = self.child.stdout.take() {
            pumps.spawn(log.clone().follow(stdout));
        }
        if let Some(stderr) = self.child.stderr.take() {
            pumps.spawn(log.clone().follow(stderr));
        }
        pumps
    }

    /// Kills the whole group. No such group any more is what we want anyway.
    #[cfg(unix)]
    fn kill(&mut self) {
        let pid = self.id.take().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn kill(&mut self) {
        let _ = self.child.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How the call ended.
struct Ending {
    answer: Result<Vec<u8>, FunctionError>,
    init_duration: Duration,
    duration: Duration,
    /// The main process, when it was still there at the end.
    pid: Option<u32>,
}

/// What was heard next.
enum Heard {
    Signal(Signal),
    Exit(ExitStatus),
    Late,
}

struct Run<'a> {
    function: &'a FunctionSpec,
    server: Server,
    child: &'a mut Child,
    started: Instant,
}

impl Run<'_> {
    async fn finish(&mut self, init_timeout: Duration) -> Ending {
        let (handed_over, answer) = match self.init(init_timeout).await {
            Ok(handed_over) => (handed_over, self.call(handed_over + self.function.timeout).await),
            Err(error) => (Instant::now(), Err(error)),
        };
        Ending {
            answer,
            init_duration: handed_over - self.started,
            duration: handed_over.elapsed(),
            pid: self.child.id(),
        }
    }

    /// Gives the moment in which the function got the event.
    async fn init(&mut self, limit: Duration) -> Result<Instant, FunctionError> {
        match self.hear(self.started + limit).await {
            Heard::Signal(Signal::Ready(handed_over)) => Ok(handed_over),
            Heard::Signal(Signal::InitError(reported)) => Err(self.reported(&reported)),
            Heard::Signal(_) => Err(self.unhandled(
                "Runtime.InvalidState",
                "the runtime answered before it asked for an event".into(),
            )),
            Heard::Exit(status) => Err(self.unhandled(
                "Runtime.ExitError",
                format!("the function {} before it asked for an event", describe(status)),
            )),
            Heard::Late => Err(self.unhandled(
                "Sandbox.InitTimedout",
                format!("the function did not ask for an event within {}", seconds(limit)),
            )),
        }
    }

    async fn call(&mut self, deadline: Instant) -> Result<Vec<u8>, FunctionError> {
        let answer = match self.hear(deadline).await {
            Heard::Signal(Signal::Response(payload)) => Ok(payload.to_vec()),
            Heard::Signal(Signal::Error(reported)) => Err(self.reported(&reported)),
            Heard::Signal(Signal::TooLarge(size)) => Err(self.unhandled(
                "Function.ResponseSizeTooLarge",
                format!(
                    "the response is at least {}, and Lambda's limit is {}",
                    text::size(size),
                    text::size(RESPONSE_LIMIT)
                ),
            )),
            Heard::Signal(Signal::Done | Signal::Ready(_) | Signal::InitError(_)) => Err(self
                .unhandled(
                    "Runtime.InvalidState",
                    "the runtime asked for another event without answering this one".into(),
                )),
            Heard::Exit(status) => {
                return Err(self.unhandled(
                    "Runtime.ExitError",
                    format!("the function {} before it answered", describe(status)),
                ));
            }
            Heard::Late => {
                return Err(self.unhandled(
                    "Sandbox.Timedout",
                    format!("function timed out after {}", seconds(self.function.timeout)),
                ));
            }
        };
        if answer.is_ok() {
            // What it does until it asks for more belongs to this call, up to the deadline.
            self.hear(deadline).await;
        }
        answer
    }

    async fn hear(&mut self, deadline: Instant) -> Heard {
        let exit = tokio::select! {
            biased;
            Some(signal) = self.server.signals.recv() => return Heard::Signal(signal),
            status = self.child.wait() => status.unwrap_or_default(),
            () = sleep_until(deadline.into()) => return Heard::Late,
        };
        match timeout(STRAGGLER, self.server.signals.recv()).await {
            Ok(Some(signal)) => Heard::Signal(signal),
            _ => Heard::Exit(exit),
        }
    }

    fn reported(&self, reported: &Reported) -> FunctionError {
        FunctionError {
            function: self.function.label.clone(),
            kind: ErrorKind::Handled,
            error_type: text::safe_line(&reported.error_type).into_owned(),
            message: text::safe_text(&reported.message),
            stack: reported.stack.iter().map(|line| text::safe_line(line).into_owned()).collect(),
            last_lines: Vec::new(),
        }
    }

    fn unhandled(&self, error_type: &str, message: String) -> FunctionError {
        FunctionError {
            function: self.function.label.clone(),
            kind: ErrorKind::Unhandled,
            error_type: error_type.into(),
            message,
            stack: Vec::new(),
            last_lines: Vec::new(),
        }
    }
}

/// What Lambda answers in place of a payload.
fn error_document(error: &FunctionError) -> Vec<u8> {
    let mut document = json!({ "errorType": error.error_type, "errorMessage": error.message });
    if !error.stack.is_empty() {
        document["stackTrace"] = json!(error.stack);
    }
    document.to_string().into_bytes()
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was killed by {}", signal_name(signal));
    }
    match status.code() {
        Some(code) => format!("exited with code {code}"),
        None => "ended".into(),
    }
}

#[cfg(unix)]
fn signal_name(number: i32) -> String {
    let name = match number {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {number}"),
    };
    format!("{name} (signal {number})")
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// The high-water mark of the process's resident memory, in bytes.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = crate::fs::read_to_string(Path::new(&format!("/proc/{pid}/status"))).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Unique for this machine; shaped as Lambda's, which are UUIDs.
#[expect(clippy::disallowed_methods, reason = "two calls of one run need different ids")]
fn request_id(function: &FunctionSpec) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = format!("{} {} {}", function.arn, std::process::id(), now.as_nanos());
    let hex = Digest::of(seed).to_string();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
}
