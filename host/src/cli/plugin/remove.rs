//! `phalanx plugin remove`.

use std::fmt;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::manifest::edit;
use phalanx::pipeline;
use phalanx::registry::LockFile;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Take a plugin out of the manifest and the lock file
#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// The plugin's name in the manifest
    #[arg(value_name = "PLUGIN")]
    plugin: String,
}

impl Remove {
    pub(super) fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let functions: Vec<String> = (service.functions.values())
            .filter(|function| function.decorators.contains(&self.plugin))
            .map(|function| function.name.clone())
            .collect();
        if !functions.is_empty() {
            return Err(InUse { plugin: self.plugin, functions }.into());
        }
        let text = fs::read_to_string(&request.manifest)?;
        fs::write(&request.manifest, edit::remove_plugin(&text, &self.plugin)?)?;
        let mut lock = LockFile::read(&service.root)?;
        if lock.plugins.remove(&self.plugin).is_some() {
            lock.write(&service.root)?;
        }
        Ok(Answer::new(&Removed { removed: self.plugin }))
    }
}

#[derive(Serialize)]
struct Removed {
    removed: String,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "removed plugin {}", self.removed)
    }
}

/// Functions name the plugin.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}` decorates {}", functions.join(", "))]
struct InUse {
    plugin: String,
    functions: Vec<String>,
}

impl Explain for InUse {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "plugin-in-use"
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("take `{}` out of their `decorators` first", self.plugin)]
    }
}
