//! File operations whose errors carry what was done to which path.
//!
//! `clippy.toml` bans `std::fs` elsewhere. Writes are atomic: a reader sees the old file or the new
//! one, and a killed run leaves no half-written file behind.

#![expect(clippy::disallowed_methods, reason = "this module is what the ban points to")]

mod inside;
pub mod private;

use std::fs::{File, Metadata, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::hint::{self, Explain, Kind};

pub use inside::{OutsideError, inside};

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`", path.display())]
pub struct FsError {
    /// What was tried: `read`, `write`, `create folder`, …
    pub action: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl Explain for FsError {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "file-error"
    }

    fn hints(&self) -> Vec<String> {
        match self.source.kind() {
            io::ErrorKind::PermissionDenied => {
                vec![format!("check who owns `{}` and its mode", self.path.display())]
            }
            io::ErrorKind::StorageFull => {
                vec!["free some disk space and run the command again".into()]
            }
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                let in_the_way = self.path.ancestors().find(|path| path.is_file());
                let hint = |path: &Path| format!("`{}` is no folder: move it away", path.display());
                Vec::from_iter(in_the_way.map(hint))
            }
            io::ErrorKind::IsADirectory => {
                vec![format!("`{}` is a folder: move it away", self.path.display())]
            }
            _ => Vec::new(),
        }
    }
}

/// The result of a file operation.
pub type Result<T> = std::result::Result<T, FsError>;

fn context<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T> {
    result.map_err(|source| FsError { action, path: path.to_owned(), source })
}

/// Reads a whole file.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    context("read", path, std::fs::read(path))
}

/// Reads the first `limit` bytes of a file, or all of it when it has no more. Devices and pipes, which
/// may never end, are refused.
///
/// # Errors
/// When there is no such file, it is not a regular one, or it cannot be read.
pub fn read_start(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let read = || {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    context("read", path, read())
}

/// Reads a whole file, or none when there is no such file.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => context("read", path, Err(error)),
    }
}

/// Reads a whole text file in UTF-8.
///
/// # Errors
/// When the file cannot be read or is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String> {
    context("read", path, std::fs::read_to_string(path))
}

/// Opens a file for reading.
///
/// # Errors
/// When the file cannot be opened.
pub fn open(path: &Path) -> Result<File> {
    context("open", path, File::open(path))
}

/// Opens a file for reading and writing, creating it when it is missing and leaving its content.
///
/// # Errors
/// When the file cannot be opened or made.
pub fn open_or_create(path: &Path) -> Result<File> {
    let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
    context("open", path, options)
}

/// What the file system knows of `path`, links followed.
///
/// # Errors
/// When there is no such path or it cannot be examined.
pub fn metadata(path: &Path) -> Result<Metadata> {
    context("examine", path, std::fs::metadata(path))
}

/// What the file system knows of `path` itself, links not followed.
///
/// # Errors
/// When there is no such path or it cannot be examined.
pub fn symlink_metadata(path: &Path) -> Result<Metadata> {
    context("examine", path, std::fs::symlink_metadata(path))
}

/// Where a symbolic link points, as it was written.
///
/// # Errors
/// When there is no such link.
pub fn read_link(path: &Path) -> Result<PathBuf> {
    context("read link", path, std::fs::read_link(path))
}

/// Takes a lock that other processes respect, waiting for it; it is held until the file is dropped.
///
/// # Errors
/// When the lock file cannot be made or locked.
pub fn lock(path: &Path) -> Result<File> {
    let file = open_or_create(path)?;
    context("lock", path, file.lock())?;
    Ok(file)
}

/// Takes a lock that other processes respect, or none while another has it.
///
/// # Errors
/// When the lock file cannot be made or locked.
pub fn try_lock(path: &Path) -> Result<Option<File>> {
    let file = open_or_create(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => context("lock", path, Err(source)),
    }
}

/// The name in `path`'s folder that is most like the name of `path`, which is not there.
pub fn nearest_name(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let names: Vec<PathBuf> = list(path.parent()?).ok()?;
    let names = names.iter().filter_map(|path| path.file_name()?.to_str());
    hint::nearest(wanted, names).map(str::to_owned)
}

/// True when something is there, links followed.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Makes a folder and its parents.
///
/// # Errors
/// When a folder cannot be made.
pub fn create_dir_all(path: &Path) -> Result<()> {
    context("create folder", path, std::fs::create_dir_all(path))
}

/// The entries of a folder, sorted by name.
///
/// # Errors
/// When the folder cannot be listed.
pub fn list(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = context("list", path, std::fs::read_dir(path))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(context("list", path, entry)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// [`list`], empty when there is no such folder.
///
/// # Errors
/// When the folder is there and cannot be listed.
pub fn list_if_present(path: &Path) -> Result<Vec<PathBuf>> {
    match list(path) {
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed,
    }
}

/// Removes a file; none there is fine.
///
/// # Errors
/// When the file is there and cannot be removed.
pub fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            context("remove", path, Err(error))
        }
        _ => Ok(()),
    }
}

/// Removes a folder and all it holds; none there is fine.
///
/// # Errors
/// When the folder is there and cannot be removed.
pub fn remove_dir_all(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            context("remove", path, Err(error))
        }
        _ => Ok(()),
    }
}

/// Renames a file or folder within one file system.
///
/// # Errors
/// When it cannot be renamed.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    context("rename", from, std::fs::rename(from, to))
}

/// The path without links and dots.
///
/// # Errors
/// When the path does not exist.
pub fn canonicalize(path: &Path) -> Result<PathBuf> {
    context("find", path, std::fs::canonicalize(path))
}

/// Writes a whole file atomically, making its folder when it is missing: to a temporary file in the
/// same folder, flushed to disk, then renamed over the old one.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written; the old file is then untouched.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    write_with(path, |file| file.write_all(bytes.as_ref()))
}

/// [`write()`] with the content streamed by `fill`.
///
/// # Errors
/// As [`write()`], and whatever `fill` fails with.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    replace_with(path, |file| context("write", path, fill(file)))
}

/// [`write_with`] for content that can fail in ways of its own.
///
/// # Errors
/// As [`write()`], and whatever `fill` fails with.
pub fn replace_with<T, E: From<FsError>>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    replace(path, true, fill)
}

/// [`write()`] that does not wait for the disk: for content that is checked whenever it is read.
///
/// # Errors
/// As [`write()`].
pub fn write_unflushed(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, false, |file| context("write", path, file.write_all(bytes)))
}

fn replace<T, E: From<FsError>>(
    path: &Path,
    flush: bool,
    fill: impl FnOnce(&mut File) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_dir_all(folder)?;
    let temporary = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder);
    let mut temporary = context("write", path, temporary)?;
    let filled = fill(temporary.as_file_mut())?;
    let finish = || {
        if flush {
            temporary.as_file().sync_all()?;
        }
        make_readable(temporary.as_file())?;
        temporary.persist(path).map_err(|error| error.error)
    };
    context("write", path, finish())?;
    Ok(filled)
}

/// A new private folder in `folder`, removed on drop unless it was renamed by then.
///
/// # Errors
/// When it cannot be made.
pub fn temporary_dir(folder: &Path) -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix(".phalanx-").tempdir_in(folder);
    context("create a folder in", folder, made)
}

/// Writes a file with the permission bits `mode`, making its folder when it is missing. Not atomic
/// and not flushed to disk: for files in a folder that is put in its place by [`rename`] afterwards.
///
/// # Errors
/// When the folder cannot be made, a file is there already or cannot be written, and whatever `fill`
/// fails with.
pub fn write_new(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_dir_all(folder)?;
    }
    let write = || {
        let mut file = File::options().write(true).create_new(true).open(path)?;
        fill(&mut file)?;
        set_mode(&file, mode)
    };
    context("write", path, write())
}

/// Makes a symbolic link at `path` to `target`, and the folder it stands in.
///
/// # Errors
/// When it cannot be made, such as on a system without symbolic links.
pub fn symlink(target: &Path, path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_dir_all(folder)?;
    }
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, path);
    #[cfg(not(unix))]
    let made = Err(io::Error::new(io::ErrorKind::Unsupported, target.display().to_string()));
    context("link", path, made)
}
/// How the names of temporary files begin; a killed run leaves them behind.
pub const TEMPORARY_PREFIX: &str = ".phalanx-";

/// Notes in a file's time that it was used, at most once a day: what nobody uses can be told by that. A file whose
/// time cannot be set only looks older than it is.
pub fn note_use(file: &File, now: SystemTime) {
    const GRAIN: Duration = Duration::from_hours(24);
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    if modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > GRAIN)) {
        let _ = file.set_modified(now);
    }
}

/// Removes the temporary files and folders that killed runs left in `folder`, where nobody else may be
/// writing.
///
/// # Errors
/// When the folder cannot be listed or something not removed.
pub fn clear_leftovers(folder: &Path) -> Result<()> {
    for path in list_if_present(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(TEMPORARY_PREFIX) {
            if path.is_dir() { remove_dir_all(&path)? } else { remove_file(&path)? }
        }
    }
    Ok(())
}

/// Temporary files are private; what we write for the user gets the usual mode.
fn make_readable(file: &File) -> io::Result<()> {
    set_mode(file, 0o644)
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_replaces_atomically_and_makes_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        write(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(read_to_string(&path).unwrap(), "two");
        assert_eq!(list(path.parent().unwrap()).unwrap(), [path]);
    }

    #[test]
    fn errors_name_action_and_path() {
        let error = read(Path::new("/no/such/file")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `/no/such/file`");
    }
}
