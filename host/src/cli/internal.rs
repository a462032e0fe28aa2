//! The child process that compiles one plugin: component on standard input, machine code on standard
//! output. Run by this program itself, with limits, so that a component which the compiler cannot
//! handle cannot take the run down.

use std::io;
use std::process::ExitCode;

use clap::Args;

/// Compile a component (used by phalanx itself)
#[derive(Debug, Args)]
pub(super) struct Compile {}

impl Compile {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(super) fn run(self) -> ExitCode {
        match phalanx::plugin::compile_child(io::stdin().lock(), io::stdout().lock()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}
