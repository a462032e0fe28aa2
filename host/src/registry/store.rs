//! What was fetched from registries, by its digest: shared by all services of a user.
//!
//! Two runs that fetch the same thing write the same bytes, each to a file of its own and then in place; what
//! is read is hashed again, so a file that was changed is fetched anew.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::digest::Digest;
use crate::fs::{self, FsError};

/// The folder of fetched blobs.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    now: SystemTime,
}

/// A file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Where it is.
    pub path: PathBuf,
    /// Its digest in hexadecimal digits; something else for what a killed process left.
    pub name: String,
    /// Bytes of it.
    pub size: u64,
    /// When it was last used, to a day.
    pub used: SystemTime,
}

impl Store {
    /// The store in the user's cache; `now` is noted as the time of uses.
    pub fn new(cache_dir: &Path, now: SystemTime) -> Self {
        Self { folder: cache_dir.join("blobs/sha256"), now }
    }

    /// Notes that the blob with this digest is in use, although nobody reads it.
    pub fn note_use(&self, digest: &Digest) {
        if let Ok(file) = fs::open(&self.path(digest)) {
            fs::note_use(&file, self.now);
        }
    }

    /// The blob with this digest; none when it is not there or was changed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, FsError> {
        let path = self.path(digest);
        let mut file = match fs::open(&path) {
            Ok(file) => file,
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        let read = file.read_to_end(&mut bytes);
        read.map_err(|source| FsError { action: "read", path: path.clone(), source })?;
        if Digest::of(&bytes) == *digest {
            fs::note_use(&file, self.now);
            return Ok(Some(bytes));
        }
        fs::remove_file(&path)?;
        Ok(None)
    }

    /// All that is in the store.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn list(&self) -> Result<Vec<Blob>, FsError> {
        let mut blobs = Vec::new();
        for path in fs::list_if_present(&self.folder)? {
            // One that has vanished was removed by another process.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            blobs.push(Blob { path, name, size: metadata.len(), used });
        }
        Ok(blobs)
    }

    /// Keeps a blob, whose digest was taken already: it is taken again whenever the blob is read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), FsError> {
        fs::write_unflushed(&self.path(digest), bytes)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_changed_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(5_000_000_000);
        let store = Store::new(folder.path(), now);
        let digest = Digest::of("component");
        store.put(&digest, b"component").unwrap();
        assert_eq!(store.get(&digest).unwrap().as_deref(), Some(&b"component"[..]));
        let [blob] = &store.list().unwrap()[..] else { panic!("one blob") };
        assert_eq!((&blob.name, blob.size, blob.used), (&digest.to_string(), 9, now));
        fs::write(&store.path(&digest), b"tampered").unwrap();
        assert_eq!(store.get(&digest).unwrap(), None);
        assert!(!fs::exists(&store.path(&digest)));
        assert_eq!(store.get(&Digest::of("other")).unwrap(), None);
    }
}
