//! `phalanx plugin verify`.

use std::fmt;

use clap::Args;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline::{self, Registries};
use phalanx::registry::LockFile;
use phalanx::text::count;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Look whether the registries still have what the lock file pins, under the same tags
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {}

impl Verify {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let lock = LockFile::read(&service.root)?;
        let registries = Registries::open(&session.environment(), request.profile.as_deref())?;
        for (name, locked) in &lock.plugins {
            registries.verify(name, locked).await?;
            let is_digest = locked.source.contains('@');
            let tagged = if is_digest { None } else { registries.tagged(locked).await? };
            if let Some(found) = tagged.filter(|found| *found != locked.manifest) {
                let (plugin, version) = (name.clone(), locked.version.clone());
                return Err(
                    TagMoved { plugin, version, locked: locked.manifest.clone(), found }.into()
                );
            }
        }
        Ok(Answer::new(&Verified { verified: lock.plugins.keys().cloned().collect() }))
    }
}

#[derive(Serialize)]
struct Verified {
    verified: Vec<String>,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} verified", count(self.verified.len(), "plugin"))
    }
}

/// A released version is something else now.
#[derive(Debug, thiserror::Error)]
#[error(
    "version {version} of plugin `{plugin}` was moved: its tag is {found} now, and {locked} is locked"
)]
struct TagMoved {
    plugin: String,
    version: String,
    locked: String,
    found: String,
}

impl Explain for TagMoved {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "tag-moved"
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "what is locked still runs; ask its publisher why a released version was changed"
                .into(),
        ]
    }
}
