//! Every change to the local cloud's folder, as a sequence of single operations.
//!
//! The order of these operations is what makes a kill at any moment harmless. They go through a trait
//! so that the tests can cut the sequence at each one.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::digest::{Digest, Hasher};
use crate::fs;

/// The operations that change something.
pub(super) trait Disk: Send + Sync {
    /// Writes a file: all of it or nothing.
    fn write(&self, path: &Path, bytes: &[u8]) -> fs::Result<()>;
    /// Copies a file, not atomically; gives the digest of what was written.
    fn copy(&self, from: &Path, to: &Path) -> fs::Result<Digest>;
    /// Makes a folder and its parents.
    fn create_dir_all(&self, path: &Path) -> fs::Result<()>;
    /// Renames a file.
    fn rename(&self, from: &Path, to: &Path) -> fs::Result<()>;
    /// Removes a file; none there is fine.
    fn remove_file(&self, path: &Path) -> fs::Result<()>;
    /// Removes a folder and all it holds; none there is fine.
    fn remove_dir_all(&self, path: &Path) -> fs::Result<()>;
}

/// The file system as it is.
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn write(&self, path: &Path, bytes: &[u8]) -> fs::Result<()> {
        fs::write(path, bytes)
    }

    fn copy(&self, from: &Path, to: &Path) -> fs::Result<Digest> {
        let mut source = fs::open(from)?;
        let mut hasher = Hasher::new();
        fs::write_with(to, |file| {
            let mut block = vec![0; 128 * 1024];
            loop {
                match source.read(&mut block) {
                    Ok(0) => return Ok(()),
                    Ok(read) => {
                        hasher.update(&block[..read]);
                        file.write_all(&block[..read])?;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        })?;
        Ok(hasher.finish())
    }

    fn create_dir_all(&self, path: &Path) -> fs::Result<()> {
        fs::create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> fs::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> fs::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> fs::Result<()> {
        fs::remove_dir_all(path)
    }
}

/// What a killed run may leave: temporary files begin with this (see [`fs::write`]).
pub(super) const TEMPORARY: &str = ".phalanx-";

/// Removes leftovers from `folder`, which need not exist. Nobody else may be writing there.
pub(super) fn sweep(disk: &dyn Disk, folder: &Path) -> fs::Result<()> {
    if !fs::exists(folder) {
        return Ok(());
    }
    for path in fs::list(folder)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY)) {
            disk.remove_file(&path)?;
        }
    }
    Ok(())
}
