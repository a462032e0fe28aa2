//! `phalanx plugin verify`.

use std::fmt;

use clap::Args;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline;
use phalanx::registry::LockFile;
use phalanx::text::count;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Check every plugin against lock file and policies, and whether the registries still have the same under its tag
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {}

impl Verify {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let lock = LockFile::read(&service.root)?;
        let (registries, environment) = (session.registries()?, session.environment());
        for usage in service.plugins.values() {
            let component = pipeline::component_of(&environment, &request, &service, usage).await?;
            registries.inspect(&usage.name, &component)?;
            let Some(locked) = lock.plugins.get(&usage.name) else { continue };
            let Some(tag) = locked.tagged()? else { continue };
            let is_locked = |found: &String| Some(found) == locked.manifest.as_ref();
            if let Some(found) = registries.tagged(&tag).await?.filter(|found| !is_locked(found)) {
                return Err(TagMoved {
                    plugin: usage.name.clone(),
                    version: locked.version.clone().unwrap_or_default(),
                    locked: locked.manifest.clone().unwrap_or_default(),
                    found,
                }
                .into());
            }
        }
        Ok(Answer::new(&Verified { verified: service.plugins.keys().cloned().collect() }))
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
