//! `phalanx outputs`.

use std::fmt;

use clap::Args;
use indexmap::IndexMap;
use phalanx::hint::{BoxError, Explain, Kind, nearest};
use phalanx::pipeline;
use serde::Serialize;

use super::dotenv;
use super::output::Answer;
use super::session::Session;

/// Show the outputs of the deployed stack, or one of them
#[derive(Debug, Args)]
pub(super) struct Outputs {
    /// Show the value of this output alone
    key: Option<String>,
    /// Print `KEY="value"` lines for shells and dotenv readers: `QUEUE_URL` for `QueueUrl`
    #[arg(long, conflicts_with = "key")]
    dotenv: bool,
    /// Look in the embedded local cloud
    #[arg(long)]
    local: bool,
}

impl Outputs {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let (_, stack) = pipeline::stack_of(&session.environment(), &request).await?;
        if self.dotenv {
            let variables = dotenv::variables(stack.outputs)?;
            return Ok(Answer::with_text(dotenv::draw(&variables), &variables));
        }
        let Some(key) = self.key else {
            return Ok(Answer::new(&OutputTable(stack.outputs)));
        };
        match stack.outputs.get(&key) {
            Some(value) => Ok(Answer::with_text(value.clone(), value)),
            None => Err(NoOutput {
                near: nearest(&key, stack.outputs.keys().map(String::as_str)).map(str::to_owned),
                all: stack.outputs.into_keys().collect(),
                stack: stack.name,
                key,
            }
            .into()),
        }
    }
}

#[derive(Serialize)]
struct OutputTable(IndexMap<String, String>);

impl fmt::Display for OutputTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(key, value)| writeln!(f, "{key} = {value}"))
    }
}

/// The stack has no such output.
#[derive(Debug, thiserror::Error)]
#[error("stack `{stack}` has no output `{key}`")]
struct NoOutput {
    stack: String,
    key: String,
    near: Option<String>,
    all: Vec<String>,
}

impl Explain for NoOutput {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-such-output"
    }

    fn hints(&self) -> Vec<String> {
        match (&self.near, self.all.as_slice()) {
            (Some(near), _) => vec![format!("did you mean `{near}`?")],
            (None, []) => {
                vec!["add an `[outputs.NAME]` table to the manifest and deploy again".into()]
            }
            (None, all) => vec![format!("its outputs are: {}", all.join(", "))],
        }
    }
}
