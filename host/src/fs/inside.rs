//! Keeps paths inside a folder: those of manifests and plugins must not reach what lies around a service.

use std::path::{Component, Path, PathBuf};

use super::{FsError, canonicalize};
use crate::hint::{Explain, Kind};

/// Why a path was refused by [`inside`].
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The path is absolute or climbs out by `..`.
    #[error("`{path}` leaves the folder `{}`", root.display())]
    Leaves {
        /// The path as it was given.
        path: String,
        /// The folder it must stay in.
        root: PathBuf,
    },
    /// A symbolic link on the way leads out.
    #[error("`{path}` leads through a symbolic link to `{}`, outside the folder `{}`", target.display(), root.display())]
    Link {
        /// The path as it was given.
        path: String,
        /// Where it really leads.
        target: PathBuf,
        /// The folder it must stay in.
        root: PathBuf,
    },
    /// It cannot be examined.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl Explain for OutsideError {
    fn kind(&self) -> Kind {
        match self {
            Self::Fs(error) => error.kind(),
            _ => Kind::BadInput,
        }
    }

    fn code(&self) -> &'static str {
        "path-outside-service"
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Fs(error) => error.hints(),
            _ => vec!["name a path inside the service's folder, with `/` between its parts".into()],
        }
    }
}

/// Joins `path` to `root` and makes sure that the result stays inside, symbolic links included. The
/// path itself need not exist; the nearest folder that does is what counts.
///
/// # Errors
/// When the path is absolute, climbs out, or leads out through a link.
pub fn inside(root: &Path, path: &str) -> std::result::Result<PathBuf, OutsideError> {
    let leaves = || OutsideError::Leaves { path: path.to_owned(), root: root.to_owned() };
    let mut depth = 0_usize;
    for component in Path::new(path).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth = depth.checked_sub(1).ok_or_else(leaves)?,
            Component::RootDir | Component::Prefix(_) => return Err(leaves()),
        }
    }
    let joined = root.join(path);
    let real_root = canonicalize(root)?;
    let mut existing = joined.as_path();
    while std::fs::symlink_metadata(existing).is_err() {
        match existing.parent() {
            Some(parent) => existing = parent,
            None => return Err(leaves()),
        }
    }
    let target = canonicalize(existing)?;
    if target.starts_with(&real_root) {
        Ok(joined)
    } else {
        Err(OutsideError::Link { path: path.to_owned(), target, root: root.to_owned() })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn inside_refuses_every_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("service");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("etc")).unwrap();
        assert!(inside(&root, "src/main.rs").is_ok());
        assert!(inside(&root, "src/../src/new/deep.txt").is_ok());
        assert!(matches!(inside(&root, "../x"), Err(OutsideError::Leaves { .. })));
        assert!(matches!(inside(&root, "src/../../x"), Err(OutsideError::Leaves { .. })));
        assert!(matches!(inside(&root, "/etc/passwd"), Err(OutsideError::Leaves { .. })));
        assert!(matches!(inside(&root, "etc/passwd"), Err(OutsideError::Link { .. })));
    }
}
