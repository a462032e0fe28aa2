//! `phalanx invoke`.

use std::io::{self, Read as _};
use std::path::Path;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline;

use super::output::Answer;
use super::session::Session;

/// Run a deployed function with an event
#[derive(Debug, Args)]
pub(super) struct Invoke {
    /// The function's name in the manifest
    function: String,
    /// Run the function that was deployed to the embedded local cloud, on this machine
    #[arg(long)]
    local: bool,
    /// The event: JSON, `@FILE`, or `@-` for standard input
    #[arg(long, short = 'd', value_name = "JSON", default_value = "{}")]
    data: String,
}

impl Invoke {
    /// The answer is the function's payload; a function that fails makes exit code 1.
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let event = match self.data.strip_prefix('@') {
            None => self.data.into_bytes(),
            Some("-") => {
                let mut event = Vec::new();
                io::stdin().lock().read_to_end(&mut event).map_err(|source| NoEvent { source })?;
                event
            }
            Some(path) => fs::read(&session.settings.absolute(Path::new(path)))?,
        };
        let environment = session.environment();
        let invocation = pipeline::invoke(&environment, &request, &self.function, event).await?;
        let text = String::from_utf8_lossy(&invocation.payload).into_owned();
        let answer = Answer::with_text(text, &invocation);
        match invocation.function_error {
            None => Ok(answer),
            Some(error) => {
                // The payload is still the result: a program that asked wants to see it.
                session.print(answer)?;
                Err(error.into())
            }
        }
    }
}

/// Standard input cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the event from standard input")]
struct NoEvent {
    source: io::Error,
}

impl Explain for NoEvent {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "no-event"
    }
}
