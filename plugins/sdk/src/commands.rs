//! Runs a program of the host's. Grant: `commands`, a list of allowed argument prefixes.

pub use crate::bindings::wire::commands::{Command, Output};
use crate::{Failure, Result, wire};

/// Runs a program without a shell, in the service's folder, with no input.
///
/// # Errors
/// When the command is not granted or cannot be started. A status other than 0 is no error.
pub fn run(argv: &[&str]) -> Result<Output> {
    run_command(&Command {
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        dir: None,
        env: Vec::new(),
        stdin: Vec::new(),
    })
}

/// Runs a program with everything spelled out.
///
/// # Errors
/// As [`run`].
pub fn run_command(command: &Command) -> Result<Output> {
    wire::commands::run(command).map_err(Failure::from_wire)
}
