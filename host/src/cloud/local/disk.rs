//! Every change to the local cloud's folder, as a sequence of single operations.
//!
//! The order of these operations is what makes a kill at any moment harmless. They go through a trait
//! so that the tests can cut the sequence at each one.

use std::io;
use std::path::Path;

use crate::fs;

/// The operations that change something.
pub(super) trait Disk: Send + Sync {
    /// Writes a file: all of it or nothing.
    fn write(&self, path: &Path, bytes: &[u8]) -> fs::Result<()>;
    /// Copies a file: all of it or nothing.
    fn copy(&self, from: &Path, to: &Path) -> fs::Result<()>;
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

    fn copy(&self, from: &Path, to: &Path) -> fs::Result<()> {
        let mut source = fs::open(from)?;
        fs::write_with(to, |file| io::copy(&mut source, file).map(drop))
    }

    fn remove_file(&self, path: &Path) -> fs::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> fs::Result<()> {
        fs::remove_dir_all(path)
    }
}

/// How the temporary files of [`fs::write`] begin; a killed run leaves them.
const TEMPORARY: &str = ".phalanx-";

/// Removes leftovers from `folder`, which need not exist. Nobody else may be writing there.
pub(super) fn sweep(disk: &dyn Disk, folder: &Path) -> fs::Result<()> {
    for path in fs::list_if_present(folder)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY)) {
            disk.remove_file(&path)?;
        }
    }
    Ok(())
}
