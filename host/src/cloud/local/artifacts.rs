//! Artifacts by the digest of their content.
//!
//! An artifact is `artifacts/<content digest>/<SHA-256 of the file>`: the file's own name says what
//! must be in it, so one atomic write publishes it and every reader can verify it. (The content digest
//! cannot: it is known before the zip file is.)

use std::path::{Path, PathBuf};

use super::LocalError;
use super::disk::{Disk, sweep};
use super::lock;
use crate::cloud::{Artifact, ArtifactLocation, Stored};
use crate::digest::Digest;
use crate::fs;

/// The bucket that artifacts seem to be in.
const BUCKET: &str = "phalanx-local";
const PREFIX: &str = "artifacts/";

/// Where the template says that the artifact is.
pub(super) fn location(digest: &Digest) -> ArtifactLocation {
    ArtifactLocation { bucket: BUCKET.into(), key: format!("{PREFIX}{digest}") }
}

/// The digest that a bucket and key stand for; none when they are not ours.
pub(super) fn digest_of(bucket: &str, key: &str) -> Option<Digest> {
    key.strip_prefix(PREFIX).filter(|_| bucket == BUCKET)?.parse().ok()
}

/// The folder of artifacts.
pub(super) struct Artifacts<'a> {
    folder: PathBuf,
    lock: PathBuf,
    disk: &'a dyn Disk,
}

impl<'a> Artifacts<'a> {
    pub(super) fn new(root: &Path, disk: &'a dyn Disk) -> Self {
        Self {
            folder: root.join("artifacts"),
            lock: root.join("locks").join("artifacts.lock"),
            disk,
        }
    }

    /// Stores a file unless its content is there.
    pub(super) fn store(&self, artifact: &Artifact) -> Result<Stored, LocalError> {
        if self.find(&artifact.digest)?.is_some() {
            return Ok(Stored::Present);
        }
        let _held = lock::share(&self.lock)?;
        let file_digest = digest_of_file(&artifact.path)?;
        let folder = self.folder.join(artifact.digest.to_string());
        self.disk.copy(&artifact.path, &folder.join(file_digest.to_string()))?;
        Ok(Stored::New)
    }

    /// The stored file, not verified.
    pub(super) fn find(&self, digest: &Digest) -> Result<Option<PathBuf>, LocalError> {
        let folder = self.folder.join(digest.to_string());
        let stored = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.parse::<Digest>().is_ok())
        };
        Ok(fs::list_if_present(&folder)?.into_iter().find(stored))
    }

    /// The stored file, verified. A damaged one is removed, so that the next deploy stores it anew.
    pub(super) fn read(&self, digest: &Digest) -> Result<Option<PathBuf>, LocalError> {
        let Some(path) = self.find(digest)? else { return Ok(None) };
        let found = digest_of_file(&path)?;
        if path.file_name().is_some_and(|name| *name == *found.to_string()) {
            return Ok(Some(path));
        }
        self.disk.remove_file(&path)?;
        Err(LocalError::ArtifactDamaged(path))
    }

    /// Removes what killed runs left, unless someone is storing now.
    pub(super) fn sweep(&self) -> Result<(), LocalError> {
        if let Some(_alone) = lock::alone(&self.lock)? {
            for folder in fs::list_if_present(&self.folder)? {
                sweep(self.disk, &folder)?;
            }
        }
        Ok(())
    }
}

fn digest_of_file(path: &Path) -> fs::Result<Digest> {
    Digest::of_reader(fs::open(path)?).map_err(|source| fs::FsError {
        action: "read",
        path: path.to_owned(),
        source,
    })
}
