//! `phalanx rollback`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline::{self, PlanResult};

use super::confirm::{self, Consent};
use super::output::Answer;
use super::plan_view;
use super::session::Session;
use super::style::Style;

/// Bring an earlier build of the stack back, as it was deployed
///
/// Template, parameters, tags and code are those of that build. Plugins do not run: those that the
/// service has now are not those of that build, and what those did is in its template already.
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The build, by the beginning of its id, at least 4 digits [default: the one before the live one]
    #[arg(long, value_name = "BUILD")]
    to: Option<String>,
    /// Roll back in the embedded local cloud
    #[arg(long)]
    local: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
    /// When another run changes the stack, follow that to its end first, instead of stopping
    #[arg(long)]
    wait: bool,
}

impl Rollback {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(self.local)?;
        request.dry_run = self.dry_run;
        request.wait = self.wait;
        let confirm = async |plan: &PlanResult| confirm::plan(session, plan, &self.consent);
        let environment = session.environment();
        let result =
            pipeline::rollback(&environment, &request, self.to.as_deref(), confirm).await?;
        let mut text = String::new();
        if self.dry_run {
            text =
                plan_view::draw(&result.plan, Style::for_stdout(session), session.global.verbose);
        }
        if result.change.is_some() {
            let build = result.build_id.get(..12).unwrap_or(&result.build_id);
            text.push_str(&format!("rolled back to build {build}\n"));
        }
        text.push_str(&result.to_string());
        Ok(Answer::with_text(text, &result))
    }
}
