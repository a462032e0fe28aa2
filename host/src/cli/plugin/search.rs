//! `phalanx plugin search`.

use std::fmt;

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline::Listed;
use phalanx::text::safe_line;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Show the plugins of a registry, where the registry tells what it has
#[derive(Debug, Args)]
pub(in crate::cli) struct Search {
    /// `oci://REGISTRY/NAMESPACE`: all plugins below it
    #[arg(value_name = "PLACE")]
    place: String,
}

impl Search {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let registries = session.registries()?;
        Ok(Answer::new(&Found { plugins: registries.search(&self.place).await? }))
    }
}

#[derive(Serialize)]
struct Found {
    plugins: Vec<Listed>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.plugins.is_empty() {
            return writeln!(f, "no plugins there");
        }
        let width = self.plugins.iter().map(|plugin| plugin.source.len()).max().unwrap_or_default();
        for Listed { source, version, description } in &self.plugins {
            let about = description.as_deref().map(|text| format!("  {}", safe_line(text)));
            let line = format!("{source:width$}  {version:8}{}", about.unwrap_or_default());
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
