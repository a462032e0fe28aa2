//! `phalanx schema`.

use clap::{Args, ValueEnum};
use phalanx::hint::BoxError;
use phalanx::manifest::{FileKind, json_schema};

use super::output::Answer;

/// Print the JSON Schema of `phalanx.toml`, or of another file, for editors
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Which file
    #[arg(value_enum, default_value_t = File::Manifest)]
    file: File,
}

/// A file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    /// `phalanx.toml`
    Manifest,
    /// A policy for plugins
    Policy,
    /// `plugin.toml`
    Plugin,
    /// `case.toml`, of a plugin's tests
    Case,
}

impl Schema {
    pub(super) fn run(self) -> Result<Answer, BoxError> {
        let schema = json_schema(match self.file {
            File::Manifest => FileKind::Manifest,
            File::Policy => FileKind::Policy,
            File::Plugin => FileKind::Plugin,
            File::Case => FileKind::Case,
        });
        let text = serde_json::to_string_pretty(&schema).expect("a JSON value");
        Ok(Answer::with_text(text, &schema))
    }
}
