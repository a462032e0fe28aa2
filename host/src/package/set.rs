//! The packages of a run while plugins may still change them.
//!
//! Contents are shared and copied on write, so a clone and the start of a transaction cost next to
//! nothing whatever the packages hold.

use std::sync::Arc;

use super::PackageError;
use super::content::{Content, Entry, Kind};
use crate::digest::Digest;
use crate::hint;

/// The packages of all functions. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct PackageSet {
    packages: Arc<Vec<Package>>,
    /// As it was when the open transaction began.
    before: Option<Arc<Vec<Package>>>,
}

#[derive(Debug, Clone)]
pub(super) struct Package {
    pub(super) function: Arc<str>,
    pub(super) logical_id: Arc<str>,
    pub(super) content: Arc<Content>,
}

/// One function's package so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The function's name.
    pub function: String,
    /// The function's logical id.
    pub logical_id: String,
    /// The digest of the content.
    pub sha256: Digest,
    /// Bytes unpacked; of a ready-made archive, its own size.
    pub size: u64,
}

impl PackageSet {
    pub(super) fn push(&mut self, function: &str, logical_id: &str, content: Arc<Content>) {
        Arc::make_mut(&mut self.packages).push(Package {
            function: function.into(),
            logical_id: logical_id.into(),
            content,
        });
    }

    pub(super) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// All packages, in manifest order.
    pub fn list(&self) -> Vec<Artifact> {
        let artifact = |package: &Package| Artifact {
            function: package.function.as_ref().to_owned(),
            logical_id: package.logical_id.as_ref().to_owned(),
            sha256: package.content.digest(),
            size: package.content.size(),
        };
        self.packages.iter().map(artifact).collect()
    }

    /// The digest of a function's content, or none when there is no such function. Zips nothing.
    pub fn digest(&self, function: &str) -> Option<Digest> {
        let package = self.packages.iter().find(|package| *package.function == *function)?;
        Some(package.content.digest())
    }

    /// The paths of a package's files, sorted.
    ///
    /// # Errors
    /// When there is no such function, or its package is a ready-made archive.
    pub fn files(&self, function: &str) -> Result<Vec<String>, PackageError> {
        Ok(self.entries(function)?.keys().cloned().collect())
    }

    /// The size of one file of a package in bytes, without reading it.
    ///
    /// # Errors
    /// As [`Self::read`], but for reading.
    pub fn size(&self, function: &str, path: &str) -> Result<u64, PackageError> {
        Ok(self.entry(function, path)?.size)
    }

    /// The bytes of one file of a package.
    ///
    /// # Errors
    /// When there is no such function or file, the package is a ready-made archive, or the file cannot
    /// be read or changed since it was hashed.
    pub fn read(&self, function: &str, path: &str) -> Result<Vec<u8>, PackageError> {
        self.entry(function, path)?.read()
    }

    /// Adds a file to a function's package, or replaces it. Other functions keep theirs, also when
    /// they shared the package so far. `mode` is `0o644` or `0o755`.
    ///
    /// # Errors
    /// When there is no such function, its package is a ready-made archive, or path or mode cannot be
    /// in a package.
    pub fn write(
        &mut self,
        function: &str,
        path: &str,
        bytes: Vec<u8>,
        mode: u32,
    ) -> Result<(), PackageError> {
        let index = self.index(function)?;
        let package = &mut Arc::make_mut(&mut self.packages)[index];
        Arc::make_mut(&mut package.content).insert(function, path, bytes, mode)
    }

    /// Starts a transaction, in place of one that is open.
    pub fn begin(&mut self) {
        self.before = Some(self.packages.clone());
    }

    /// Keeps what was written since [`Self::begin`].
    pub fn commit(&mut self) {
        self.before = None;
    }

    /// Undoes what was written since [`Self::begin`].
    pub fn rollback(&mut self) {
        if let Some(before) = self.before.take() {
            self.packages = before;
        }
    }

    fn index(&self, function: &str) -> Result<usize, PackageError> {
        let found = self.packages.iter().position(|package| *package.function == *function);
        found.ok_or_else(|| {
            let names = self.packages.iter().map(|package| package.function.as_ref());
            PackageError::UnknownFunction {
                function: function.to_owned(),
                nearest: hint::nearest(function, names).map(str::to_owned),
            }
        })
    }

    fn entries(
        &self,
        function: &str,
    ) -> Result<&std::collections::BTreeMap<String, Entry>, PackageError> {
        match &self.packages[self.index(function)?].content.kind {
            Kind::Files(entries) => Ok(entries),
            Kind::Prebuilt { .. } => Err(PackageError::Prebuilt { function: function.to_owned() }),
        }
    }

    fn entry(&self, function: &str, path: &str) -> Result<&Entry, PackageError> {
        let entries = self.entries(function)?;
        entries.get(path).ok_or_else(|| PackageError::UnknownFile {
            function: function.to_owned(),
            path: path.to_owned(),
            nearest: hint::nearest(path, entries.keys().map(String::as_str)).map(str::to_owned),
        })
    }
}
