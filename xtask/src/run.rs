//! Runs programs and shows what is run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command of xtask comes to; the error is for people.
pub(crate) type Outcome = Result<(), String>;

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

/// The shared target folder.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// A command in `folder`, not run yet. The first word is the program.
pub(crate) fn command(folder: &Path, words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().expect("a command has a program");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    // A nested cargo must decide for itself what the outer one decided for this program; and what it
    // sets for a program it runs would have some build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let own = ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix));
        if own || ["CARGO_TARGET_DIR", "RUSTFLAGS"].contains(&name.as_ref()) {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// Shows and runs a command that must succeed.
pub(crate) fn run(folder: &Path, words: &[&str]) -> Outcome {
    run_command(&mut command(folder, words))
}

/// [`run`] for a command that was prepared.
pub(crate) fn run_command(command: &mut Command) -> Outcome {
    let shown = show(command);
    eprintln!("\n$ {shown}");
    let status = command.status().map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed: {status}")) }
}

/// Runs a command quietly and gives what it printed, or none when it failed or is not there.
pub(crate) fn read(folder: &Path, words: &[&str]) -> Option<String> {
    let output = command(folder, words).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn show(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let word = argument.to_string_lossy();
        let plain = !word.is_empty() && !word.contains([' ', '"', '$', '{']);
        shown.push_str(&if plain { format!(" {word}") } else { format!(" '{word}'") });
    }
    shown
}
