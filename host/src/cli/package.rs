//! `phalanx package`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Write the packages and the template to `.phalanx/`
#[derive(Debug, Args)]
pub(super) struct Package {
    /// Build although no input has changed
    #[arg(long)]
    force: bool,
}

impl Package {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(true)?;
        request.dry_run = true;
        request.force = self.force;
        let result = pipeline::package(&session.environment(), &request).await?;
        Ok(Answer::new(&result))
    }
}
