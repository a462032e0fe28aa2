//! Asks someone at a terminal before something is changed.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::Args;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline::{PipelineError, PlanResult};

use super::plan_view;
use super::session::Session;

/// What the user has said yes to beforehand.
#[derive(Debug, Args)]
pub(super) struct Consent {
    /// Go on without asking, whatever the plan is
    #[arg(long, short = 'y')]
    yes: bool,
    /// Go on although resources that keep data are removed or replaced; anything else is still asked
    #[arg(long)]
    allow_destructive: bool,
}

/// Asks before a plan is carried out. Someone at a terminal is asked about every change; a script is
/// stopped only by a change that destroys data.
pub(super) fn plan(
    session: &Session,
    plan: &PlanResult,
    consent: &Consent,
) -> Result<(), BoxError> {
    if consent.yes || plan.plan.is_empty() {
        return Ok(());
    }
    let interactive = at_terminal();
    if !interactive && (consent.allow_destructive || !plan.plan.is_destructive()) {
        return Ok(());
    }
    session.finish();
    let view = plan_view::draw(plan, session.style, session.global.verbose);
    // A closed standard error cannot be asked, and then nothing is confirmed below.
    let _ = io::stderr().lock().write_all(view.as_bytes());
    if !interactive {
        let destroyed = plan.plan.resources.iter().filter(|change| change.destructive);
        let resources = destroyed.map(|change| change.logical_id.clone()).collect();
        return Err(PipelineError::Destructive { resources }.into());
    }
    if ask("go on?") {
        return Ok(());
    }
    Err(PipelineError::NotConfirmed.into())
}

/// Whether there is someone to ask.
pub(super) fn at_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; anything but a clear yes is a no.
pub(super) fn ask(question: &str) -> bool {
    let answer = ask_for(&format!("{question} [y/N]"));
    answer.is_some_and(|answer| matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Asks for a line; none when there is nothing in it.
pub(super) fn ask_for(question: &str) -> Option<String> {
    let mut stderr = io::stderr().lock();
    // In one piece, so that nothing else gets between. A closed standard error cannot be asked, and then
    // the answer is empty.
    let _ = stderr.write_all(format!("{question} ").as_bytes());
    let _ = stderr.flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

/// The user did not say yes to what is no plan.
#[derive(Debug, thiserror::Error)]
#[error("{what} was not confirmed; nothing was {done}")]
pub(super) struct NotConfirmed {
    /// Such as `the removal`.
    pub(super) what: String,
    /// What was left undone, such as `removed`.
    pub(super) done: &'static str,
}

impl Explain for NotConfirmed {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "not-confirmed"
    }

    fn hints(&self) -> Vec<String> {
        vec!["answer `y`, or run the command again with `--yes`".into()]
    }
}
