//! Finds the files that input globs match, and their digests.
//!
//! `*` stays within one folder and `**` crosses folders, as in `.gitignore`; a glob that names a folder
//! stands for all that it holds. Links are followed. `.git` and `.phalanx` are never inputs; `target`
//! and `node_modules` only for a glob that names them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use globset::GlobBuilder;
use rayon::prelude::*;
use walkdir::WalkDir;

use super::error::BuildError;
use super::record::{self, File, Record, Stamp};
use crate::digest::Digest;
use crate::fs::{self, FsError};

/// The inputs as they are now.
#[derive(Debug)]
pub(super) struct Inputs {
    /// By path relative to the service's folder.
    pub(super) record: BTreeMap<String, File>,
    /// True when some had to be read, since the old record did not know them for certain.
    pub(super) read_any: bool,
    hashed_at: i64,
}

impl Inputs {
    /// A record of a build that has not ended well yet.
    pub(super) fn into_record(self) -> Record {
        Record { fingerprint: None, hashed_at: self.hashed_at, files: self.record }
    }
}

/// Finds all inputs, and hashes those that the old record does not know.
pub(super) fn scan(
    build: &str,
    globs: &[String],
    root: &Path,
    state_dir: &Path,
    old: &Record,
) -> Result<Inputs, BuildError> {
    if globs.is_empty() {
        return Ok(Inputs { record: BTreeMap::new(), read_any: false, hashed_at: 0 });
    }
    let hashed_at = record::clock(state_dir)?;
    let mut found = BTreeMap::new();
    for glob in globs {
        find(build, glob, root, &mut found)?;
    }
    let read_any = AtomicBool::new(false);
    let files: Result<Vec<_>, FsError> = found
        .into_par_iter()
        .map(|(name, path)| {
            let metadata = fs::metadata(&path)?;
            let stamp = Stamp::of(&metadata);
            let digest = match old.digest(&name, &stamp) {
                Some(digest) => digest,
                None => {
                    read_any.store(true, Ordering::Relaxed);
                    let digest = Digest::of_reader(fs::open(&path)?);
                    digest.map_err(|source| FsError { action: "read", path, source })?
                }
            };
            Ok((name, File { stamp, mode: metadata.permissions().mode() & 0o777, digest }))
        })
        .collect();
    let record = files?.into_iter().collect();
    Ok(Inputs { record, read_any: read_any.into_inner(), hashed_at })
}

/// Adds the files that `glob` matches.
fn find(
    build: &str,
    glob: &str,
    root: &Path,
    found: &mut BTreeMap<String, PathBuf>,
) -> Result<(), BuildError> {
    let pattern = glob.trim_start_matches("./").trim_end_matches('/');
    let matcher = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|source| BuildError::BadGlob {
            build: build.to_owned(),
            glob: glob.to_owned(),
            source,
        })?
        .compile_matcher();
    let start = literal_start(pattern);
    let start_path = fs::inside(root, &start)?;
    let names_all = start == pattern;

    let mut any_file = false;
    let mut any_folder = false;
    // A missing start is a glob that matches nothing.
    let walk = WalkDir::new(&start_path).follow_links(true).max_depth(depth(pattern, &start));
    let walk = walk.into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_str().unwrap_or_default();
        let skipped = match name {
            ".git" | ".phalanx" => true,
            "target" | "node_modules" => !pattern.split('/').any(|part| part == name),
            _ => false,
        };
        entry.depth() == 0 || !entry.file_type().is_dir() || !skipped
    });
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            // A loop holds nothing new, and a link to nowhere has no content.
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) if is_missing(&error) => continue,
            Err(error) => {
                let path = error.path().unwrap_or(&start_path).to_owned();
                let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other("loop"));
                return Err(FsError { action: "list", path, source }.into());
            }
        };
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if !names_all && !matcher.is_match(relative) {
            continue;
        }
        if entry.file_type().is_file() {
            let name = relative.to_str().ok_or_else(|| BuildError::NotUtf8 {
                build: build.to_owned(),
                path: relative.to_owned(),
            })?;
            found.insert(name.to_owned(), entry.path().to_owned());
            any_file = true;
        } else if entry.file_type().is_dir() {
            any_folder = true;
        }
    }
    if any_file {
        return Ok(());
    }
    Err(BuildError::NoMatch {
        build: build.to_owned(),
        glob: glob.to_owned(),
        only_folders: any_folder && !names_all,
        nearest: names_all.then(|| fs::nearest_name(&start_path)).flatten(),
    })
}

fn is_missing(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The leading parts of a glob that hold no wildcard: only there can it match.
fn literal_start(pattern: &str) -> String {
    let parts = pattern.split('/').take_while(|part| !part.contains(['*', '?', '[', '{', '\\']));
    parts.collect::<Vec<_>>().join("/")
}

/// How deep below its literal start a glob can match.
fn depth(pattern: &str, start: &str) -> usize {
    if start == pattern || pattern.contains("**") || pattern.contains('{') {
        return usize::MAX;
    }
    let parts = |text: &str| text.split('/').filter(|part| !part.is_empty()).count();
    parts(pattern) - parts(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(root: &Path, glob: &str) -> Vec<String> {
        let mut found = BTreeMap::new();
        match find("service", glob, root, &mut found) {
            Ok(()) => found.into_keys().collect(),
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn globs_match_as_in_gitignore_and_leave_products_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in [
            "Cargo.toml",
            "src/main.rs",
            "src/deep/a.rs",
            "target/x.rs",
            "web/node_modules/b.rs",
            ".git/c.rs",
            ".phalanx/d.rs",
        ] {
            fs::write(&root.join(path), path).unwrap();
        }
        assert_eq!(matches(root, "**/*.rs"), ["src/deep/a.rs", "src/main.rs"]);
        assert_eq!(matches(root, "src/*.rs"), ["src/main.rs"]);
        assert_eq!(matches(root, "./src/"), ["src/deep/a.rs", "src/main.rs"]);
        assert_eq!(matches(root, "Cargo.*"), ["Cargo.toml"]);
        assert_eq!(matches(root, "target/*.rs"), ["target/x.rs"]);
        assert_eq!(matches(root, "{src/deep,web}/*.rs"), ["src/deep/a.rs"]);
        assert_eq!(matches(root, "sr?"), ["input `sr?` of build `service` matches no file"]);
        assert_eq!(matches(root, "../x"), matches(root, "../x"));
        assert!(matches(root, "../x")[0].contains("leaves the folder"));
    }

    #[test]
    fn links_are_followed_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("service");
        fs::write(&root.join("src/a.rs"), "a").unwrap();
        fs::write(&folder.path().join("shared/b.rs"), "b").unwrap();
        std::os::unix::fs::symlink("../../shared", root.join("src/shared")).unwrap();
        std::os::unix::fs::symlink(".", root.join("src/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("src/broken.rs")).unwrap();
        assert_eq!(matches(&root, "src/**"), ["src/a.rs", "src/shared/b.rs"]);
    }
}
