//! `phalanx completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use phalanx::hint::BoxError;

use super::Cli;
use super::output::Answer;

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<Answer, BoxError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "phalanx", &mut script);
        let script = String::from_utf8_lossy(&script).into_owned();
        Ok(Answer::with_text(script.clone(), &script))
    }
}
