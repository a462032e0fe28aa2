//! At a terminal: colours, progress, questions. Python makes the terminal.

use std::process::Command;

use super::orders;
use crate::support::{Project, guests};

/// Types what is left of its arguments' first into a terminal and gives back all that it shows.
const PTY: &str = "\
import os, pty, sys
typed, command = sys.argv[1].encode(), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
os.write(terminal, typed)
shown = b''
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// Runs a command at a terminal: its exit code and what the terminal got.
fn at_terminal(project: &Project, line: &str, typed: &str, env: &[(&str, &str)]) -> (i32, String) {
    let phalanx = project.phalanx(line).into_command();
    let mut python = Command::new("python3");
    python.args(["-c", PTY, typed]).arg(phalanx.get_program()).args(phalanx.get_args());
    python.current_dir(phalanx.get_current_dir().unwrap()).env_clear().env("TERM", "xterm");
    python.envs(phalanx.get_envs().filter_map(|(name, value)| Some((name, value?))));
    python.envs(env.iter().copied());
    let output = python.output().expect("python3 runs");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), shown)
}

#[test]
fn colours_unless_they_are_unwanted() {
    let project = orders();
    let (code, shown) = at_terminal(&project, "plan --local", "", &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("\x1b[1morders-dev\x1b[0m") && shown.contains("\x1b[32m+\x1b[0m"),
        "{shown:?}"
    );
    let (_, plain) = at_terminal(&project, "plan --local", "", &[("NO_COLOR", "1")]);
    assert!(plain.contains("plan for stack orders-dev in the local cloud"), "{plain:?}");
    // What is left is the progress bar, which clears its line.
    assert_eq!(plain.replace("\x1b[2K", "").find('\x1b'), None, "{plain:?}");
    // No terminal, no colours.
    assert!(!project.phalanx("plan --local").succeeds().stderr.contains('\x1b'));
}

#[test]
fn progress_is_shown_and_taken_down() {
    let project = orders();
    let (code, shown) = at_terminal(&project, "deploy --local --yes", "", &[("NO_COLOR", "1")]);
    assert_eq!(code, 0, "{shown}");
    // Each line as the terminal leaves it: what was drawn after it was last cleared.
    let left: Vec<&str> = shown
        .lines()
        .map(|line| line.rsplit("\x1b[2K").next().unwrap().rsplit('\r').next().unwrap().trim_end())
        .collect();
    assert!(shown.contains("\x1b[2K"), "{shown:?}");
    let result = left.iter().position(|line| *line == "created stack orders-dev");
    assert!(result.is_some(), "{left:#?}");
    let (_, quiet) = at_terminal(&project, "plan --local -q", "", &[("NO_COLOR", "1")]);
    assert_eq!(quiet.trim_end(), "no changes to stack orders-dev in the local cloud");
}

#[test]
fn someone_at_a_terminal_is_asked() {
    let project = orders();
    let (code, shown) = at_terminal(&project, "deploy --local", "n\n", &[]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("go on? [y/N]") && shown.contains("LogGroup"), "{shown}");
    project.phalanx("status --local").exits(1);
    let (code, shown) = at_terminal(&project, "deploy --local", "y\n", &[]);
    assert_eq!(code, 0, "{shown}");

    let (code, shown) = at_terminal(&project, "delete --local", "\n", &[]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("delete stack orders-dev and its data? [y/N]"), "{shown}");
    project.phalanx("status --local").succeeds();
    let (code, shown) = at_terminal(&project, "delete --local", "y\n", &[]);
    assert_eq!(code, 0, "{shown}");
    project.phalanx("status --local").exits(1);
}

#[test]
fn what_a_plugin_needs_is_asked_for() {
    let project = orders();
    project.write("rules.wasm", &guests::house_rules()[1]);
    let add = "plugin add file:rules.wasm --name rules";
    let (code, shown) = at_terminal(&project, add, "\n", &[]);
    assert_eq!(code, 3, "{shown}");
    let question = "rules needs `commands`: grant which, such as `git rev-parse`?";
    assert!(shown.contains(question) && shown.contains("needs what is not granted"), "{shown}");
    let (code, shown) = at_terminal(&project, add, "git rev-parse HEAD\n", &[]);
    assert_eq!(code, 0, "{shown}");
    let granted = "grants = { commands = [[\"git\", \"rev-parse\", \"HEAD\"]] }";
    assert!(project.read("phalanx.toml").contains(granted));
    let (code, shown) = at_terminal(&project, "plugin add builtin:docker-ecr", "y\n", &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("docker-ecr needs `images`: grant it? [y/N]"), "{shown}");
    assert!(project.read("phalanx.toml").contains("grants = { images = true }"));
}
