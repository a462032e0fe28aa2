//! `phalanx plan`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::plan_view;
use super::session::Session;
use super::style::Style;

/// Show what a deployment would change, and change nothing
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Compare with the embedded local cloud
    #[arg(long)]
    local: bool,
    /// Build although no input has changed
    #[arg(long)]
    force: bool,
    /// Exit with code 4 when there are changes
    #[arg(long)]
    exit_code: bool,
}

impl PlanArgs {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(self.local)?;
        request.force = self.force;
        request.dry_run = true;
        let result = pipeline::plan(&session.environment(), &request).await?;
        let text = plan_view::draw(&result, Style::for_stdout(session), session.global.verbose);
        let changes = !result.is_empty();
        let code = if self.exit_code && changes { 4 } else { 0 };
        Ok(Answer::with_text(text, &result).code(code))
    }
}
