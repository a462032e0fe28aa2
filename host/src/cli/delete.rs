//! `phalanx delete`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Delete the stack, with the plugins' teardown hooks
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Delete from the embedded local cloud
    #[arg(long)]
    local: bool,
}

impl Delete {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let result = pipeline::delete(&session.environment(), &request).await?;
        Ok(Answer::new(&result))
    }
}
