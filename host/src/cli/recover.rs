//! `phalanx recover`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Continue the rollback of an update that could not be undone
#[derive(Debug, Args)]
pub(super) struct Recover {
    /// Leave this resource as it is; it is then not what the template says (can be repeated)
    #[arg(long, value_name = "LOGICAL_ID")]
    skip: Vec<String>,
    /// Look in the embedded local cloud
    #[arg(long)]
    local: bool,
}

impl Recover {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let recovered = pipeline::recover(&session.environment(), &request, &self.skip).await?;
        Ok(Answer::new(&recovered))
    }
}
