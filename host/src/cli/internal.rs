//! The child process that compiles one plugin: component on standard input, machine code on standard
//! output. Run by this program itself, with limits, so that a component which the compiler cannot
//! handle cannot take the run down.

use std::io;
use std::process::ExitCode;

use clap::Args;
use phalanx::plugin::{Metering, compile_child};

/// Compile a component (used by phalanx itself)
#[derive(Debug, Args)]
pub(super) struct Compile {
    /// Code that counts its instructions
    #[arg(long)]
    fuel: bool,
}

impl Compile {
    pub(super) fn run(self) -> ExitCode {
        let metering = if self.fuel { Metering::Fuel } else { Metering::Off };
        match compile_child(metering, io::stdin().lock(), io::stdout().lock()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}
