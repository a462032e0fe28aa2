//! `phalanx plugin list`.

use std::fmt;

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::manifest::Source;
use phalanx::pipeline;
use phalanx::registry::{LockFile, Reference};
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
            true => Some(session.registries()?),
            false => None,
        };
        let mut plugins = Vec::new();
        for usage in service.plugins.values() {
            let locked = lock.plugins.get(&usage.name);
            let source = usage.source.to_string();
            let place = match (locked, &usage.source) {
                (Some(locked), _) => locked.reference()?,
                (None, Source::Oci(reference)) => Some(Reference::parse(reference)?),
                (None, _) => None,
            };
            let newest = match (&registries, place) {
                (Some(registries), Some(place)) => registries.newest(&place).await?,
                _ => None,
            };
            plugins.push(Row {
                name: usage.name.clone(),
                version: match &usage.source {
                    Source::Builtin(_) => Some(env!("CARGO_PKG_VERSION").to_owned()),
                    _ => locked.and_then(|locked| locked.version.clone()),
                },
                is_locked: locked.is_some(),
                is_builtin: matches!(usage.source, Source::Builtin(_)),
                signers: locked.map(|locked| locked.signers.clone()).unwrap_or_default(),
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
    #[serde(skip)]
    is_builtin: bool,
    signers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.plugins.iter().map(|row| row.name.len()).max().unwrap_or_default();
        for row in &self.plugins {
            let Row { name, source, newest, .. } = row;
            let version = row.version.as_deref().unwrap_or("-");
            write!(f, "{name:width$}  {version:8}  {source}")?;
            match (row.is_locked, row.signers.len()) {
                _ if row.is_builtin => {}
                (false, _) => f.write_str("  (not locked)")?,
                (true, 0) if row.version.is_some() => f.write_str("  (no signature checked)")?,
                (true, 0) => {}
                (true, _) => f.write_str("  (signed)")?,
            }
            if let Some(newest) = newest.as_deref().filter(|newest| *newest != version) {
                write!(f, "  (newest: {newest})")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
