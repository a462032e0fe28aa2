//! Components that a service keeps in its own repository, for builds that reach no registry.

use std::path::{Path, PathBuf};

use super::{LockFile, RegistryError};
use crate::digest::Digest;
use crate::fs;

/// The folder beside the manifest.
pub const FOLDER: &str = "vendor/phalanx";

/// The vendored component with this digest; none when the service has none.
///
/// # Errors
/// When it cannot be read, or its bytes are others than its name says.
pub fn read(root: &Path, digest: &Digest) -> Result<Option<Vec<u8>>, RegistryError> {
    let path = path(root, digest);
    let Some(bytes) = fs::read_if_present(&path)? else { return Ok(None) };
    let found = Digest::of(&bytes);
    if found != *digest {
        return Err(RegistryError::OtherVendored { path, found: found.to_string() });
    }
    Ok(Some(bytes))
}

/// Whether the service has a component with this digest in its name.
pub fn has(root: &Path, digest: &Digest) -> bool {
    fs::exists(&path(root, digest))
}

/// Keeps a component.
///
/// # Errors
/// When it cannot be written.
pub fn write(root: &Path, component: &[u8]) -> Result<PathBuf, RegistryError> {
    let path = path(root, &Digest::of(component));
    fs::create_dir_all(&root.join(FOLDER))?;
    fs::write(&path, component)?;
    Ok(path)
}

/// Removes what the lock file does not name any more; gives what was removed.
///
/// # Errors
/// When it cannot be removed.
pub fn prune(root: &Path, lock: &LockFile) -> Result<Vec<PathBuf>, RegistryError> {
    let kept: Vec<_> = lock.plugins.values().map(|locked| path(root, &locked.component)).collect();
    let mut removed = Vec::new();
    for file in fs::list_if_present(&root.join(FOLDER))? {
        let is_component = file.extension().is_some_and(|extension| extension == "wasm");
        if is_component && !kept.contains(&file) {
            fs::remove_file(&file)?;
            removed.push(file);
        }
    }
    Ok(removed)
}

fn path(root: &Path, digest: &Digest) -> PathBuf {
    root.join(FOLDER).join(format!("sha256-{digest}.wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_its_name_says() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let digest = Digest::of("component");
        assert_eq!(read(root, &digest).unwrap(), None);
        let path = write(root, b"component").unwrap();
        assert_eq!(read(root, &digest).unwrap().as_deref(), Some(&b"component"[..]));
        fs::write(&path, b"other").unwrap();
        assert!(matches!(read(root, &digest), Err(RegistryError::OtherVendored { .. })));
        assert_eq!(prune(root, &LockFile::default()).unwrap(), [path]);
        assert!(prune(root, &LockFile::default()).unwrap().is_empty());
    }
}
