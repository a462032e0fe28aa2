//! What is remembered of a build: its fingerprint, and the digests of its inputs by their stamps.
//!
//! A stamp (times, size, inode) lets unchanged files go unread. A file changed in the same tick of the
//! file system's clock in which it was hashed keeps its stamp, so files that were young when hashed
//! are hashed again: the same care that git takes with its index.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fs::{self, FsError};

/// Coarsest clock of a common file system (FAT), in nanoseconds.
const CLOCK_TICK: i64 = 2_000_000_000;

/// The record of one build.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Record {
    /// Of the last good build; none when the last build did not end well.
    pub(super) fingerprint: Option<Digest>,
    /// When the inputs were hashed, by the file system's clock, in nanoseconds since 1970.
    pub(super) hashed_at: i64,
    /// The inputs, by path relative to the service's folder.
    pub(super) files: BTreeMap<String, File>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct File {
    /// Its stamp when it was hashed.
    pub(super) stamp: Stamp,
    /// Its Unix mode.
    pub(super) mode: u32,
    /// The digest of its content.
    pub(super) digest: Digest,
}

/// What tells cheaply that a file changed. Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Stamp {
    modified: i64,
    changed: i64,
    size: u64,
    inode: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.len(),
            inode: metadata.ino(),
        }
    }
}

impl Record {
    /// The record, or an empty one when there is none that can be understood.
    pub(super) fn load(path: &Path) -> Result<Self, FsError> {
        let bytes = fs::read_if_present(path)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), FsError> {
        fs::write(path, serde_json::to_vec(self).expect("a record is plain data"))
    }

    /// The digest of the file with this stamp, when it can be trusted.
    pub(super) fn digest(&self, path: &str, stamp: &Stamp) -> Option<Digest> {
        let known = self.files.get(path).filter(|known| known.stamp == *stamp)?;
        let youngest = stamp.modified.max(stamp.changed);
        (youngest.saturating_add(CLOCK_TICK) < self.hashed_at).then_some(known.digest)
    }
}

/// Now, by the clock of the file system that holds `folder`, in nanoseconds since 1970: stamps can be
/// compared with it even when the disk is another machine's.
pub(super) fn clock(folder: &Path) -> Result<i64, FsError> {
    let path = folder.join("build").join(".clock");
    fs::write(&path, [])?;
    Ok(Stamp::of(&fs::metadata(&path)?).modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_trusted_only_when_the_file_was_old_enough_to_be_hashed() {
        let stamp = Stamp { modified: 10, changed: 10, size: 1, inode: 1 };
        let digest = Digest::of("x");
        let file = File { stamp: stamp.clone(), mode: 0o644, digest };
        let record = |hashed_at| Record {
            fingerprint: None,
            hashed_at,
            files: [("a".to_owned(), file.clone())].into(),
        };
        assert_eq!(record(10 + CLOCK_TICK + 1).digest("a", &stamp), Some(digest));
        assert_eq!(record(10 + CLOCK_TICK).digest("a", &stamp), None, "too young");
        let grown = Stamp { size: 2, ..stamp };
        assert_eq!(record(i64::MAX).digest("a", &grown), None, "changed");
        assert_eq!(record(i64::MAX).digest("b", &grown), None, "unknown");
    }
}
