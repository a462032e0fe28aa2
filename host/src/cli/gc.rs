//! `phalanx gc`.

use std::io::{self, Write as _};
use std::time::Duration;

use clap::Args;
use phalanx::cloud::archive::Limits;
use phalanx::hint::BoxError;
use phalanx::pipeline::{self, Collected};

use super::confirm::{self, NotConfirmed};
use super::output::Answer;
use super::session::Session;

/// Remove what is stored for deployments and nobody needs any more
///
/// Packages and templates that no stack of the account and region refers to, nor one of the last
/// deployments of each; records of older deployments and of stacks that are gone; uploads that were never
/// finished; change sets that were never executed. On this machine, plugins that were fetched and that no
/// service has used. Exits with 1 when something could not be removed.
#[derive(Debug, Args)]
pub(super) struct Gc {
    /// Clean up the embedded local cloud of this service
    #[arg(long)]
    local: bool,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep what the last N deployments of each stack need
    #[arg(long, value_name = "N", default_value_t = 10)]
    keep: u32,
    /// Leave what is younger, such as `30m`, `12h` or `7d` [default: 1h, 1d for unfinished uploads, 30d for plugins]
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    min_age: Option<Duration>,
    /// Go on without asking
    #[arg(long, short = 'y')]
    yes: bool,
}

impl Gc {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(self.local)?;
        request.dry_run = self.dry_run;
        let limits = Limits {
            keep: usize::try_from(self.keep).unwrap_or(usize::MAX),
            min_age: self.min_age,
            now: session.settings.now,
        };
        let confirm = async |found: &Collected| self.confirm(session, found);
        let result = pipeline::gc(&session.environment(), &request, &limits, confirm).await?;
        for kept in &result.failed {
            session.reporter.warn(format!("`{}` was not removed: {}", kept.name, kept.why), None);
        }
        let code = u8::from(!result.failed.is_empty());
        Ok(Answer::new(&result).code(code))
    }

    /// Someone at a terminal is asked; a script has said what it wants.
    fn confirm(&self, session: &Session, found: &Collected) -> Result<(), BoxError> {
        if self.yes || !confirm::at_terminal() {
            return Ok(());
        }
        session.finish();
        let shown = Collected { dry_run: true, ..found.clone() };
        // A closed standard error cannot be asked, and then nothing is confirmed below.
        let _ = io::stderr().lock().write_all(shown.to_string().as_bytes());
        match confirm::ask("go on?") {
            true => Ok(()),
            false => Err(NotConfirmed { what: "the removal".into(), done: "removed" }.into()),
        }
    }
}
