//! `phalanx plugin vendor`.

use std::fmt;

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline;
use phalanx::registry::{LockFile, vendor};
use phalanx::text::count;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Keep all pinned components in the repository, for builds that reach no registry
#[derive(Debug, Args)]
pub(in crate::cli) struct Vendor {}

impl Vendor {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let lock = LockFile::read(&service.root)?;
        let registries = session.registries()?;
        let mut files = Vec::new();
        for locked in lock.plugins.values() {
            // A file is in the repository already, or is built there.
            let Some(reference) = locked.reference()? else { continue };
            let component = registries.component(&reference, locked).await?;
            files.push(vendor::write(&service.root, &component)?);
        }
        let removed = vendor::prune(&service.root, &lock)?;
        let shown = |paths: Vec<std::path::PathBuf>| {
            let mut shown: Vec<_> = (paths.iter())
                .map(|path| path.strip_prefix(&service.root).unwrap_or(path).display().to_string())
                .collect();
            shown.sort();
            shown
        };
        Ok(Answer::new(&Vendored { files: shown(files), removed: shown(removed) }))
    }
}

#[derive(Serialize)]
struct Vendored {
    files: Vec<String>,
    removed: Vec<String>,
}

impl fmt::Display for Vendored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = count(self.files.len(), "component");
        write!(f, "{kept} in {}", vendor::FOLDER)?;
        if !self.removed.is_empty() {
            write!(f, ", {} removed", self.removed.len())?;
        }
        writeln!(f)
    }
}
