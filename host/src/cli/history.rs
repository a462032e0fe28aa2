//! `phalanx history`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Show the deployments of the stack, newest first
#[derive(Debug, Args)]
pub(super) struct History {
    /// Look in the embedded local cloud
    #[arg(long)]
    local: bool,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl History {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        Ok(Answer::new(&pipeline::history(&session.environment(), &request, limit).await?))
    }
}
