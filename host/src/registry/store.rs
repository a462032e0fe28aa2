//! What was fetched from registries, by its digest: shared by all services of a user.
//!
//! Two runs that fetch the same thing write the same bytes, each to a file of its own and then in place; what
//! is read is hashed again, so a file that was changed is fetched anew.

use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::fs::{self, FsError};

/// The folder of fetched blobs.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in the user's cache.
    pub fn new(cache_dir: &Path) -> Self {
        Self { folder: cache_dir.join("blobs/sha256") }
    }

    /// The blob with this digest; none when it is not there or was changed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, FsError> {
        let path = self.path(digest);
        let Some(bytes) = fs::read_if_present(&path)? else { return Ok(None) };
        if Digest::of(&bytes) == *digest {
            return Ok(Some(bytes));
        }
        fs::remove_file(&path)?;
        Ok(None)
    }

    /// Keeps a blob; gives its digest.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, FsError> {
        let digest = Digest::of(bytes);
        fs::create_dir_all(&self.folder)?;
        fs::write(&self.path(&digest), bytes)?;
        Ok(digest)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let digest = store.put(b"component").unwrap();
        assert_eq!(store.get(&digest).unwrap().as_deref(), Some(&b"component"[..]));
        fs::write(&store.path(&digest), b"tampered").unwrap();
        assert_eq!(store.get(&digest).unwrap(), None);
        assert!(!fs::exists(&store.path(&digest)));
        assert_eq!(store.get(&Digest::of("other")).unwrap(), None);
    }
}
