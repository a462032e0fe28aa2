//! Runs one command by `sh`, hands on its output line by line, and never leaves its children behind.
//!
//! Both output streams share one pipe, so lines come in the order in which they were printed. The
//! command is its own process group: a cancelled run ends the whole group, not just the shell.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};

use super::orphan::Claim;
use super::{BuildError, Request};
use crate::report::{Event, Reporter};
use crate::text::safe_line;

/// Lines of output kept for the error.
const TAIL: usize = 20;
/// Longer lines are handed on in pieces, so that output without line breaks needs no memory.
const LINE_LIMIT: usize = 16 * 1024;
/// How long processes that outlive the shell may hold up the run by keeping its output open.
const DRAIN: Duration = Duration::from_millis(500);
/// How long a cancelled command may take to end by itself.
const GRACE: Duration = Duration::from_millis(500);

/// Runs the command of a build to its end.
pub(super) async fn run(
    request: Request<'_>,
    claim: &Claim,
    reporter: Arc<dyn Reporter>,
) -> Result<(), BuildError> {
    let start_error = |source| BuildError::Start {
        build: request.name.to_owned(),
        command: request.build.command.clone(),
        source,
    };
    let mut lines = Lines::new(format!("build {}", request.name), reporter);
    let (group, output) = Group::start(request, claim).map_err(start_error)?;
    if let Some(id) = group.id {
        claim.note(id)?;
    }
    let status = follow(group, output, &mut lines).await.map_err(start_error)?;
    if status.success() {
        return Ok(());
    }
    Err(BuildError::Failed {
        build: request.name.to_owned(),
        command: request.build.command.clone(),
        ending: ending(status),
        code: status.code(),
        tail: lines.tail.into(),
    })
}

async fn follow(
    mut group: Group,
    mut output: Receiver,
    lines: &mut Lines,
) -> io::Result<ExitStatus> {
    let mut block = vec![0; 16 * 1024];
    let status = loop {
        tokio::select! {
            // What was printed before the end is handed on before the end.
            biased;
            read = output.read(&mut block) => match read? {
                0 => break group.child.wait().await?,
                read => lines.push(&block[..read]),
            },
            status = group.child.wait() => {
                let drain = async {
                    while let Ok(read @ 1..) = output.read(&mut block).await {
                        lines.push(&block[..read]);
                    }
                };
                // Running into the limit is fine: a daemon that the command left keeps its pipe open.
                let _ = tokio::time::timeout(DRAIN, drain).await;
                break status?;
            }
        }
    };
    lines.finish();
    group.ended = true;
    Ok(status)
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// A command with all its children, which are ended together when it is dropped before its end.
struct Group {
    child: Child,
    id: Option<Pid>,
    ended: bool,
}

impl Group {
    /// Starts the command; its standard output and error arrive in one pipe.
    fn start(request: Request<'_>, claim: &Claim) -> io::Result<(Self, Receiver)> {
        let (reader, writer) = io::pipe()?;
        let child = Command::new("sh")
            .arg("-c")
            .arg(&request.build.command)
            .current_dir(request.root)
            .env_clear()
            .envs(request.environment)
            .envs(&request.build.environment)
            .stdin(claim.stdin()?)
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let reader = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok((Self { child, id, ended: false }, reader))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let (false, Some(id)) = (self.ended, self.id) else { return };
        // Asks first, so that programs can stop what they started elsewhere (containers, say).
        let _ = rustix::process::kill_process_group(id, Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            // Until it is waited for, an ended shell still counts as a member of its group.
            let _ = self.child.try_wait();
            if rustix::process::test_kill_process_group(id).is_err() {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "a bounded poll; drop cannot await")]
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = rustix::process::kill_process_group(id, Signal::KILL);
    }
}

/// Cuts output into lines, reports them, and keeps the last ones.
struct Lines {
    source: String,
    reporter: Arc<dyn Reporter>,
    partial: Vec<u8>,
    tail: VecDeque<String>,
}

impl Lines {
    fn new(source: String, reporter: Arc<dyn Reporter>) -> Self {
        Self { source, reporter, partial: Vec::new(), tail: VecDeque::new() }
    }

    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(rest) => {
                    self.partial.extend_from_slice(rest);
                    self.emit();
                }
                None => {
                    self.partial.extend_from_slice(piece);
                    if self.partial.len() >= LINE_LIMIT {
                        self.emit();
                    }
                }
            }
        }
    }

    fn finish(&mut self) {
        if !self.partial.is_empty() {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let line = self.partial.strip_suffix(b"\r").unwrap_or(&self.partial);
        // A progress line rewrites itself by carriage returns: what stays on the screen is the last.
        let line = line.rsplit(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = safe_line(&String::from_utf8_lossy(line)).into_owned();
        self.partial.clear();
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line.clone());
        self.reporter.event(Event::Output { source: self.source.clone(), line });
    }
}
