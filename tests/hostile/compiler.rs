//! Plugins compile in a child process, and whatever happens to it is an error of that plugin.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::support::{Phalanx, Project, guests};

#[test]
fn the_child_answers_a_component_with_code_and_garbage_with_a_reason() {
    let project = Project::new("");
    let ask = |component: &[u8]| {
        let mut command = project.phalanx("internal-compile").into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(component).unwrap();
        let mut answer = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
        assert!(child.wait().unwrap().success());
        answer
    };
    let answer = ask(guests::component("no-hook"));
    assert_eq!(&answer[..5], b"+\x7fELF");
    let answer = ask(b"garbage");
    assert_eq!(answer[0], b'-', "{}", String::from_utf8_lossy(&answer));
}

/// The kernel's own account of the child's limits; then the child is killed in the midst of its work.
#[cfg(target_os = "linux")]
#[test]
fn a_compiler_that_is_killed_is_an_error_of_its_plugin() {
    let project = Project::new(super::GOOD).file("recorder.wasm", guests::component("recorder"));
    let package = || -> Phalanx { project.phalanx("package").own_cache() };
    // On a busy machine the child may be done before it is found: then again, with an empty cache.
    let killed = (0..20).find_map(|_| {
        super::cache::entries(&project)
            .iter()
            .for_each(|entry| std::fs::remove_file(entry).unwrap());
        kill_compiler(package())
    });
    let (limits, text) = killed.expect("it compiles in a child");
    insta::assert_snapshot!(limits, @"
Max cpu time 240 240 seconds
Max file size 0 0 bytes
Max core file size 0 0 bytes
Max address space 12884901888 12884901888 bytes
");
    insta::assert_snapshot!(text.trim_end(), @"
error: plugin `recorder` cannot be loaded: it could not be compiled: the compiler died (signal: 9 (SIGKILL))

hint: `phalanx plugin inspect` tells more; a component that the compiler cannot handle must be rebuilt
");
    assert!(super::cache::entries(&project).is_empty());
    package().succeeds();
    assert_eq!(super::cache::entries(&project).len(), 1);
}

/// Runs, kills the compiler, and gives its limits and what the run said; none when it came too late.
#[cfg(target_os = "linux")]
fn kill_compiler(phalanx: Phalanx) -> Option<(String, String)> {
    use rustix::process::{Pid, Signal, kill_process};

    let mut command = phalanx.into_command();
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let found = loop {
        match limited_child(run.id()) {
            Some(found) => break Some(found),
            None if run.try_wait().unwrap().is_some() => break None,
            None => std::thread::yield_now(),
        }
    };
    let limits = found.map(|(child, limits)| {
        // It may have ended just now; the exit code of the run tells.
        let _ = kill_process(Pid::from_raw(child).unwrap(), Signal::KILL);
        limits
    });
    let mut text = String::new();
    run.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let code = run.wait().unwrap().code();
    assert!(code == Some(0) || code == Some(1), "{code:?}\n{text}");
    limits.filter(|_| code == Some(1)).map(|limits| (limits, text))
}

/// The compiler that a process has started, once its limits are set.
#[cfg(target_os = "linux")]
fn limited_child(parent: u32) -> Option<(i32, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?;
    let children = tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let child: i32 = children.collect::<String>().split_whitespace().next()?.parse().ok()?;
    let words = std::fs::read(format!("/proc/{child}/cmdline")).ok()?;
    if !String::from_utf8_lossy(&words).contains("internal-compile") {
        return None;
    }
    let limits = std::fs::read_to_string(format!("/proc/{child}/limits")).ok()?;
    let limits: Vec<_> = limits
        .lines()
        .filter(|line| {
            ["Max cpu", "Max file size", "Max core", "Max address"]
                .iter()
                .any(|name| line.starts_with(name))
        })
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    // File size is the last that is set.
    limits
        .iter()
        .any(|line| line.starts_with("Max file size 0 0"))
        .then(|| (child, limits.join("\n")))
}
