//! `phalanx plugin list`.

use std::fmt;

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::manifest::Source;
use phalanx::pipeline::{self, Registries};
use phalanx::registry::LockFile;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Show the plugins of the service, in the order in which they run
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Ask the registries whether there is something newer
    #[arg(long)]
    outdated: bool,
}

impl List {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let lock = LockFile::read(&service.root)?;
        let registries = match self.outdated {
            true => Some(Registries::open(&session.environment(), request.profile.as_deref())?),
            false => None,
        };
        let mut plugins = Vec::new();
        for usage in service.plugins.values() {
            let locked = lock.plugins.get(&usage.name);
            let source = usage.source.to_string();
            let newest = match (&registries, &usage.source) {
                (Some(registries), Source::Oci(_)) => registries.newest(&source).await?,
                _ => None,
            };
            plugins.push(Row {
                name: usage.name.clone(),
                version: match &usage.source {
                    Source::Builtin(_) => Some(env!("CARGO_PKG_VERSION").to_owned()),
                    Source::File(_) => None,
                    Source::Oci(_) => locked.map(|locked| locked.version.clone()),
                },
                is_locked: locked.is_some(),
                newest,
                source,
            });
        }
        Ok(Answer::new(&Listed { plugins }))
    }
}

#[derive(Serialize)]
struct Listed {
    plugins: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    name: String,
    source: String,
    version: Option<String>,
    #[serde(rename = "locked")]
    is_locked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.plugins.iter().map(|row| row.name.len()).max().unwrap_or_default();
        for Row { name, source, version, is_locked, newest } in &self.plugins {
            let version = version.as_deref().unwrap_or("-");
            write!(f, "{name:width$}  {version:8}  {source}")?;
            if source.starts_with("oci://") && !is_locked {
                write!(f, "  (not locked)")?;
            }
            if let Some(newest) = newest.as_deref().filter(|newest| *newest != version) {
                write!(f, "  (newest: {newest})")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
