//! `phalanx schema`.

use clap::Args;
use phalanx::hint::BoxError;

use super::output::Answer;

/// Print the JSON Schema of `phalanx.toml`, for editors
#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(super) fn run(self) -> Result<Answer, BoxError> {
        let schema = phalanx::manifest::json_schema();
        let text = serde_json::to_string_pretty(&schema).expect("a JSON value");
        Ok(Answer::with_text(text, &schema))
    }
}
