//! `phalanx build`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Run the builds whose inputs have changed
#[derive(Debug, Args)]
pub(super) struct Build {
    /// Build although no input has changed
    #[arg(long)]
    force: bool,
}

impl Build {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(true)?;
        request.dry_run = true;
        request.force = self.force;
        let result = pipeline::build(&session.environment(), &request).await?;
        Ok(Answer::new(&result))
    }
}
