//! Lists what of a folder goes into a package.
//!
//! Links are followed while they stay in the folder: Lambda unpacks none. `.git`, `.phalanx` and
//! `.phalanxignore` never go in. Nothing is read here but names, modes and `.phalanxignore`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::PackageError;
use crate::fs;

/// The file in a code folder that lists, like `.gitignore`, what stays out.
const IGNORE_FILE: &str = ".phalanxignore";

/// A file that goes into a package.
#[derive(Debug)]
pub(super) struct Found {
    /// With `/` between its parts.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// `0o644` or `0o755`.
    pub(super) mode: u32,
}

/// All files of `folder` that no pattern excludes. The patterns of the manifest come after those of
/// the folder's own file, and so have the last word.
pub(super) fn list(
    function: &str,
    folder: &Path,
    exclude: &[String],
) -> Result<Vec<Found>, PackageError> {
    let bad = |source| PackageError::BadExclude { function: function.to_owned(), source };
    let mut ignored = GitignoreBuilder::new(folder);
    let ignore_file = folder.join(IGNORE_FILE);
    if fs::exists(&ignore_file)
        && let Some(error) = ignored.add(&ignore_file)
    {
        return Err(bad(error));
    }
    for pattern in exclude {
        ignored.add_line(None, pattern).map_err(bad)?;
    }
    let mut walk = Walk {
        function,
        folder,
        real_folder: fs::canonicalize(folder)?,
        ignored: ignored.build().map_err(bad)?,
        found: Vec::new(),
    };
    let ancestors = vec![walk.real_folder.clone()];
    walk.enter(folder, &ancestors)?;
    Ok(walk.found)
}

/// Normalises a mode: a package knows programs and data.
pub(super) fn mode(metadata: &std::fs::Metadata) -> u32 {
    if metadata.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 }
}

struct Walk<'a> {
    function: &'a str,
    folder: &'a Path,
    real_folder: PathBuf,
    ignored: Gitignore,
    found: Vec<Found>,
}

impl Walk<'_> {
    /// Lists one folder; `ancestors` are the real paths of the folders it lies in, and its own.
    fn enter(&mut self, folder: &Path, ancestors: &[PathBuf]) -> Result<(), PackageError> {
        for path in fs::list(folder)? {
            let name = path.file_name().unwrap_or_default();
            if name == ".git" || name == ".phalanx" || path == self.folder.join(IGNORE_FILE) {
                continue;
            }
            let own = fs::symlink_metadata(&path)?;
            let is_link = own.file_type().is_symlink();
            // What a broken link would be cannot be known; it is excluded by its name.
            let metadata = if is_link { fs::metadata(&path).ok() } else { Some(own) };
            let is_dir = metadata.as_ref().is_some_and(std::fs::Metadata::is_dir);
            if self.ignored.matched(&path, is_dir).is_ignore() {
                continue;
            }
            let real = if is_link { Some(self.follow(&path)?) } else { None };
            let Some(metadata) = metadata else { return Err(self.broken(&path)?) };
            if is_dir {
                let real = match real {
                    Some(real) if ancestors.contains(&real) => {
                        return Err(PackageError::LinkLoop {
                            function: self.function.to_owned(),
                            path: self.shown(&path),
                            target: fs::read_link(&path)?,
                        });
                    }
                    Some(real) => real,
                    None => ancestors[ancestors.len() - 1].join(name),
                };
                self.enter(&path, &[ancestors, &[real]].concat())?;
            } else if metadata.is_file() {
                let name = self.relative(&path).to_str().ok_or_else(|| PackageError::NotUtf8 {
                    function: self.function.to_owned(),
                    path: self.relative(&path).to_owned(),
                })?;
                self.found.push(Found { name: name.to_owned(), mode: mode(&metadata), path });
            } else {
                return Err(PackageError::Special {
                    function: self.function.to_owned(),
                    path: self.shown(&path),
                });
            }
        }
        Ok(())
    }

    /// Where a link really leads, which must be in the folder.
    fn follow(&self, path: &Path) -> Result<PathBuf, PackageError> {
        let Ok(real) = fs::canonicalize(path) else { return Err(self.broken(path)?) };
        if real.starts_with(&self.real_folder) {
            return Ok(real);
        }
        Err(PackageError::LinkOutside {
            function: self.function.to_owned(),
            path: self.shown(path),
            target: fs::read_link(path)?,
        })
    }

    fn broken(&self, path: &Path) -> Result<PackageError, PackageError> {
        Ok(PackageError::BrokenLink {
            function: self.function.to_owned(),
            path: self.shown(path),
            target: fs::read_link(path)?,
        })
    }

    fn relative<'b>(&self, path: &'b Path) -> &'b Path {
        path.strip_prefix(self.folder).unwrap_or(path)
    }

    fn shown(&self, path: &Path) -> String {
        self.relative(path).display().to_string()
    }
}
