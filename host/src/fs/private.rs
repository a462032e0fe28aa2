//! Files that nobody but the user may read or replace: compiled code and the key that authenticates it.
//!
//! A folder or file is trusted only when this user owns it and no one else may write it; links are
//! not followed. On systems without Unix owners the platform's own profile folders are relied on.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use memmap2::{Mmap, MmapOptions};
use serde::{Deserialize, Serialize};

use super::{Result, context};

/// Makes `path` a folder that only this user may enter, its parents included.
///
/// # Errors
/// When it cannot be made, is a link, or belongs to someone else.
pub fn create_dir(path: &Path) -> Result<()> {
    context("create private folder", path, create_dir_inner(path))
}

#[cfg(unix)]
fn create_dir_inner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let metadata = std::fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Err(refusal("it is a symbolic link"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refusal("it belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn create_dir_inner(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Opens a private file for reading, or none when there is no such file.
///
/// # Errors
/// When it is a link, belongs to someone else, may be written by others, or cannot be opened.
pub fn open(path: &Path) -> Result<Option<File>> {
    match open_inner(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => context("open private file", path, Err(error)),
    }
}

#[cfg(unix)]
fn open_inner(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{Mode, OFlags};

    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => return Err(refusal("it is a symbolic link")),
        Err(error) => return Err(error.into()),
    };
    // Asked of the open file, so that nothing can be exchanged between check and use.
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refusal("it is not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refusal("it belongs to another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(refusal("others may write it"));
    }
    Ok(file)
}

#[cfg(not(unix))]
fn open_inner(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// A private file's bytes, without a copy of them.
///
/// # Errors
/// When the system does not map it.
pub fn map(file: &File) -> io::Result<Mmap> {
    #[expect(unsafe_code, reason = "the system cannot promise that a mapped file stays as it is")]
    // SAFETY: nobody else may write private files or their folders, as `open` and `create_dir` see to; and
    // Phalanx replaces them by name, and never changes one in place.
    unsafe {
        // All of it will be read: so it is there at once, and not page by page.
        MmapOptions::new().populate().map(file)
    }
}

/// What the system keeps of a file: the same as long as it is the same file and nobody changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds since 1970.
    modified: (i64, i64),
    /// When content, name or times changed: programs cannot set this one.
    changed: (i64, i64),
}

impl Stamp {
    /// Whether a change from now on will have another time: clocks of file systems have ticks.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        const TICK: i64 = 2;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        i64::try_from(now).is_ok_and(|now| now - self.changed.0 > TICK)
    }
}

/// The stamp of a private file; none where the system keeps no such times.
///
/// # Errors
/// When the file cannot be examined.
#[cfg(unix)]
pub fn stamp(file: &File) -> io::Result<Option<Stamp>> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = file.metadata()?;
    Ok(Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }))
}

/// The stamp of a private file; none where the system keeps no such times.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn stamp(_file: &File) -> io::Result<Option<Stamp>> {
    Ok(None)
}

/// The content of a private file, or none when there is no such file.
///
/// # Errors
/// As [`open`], and when it cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some(mut file) = open(path)? else { return Ok(None) };
    let mut read = || {
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(length);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    context("read private file", path, read()).map(Some)
}

/// Writes `parts` one after the other to a private file: to a temporary one beside it, flushed to
/// disk, then renamed. A file that is there is replaced by name, never overwritten in place.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, parts: &[&[u8]]) -> Result<()> {
    let write = || {
        temporary(path, parts)?.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    context("write private file", path, write())
}

/// As [`write()`], unless there is a file of that name: then false, and it stays as it is.
///
/// # Errors
/// When it cannot be written.
pub fn write_new(path: &Path, parts: &[&[u8]]) -> Result<bool> {
    let write = || match temporary(path, parts)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    };
    context("write private file", path, write())
}

/// Temporary files have mode 0600 from the start.
fn temporary(path: &Path, parts: &[&[u8]]) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// How the names of files begin that are not finished yet.
pub const TEMPORARY: &str = ".unfinished-";

#[cfg(unix)]
fn refusal(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, reason)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).expect("it was just made").mode() & 0o777
    }

    #[test]
    fn folders_are_closed_to_others_even_when_they_were_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        create_dir(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        create_dir(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
        assert!(create_dir(&folder.path().join("link")).is_err());
    }

    #[test]
    fn files_are_private_and_links_or_open_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(read(&path).unwrap(), None);
        assert!(write_new(&path, &[b"ab", b"c"]).unwrap());
        assert!(!write_new(&path, &[b"other"]).unwrap());
        assert_eq!(read(&path).unwrap().unwrap(), b"abc");
        assert_eq!(mode(&path), 0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(read(&link).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(error.source.to_string(), "others may write it");
    }
}
