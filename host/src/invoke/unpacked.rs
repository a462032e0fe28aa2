//! The packages that calls have unpacked, for garbage collection.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::digest::Digest;
use crate::fs;

/// A package that was unpacked for some call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// Digest of the package.
    pub digest: Digest,
    /// The folder of its files.
    pub path: PathBuf,
    /// Bytes of the files.
    pub size: u64,
    /// When it was unpacked.
    pub since: SystemTime,
}

/// Every unpacked package in the folder that [`Options::cache_dir`](super::Options::cache_dir) names.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn unpacked(cache_dir: &Path) -> fs::Result<Vec<Unpacked>> {
    let mut found = Vec::new();
    for path in fs::list_if_present(&cache_dir.join("functions"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Ok(digest) = name.parse() else { continue };
        let since = fs::metadata(&path)?.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        found.push(Unpacked { digest, size: size_of(&path)?, path, since });
    }
    Ok(found)
}

/// Removes unpacked packages; the next call unpacks them anew.
///
/// # Errors
/// When one cannot be removed.
pub fn remove_unpacked<'a>(
    cache_dir: &Path,
    paths: impl IntoIterator<Item = &'a Path>,
) -> fs::Result<()> {
    let _lock = fs::lock(&cache_dir.join(".lock"))?;
    paths.into_iter().try_for_each(fs::remove_dir_all)
}

fn size_of(folder: &Path) -> fs::Result<u64> {
    fs::list(folder)?.iter().try_fold(0, |sum, path| {
        let metadata = fs::symlink_metadata(path)?;
        Ok(sum + if metadata.is_dir() { size_of(path)? } else { metadata.len() })
    })
}
