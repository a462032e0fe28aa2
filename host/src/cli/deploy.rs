//! `phalanx deploy`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline::{self, PlanResult};

use super::confirm::{self, Consent};
use super::output::Answer;
use super::plan_view;
use super::session::Session;
use super::style::Style;

/// Build, package, decorate, check and provision the service [alias: provision]
#[derive(Debug, Args)]
pub(super) struct Deploy {
    /// Provision to the embedded local cloud
    #[arg(long)]
    local: bool,
    /// Do everything but upload and provision
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    consent: Consent,
    /// Update the code of functions directly; refused when anything else would change
    #[arg(long)]
    code_only: bool,
    /// When another run changes the stack, follow that to its end first, instead of stopping
    #[arg(long)]
    wait: bool,
    /// Build although no input has changed
    #[arg(long)]
    force: bool,
}

impl Deploy {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(self.local)?;
        request.dry_run = self.dry_run;
        request.force = self.force;
        request.code_only = self.code_only;
        request.wait = self.wait;
        let confirm = async |plan: &PlanResult| confirm::plan(session, plan, &self.consent);
        let result = pipeline::deploy(&session.environment(), &request, confirm).await?;
        let mut text = String::new();
        if self.dry_run {
            text =
                plan_view::draw(&result.plan, Style::for_stdout(session), session.global.verbose);
        }
        text.push_str(&result.to_string());
        Ok(Answer::with_text(text, &result))
    }
}
