//! The binary `phalanx`: reads the process's surroundings once, runs one command, renders its end.
//!
//! This and `cli/` are the only places that know the terminal, exit codes and clap.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
