//! The child process that compiles one plugin: component on standard input, machine code on standard
//! output. Run by this program itself, with limits, so that a component which the compiler cannot
//! handle cannot take the run down.

use std::io;
use std::process::ExitCode;

use clap::Args;

/// Compile a component (used by phalanx itself)
#[derive(Debug, Args)]
pub(super) struct Compile {
    /// Bytes of WebAssembly stack that the code is compiled for
    #[arg(long)]
    stack: u64,
}

impl Compile {
    pub(super) fn run(&self) -> ExitCode {
        todo!()
    }
}
