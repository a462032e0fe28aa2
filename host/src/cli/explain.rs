//! `phalanx explain`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Tell who wrote a value of the template: the service, at which line, or which plugin
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A logical id with a path, such as `Queue.Properties.Tags`, or a JSON Pointer, such as
    /// `/Outputs/Url`
    #[arg(value_name = "WHAT")]
    subject: String,
}

impl Explain {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(true)?;
        request.dry_run = true;
        let explained = pipeline::explain(&session.environment(), &request, &self.subject).await?;
        Ok(Answer::new(&explained))
    }
}
