//! Lets plugins at `post-build` work on the packages: the plugin host's trait over our packages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::hint::Explain;
use crate::package::{PackageError, PackageSet};
use crate::plugin::{Artifact, Artifacts, Failure};
use crate::text::size;

/// The packages, shared by the run and the call under way.
#[derive(Clone)]
pub(super) struct SharedPackages(Arc<Mutex<PackageSet>>);

impl SharedPackages {
    pub(super) fn new(packages: PackageSet) -> Self {
        Self(Arc::new(Mutex::new(packages)))
    }

    /// The packages as they stand.
    pub(super) fn get(&self) -> PackageSet {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, PackageSet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Artifacts for SharedPackages {
    fn list(&self) -> Vec<Artifact> {
        let entries = self.lock().list();
        let entries = entries.into_iter().map(|entry| Artifact {
            function: entry.function,
            logical_id: entry.logical_id,
            sha256: entry.sha256.to_string(),
            size: entry.size,
        });
        entries.collect()
    }

    fn files(&self, function: &str) -> Result<Vec<String>, Failure> {
        self.lock().files(function).map_err(|error| failure(&error))
    }

    fn read(&self, function: &str, path: &str, limit: u64) -> Result<Vec<u8>, Failure> {
        let packages = self.get();
        let length = packages.size(function, path).map_err(|error| failure(&error))?;
        if length > limit {
            return Err(Failure {
                code: "file-too-large".into(),
                message: format!("`{path}` has {}, and {} are allowed", size(length), size(limit)),
                hint: Some("raise `host-data` in the plugin's `limits`".into()),
            });
        }
        packages.read(function, path).map_err(|error| failure(&error))
    }

    fn write(
        &mut self,
        function: &str,
        path: &str,
        bytes: Vec<u8>,
        mode: u32,
    ) -> Result<(), Failure> {
        self.lock().write(function, path, bytes, mode).map_err(|error| failure(&error))
    }

    fn begin(&mut self) {
        self.lock().begin();
    }

    fn commit(&mut self) {
        self.lock().commit();
    }

    fn rollback(&mut self) {
        self.lock().rollback();
    }
}

fn failure(error: &PackageError) -> Failure {
    let hint = error.hints().into_iter().next();
    Failure { code: error.code().to_owned(), message: super::failure::full_message(error), hint }
}
