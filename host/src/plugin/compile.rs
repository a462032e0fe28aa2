//! From a component to machine code, where a hostile component can do no harm.
//!
//! Compiling has no limits of its own, and the compiler may panic: so it runs in a child process with
//! limits on processor time, address space and wall time, whose death is an error like any other.
//! Without a program to start as the child it runs on a thread of its own, without those limits.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

use super::engine::{self, Metering};
use crate::text::{safe_line, shorten};

/// Wall and processor time that one component may take. A Python guest of 18 MB takes 13 s.
const TIME: Duration = Duration::from_mins(4);
/// Address space of the child. 64 MiB of WebAssembly take about 3.5 GB; arenas of threads come on top.
#[cfg(target_os = "linux")]
const ADDRESS_SPACE: u64 = 12 << 30;

/// First byte of the child's answer: machine code follows.
const GOOD: u8 = b'+';
/// First byte of the child's answer: the reason why the component is invalid follows.
const BAD: u8 = b'-';

/// Why there is no machine code.
#[derive(Debug)]
pub(super) enum CompileError {
    /// The component is not valid.
    Invalid(String),
    /// The compiler failed or was stopped.
    Compiler(String),
}

/// Compiles `component`, in a child of `program` when there is one.
pub(super) fn compile(
    engine: &Engine,
    metering: Metering,
    program: Option<&Path>,
    component: &[u8],
) -> Result<Vec<u8>, CompileError> {
    match program {
        Some(program) => in_child(program, metering, component),
        None => thread::scope(|scope| {
            let work = || engine.precompile_component(component);
            let result = thread::Builder::new()
                .name("plugin-compiler".to_owned())
                .spawn_scoped(scope, work)
                .map_err(|error| CompileError::Compiler(format!("no thread: {error}")))?
                .join();
            match result {
                Ok(Ok(code)) => Ok(code),
                Ok(Err(error)) => Err(CompileError::Invalid(reason(&error))),
                Err(_) => Err(CompileError::Compiler("the compiler panicked".to_owned())),
            }
        }),
    }
}

/// The work of the child: reads a component, writes machine code.
///
/// # Errors
/// When `input` cannot be read or `output` cannot be written. That the component is invalid is an
/// answer and no error.
pub fn compile_child(
    metering: Metering,
    mut input: impl Read,
    mut output: impl Write,
) -> std::io::Result<()> {
    let mut component = Vec::new();
    input.read_to_end(&mut component)?;
    let stack = crate::manifest::Limits::default().stack as usize;
    let compiled =
        engine::engine(stack, metering).and_then(|engine| engine.precompile_component(&component));
    match compiled {
        Ok(code) => {
            output.write_all(&[GOOD])?;
            output.write_all(&code)?;
        }
        Err(error) => {
            output.write_all(&[BAD])?;
            output.write_all(reason(&error).as_bytes())?;
        }
    }
    output.flush()
}

/// The chain of causes in one line.
fn reason(error: &wasmtime::Error) -> String {
    shorten(&safe_line(&format!("{error:#}")), 1_000).into_owned()
}

fn in_child(program: &Path, metering: Metering, component: &[u8]) -> Result<Vec<u8>, CompileError> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        CompileError::Compiler(format!("cannot {what} `{}`: {error}", program.display()))
    };
    let mut child = Command::new(program)
        .arg("internal-compile")
        .args((metering == Metering::Fuel).then_some("--fuel"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed("start", &error))?;
    let answer = limit(&child).map_err(|error| failed("limit", &error)).and_then(|()| {
        converse(&mut child, component)
            .ok_or_else(|| CompileError::Compiler(format!("stopped after {} s", TIME.as_secs())))
    });
    let status = match answer {
        Ok(_) => child.wait(),
        Err(_) => child.kill().and_then(|()| child.wait()),
    };
    let (mut code, complaint) = answer?;
    let status = status.map_err(|error| failed("wait for", &error))?;
    if !status.success() {
        let last = complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let last = shorten(&safe_line(last), 300).into_owned();
        let colon = if last.is_empty() { "" } else { ": " };
        return Err(CompileError::Compiler(format!("the compiler died ({status}){colon}{last}")));
    }
    match code.first() {
        Some(&GOOD) => {
            code.remove(0);
            Ok(code)
        }
        Some(&BAD) => {
            Err(CompileError::Invalid(safe_line(&String::from_utf8_lossy(&code[1..])).into_owned()))
        }
        _ => Err(CompileError::Compiler("the compiler answered nothing".to_owned())),
    }
}

/// Sets limits from outside, before the child has anything to work on: it waits for its input.
#[cfg(target_os = "linux")]
fn limit(child: &Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let pid = Pid::from_raw(child.id().cast_signed());
    let both = |value| Rlimit { current: Some(value), maximum: Some(value) };
    prlimit(pid, Resource::Cpu, both(TIME.as_secs()))?;
    prlimit(pid, Resource::As, both(ADDRESS_SPACE))?;
    prlimit(pid, Resource::Core, both(0))?;
    // The child writes to its pipes only.
    prlimit(pid, Resource::Fsize, both(0))?;
    Ok(())
}

/// Other systems cannot limit a child from outside; wall time is limited everywhere.
#[cfg(not(target_os = "linux"))]
fn limit(_child: &Child) -> std::io::Result<()> {
    Ok(())
}

/// Hands over the component and collects stdout and stderr; none when time is up.
fn converse(child: &mut Child, component: &[u8]) -> Option<(Vec<u8>, String)> {
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A child that died has closed its end; its status tells more than this error.
            let _ = stdin.map(|mut stdin| stdin.write_all(component));
        });
        let complaints = scope.spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.map(|stderr| stderr.take(64 << 10).read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        scope.spawn(move || {
            let mut code = Vec::new();
            let _ = stdout.map(|mut stdout| stdout.read_to_end(&mut code));
            let _ = sender.send(code);
        });
        match receiver.recv_timeout(TIME) {
            Ok(code) => Some((code, complaints.join().unwrap_or_default())),
            Err(_) => {
                // Closes the pipes, so that the threads of this scope end.
                let _ = child.kill();
                None
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_child_answers_with_code_or_with_a_reason() {
        let component = wat::parse_str("(component)").unwrap();
        let mut output = Vec::new();
        compile_child(Metering::Off, &component[..], &mut output).unwrap();
        assert_eq!(output[0], GOOD);
        assert!(Engine::detect_precompiled(&output[1..]).is_some());

        let mut output = Vec::new();
        compile_child(Metering::Off, &component[..component.len() - 1], &mut output).unwrap();
        assert_eq!(output[0], BAD);
    }

    #[cfg(unix)]
    #[test]
    fn a_dying_compiler_is_an_error_with_its_last_words() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("compiler");
        let script = |text: &str| {
            crate::fs::write(&program, text).unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            crate::fs::open(&program).unwrap().set_permissions(mode).unwrap();
            match in_child(&program, Metering::Off, b"x").unwrap_err() {
                CompileError::Compiler(reason) | CompileError::Invalid(reason) => reason,
            }
        };
        assert_eq!(
            script("#!/bin/sh\n/bin/cat >/dev/null\necho boom >&2\nexit 3\n"),
            "the compiler died (exit status: 3): boom"
        );
        assert_eq!(script("#!/bin/sh\nkill -9 $$\n"), "the compiler died (signal: 9 (SIGKILL))");
        assert_eq!(script("#!/bin/sh\nprintf -- '-not valid'\n"), "not valid");
        assert_eq!(script("#!/bin/sh\nexit 0\n"), "the compiler answered nothing");
    }
}
