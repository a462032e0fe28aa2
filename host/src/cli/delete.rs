//! `phalanx delete`.

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;

use super::confirm::{self, NotConfirmed};
use super::output::Answer;
use super::session::Session;

/// Delete the stack, with the plugins' teardown hooks
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// Delete from the embedded local cloud
    #[arg(long)]
    local: bool,
    /// Go on without asking
    #[arg(long, short = 'y')]
    yes: bool,
    /// Leave this resource behind; only of a stack whose deletion has failed (can be repeated)
    #[arg(long, value_name = "LOGICAL_ID")]
    retain: Vec<String>,
    /// When another run changes the stack, follow that to its end first, instead of stopping
    #[arg(long)]
    wait: bool,
}

impl Delete {
    /// Someone at a terminal is asked; a script has said what it wants.
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let mut request = session.request(self.local)?;
        request.retain = self.retain;
        request.wait = self.wait;
        if !self.yes && confirm::at_terminal() {
            let stack = pipeline::load(&request)?.stack_name;
            if !confirm::ask(&format!("delete stack {stack} and its data?")) {
                let what = format!("the deletion of stack `{stack}`");
                return Err(NotConfirmed { what, done: "changed" }.into());
            }
        }
        let result = pipeline::delete(&session.environment(), &request).await?;
        Ok(Answer::new(&result))
    }
}
