//! `phalanx invoke`.

use std::io::{self, Read as _};
use std::path::Path;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline;
use serde_json::json;

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
    /// Hand the event over and do not wait for the function: the result is the request's id
    #[arg(long = "async", conflicts_with = "local")]
    no_wait: bool,
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
                let read = io::stdin().lock().read_to_end(&mut event);
                read.map_err(|source| NoEvent { from: "standard input".into(), source })?;
                event
            }
            Some(path) => fs::read(&session.settings.absolute(Path::new(path)))
                .map_err(|error| NoEvent { from: format!("`{path}`"), source: error.source })?,
        };
        let environment = session.environment();
        if self.no_wait {
            let id = pipeline::send(&environment, &request, &self.function, event).await?;
            return Ok(Answer::with_text(id.clone(), &json!({ "request-id": id })));
        }
        let invoked = pipeline::invoke(&environment, &request, &self.function, event).await?;
        let text = String::from_utf8_lossy(invoked.payload()).into_owned();
        let answer = Answer::with_text(text, &invoked);
        match invoked.function_error() {
            None => Ok(answer),
            Some(error) => {
                // The payload is still the result: a program that asked wants to see it.
                session.print(answer)?;
                Err(error.into())
            }
        }
    }
}

/// The event cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the event from {from}")]
struct NoEvent {
    from: String,
    source: io::Error,
}

impl Explain for NoEvent {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-event"
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a file with `-d @FILE`, or give the JSON itself with `-d JSON`".into()]
    }
}
