//! Finds the files that `include` names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::fs::{self, OutsideError};
use crate::manifest::names::{GLOB, compile_glob};
use crate::manifest::node::Node;
use crate::manifest::problem::{Problems, complaint, did_you_mean};
use crate::manifest::source::At;

/// Folders below each other that `**` looks into.
const MAX_DEPTH: usize = 32;

/// Paths relative to `root`, in the order of the patterns and sorted within each, each path once, with
/// the pattern's place.
pub(super) fn find(patterns: &[Node], root: &Path, problems: &mut Problems) -> Vec<(String, At)> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for pattern in patterns {
        // What is no glob inside the folder has been reported with the manifest's other keys.
        let Some(text) = pattern.as_text().filter(|text| (GLOB.check)(text).is_ok()) else {
            continue;
        };
        match matching(text, root) {
            Ok(paths) => {
                let new = paths.into_iter().filter(|path| seen.insert(path.clone()));
                found.extend(new.map(|path| (path, pattern.at)));
            }
            Err((message, hint)) => match hint {
                Some(hint) => problems.add(pattern.at, complaint(message, hint)),
                None => problems.add(pattern.at, message),
            },
        }
    }
    found
}

type Refused = (String, Option<String>);

fn matching(pattern: &str, root: &Path) -> Result<Vec<String>, Refused> {
    let parts: Vec<_> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let pattern = parts.join("/");
    let is_literal = |part: &&&str| !part.contains(['*', '?', '[', ']', '{', '}', '\\']);
    let literal = parts.iter().take_while(is_literal).count();
    if literal == parts.len() {
        let path = inside(root, &pattern)?;
        if path.is_file() {
            return Ok(vec![pattern]);
        }
        let folder = path.parent().map(fs::list).and_then(Result::ok).unwrap_or_default();
        let names: Vec<_> = folder.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        let hint = did_you_mean(parts.last().copied().unwrap_or_default(), names);
        return Err((format!("there is no file `{pattern}` to include"), hint));
    }
    let Ok(glob) = compile_glob(&pattern) else { return Ok(Vec::new()) };
    let matcher = glob.compile_matcher();
    let depth = if pattern.contains("**") { MAX_DEPTH } else { parts.len() };
    let base = parts[..literal].join("/");
    let mut files = Vec::new();
    if inside(root, &base)?.is_dir() {
        walk(root, &base, depth, &mut files);
    }
    files.retain(|file| matcher.is_match(file));
    for file in &files {
        inside(root, file)?;
    }
    if files.is_empty() {
        return Err((
            format!("no file matches `{pattern}`"),
            Some("a pattern is relative to the service's folder".into()),
        ));
    }
    files.sort();
    Ok(files)
}

fn inside(root: &Path, path: &str) -> Result<PathBuf, Refused> {
    fs::inside(root, path).map_err(|error| {
        let hint = "name a path inside the service's folder, or copy into it what is outside";
        let message = match error {
            OutsideError::Leaves { path, .. } => format!("`{path}` leaves the service's folder"),
            OutsideError::Link { path, .. } => {
                format!("`{path}` leads through a symbolic link out of the service's folder")
            }
            OutsideError::Fs(error) => {
                return (format!("cannot look for `{path}`: {}", error.source), None);
            }
        };
        (message, Some(hint.to_owned()))
    })
}

/// All files below `folder`. Hidden entries are left out and links to folders are not followed.
fn walk(root: &Path, folder: &str, depth: usize, files: &mut Vec<String>) {
    if depth == 0 {
        return;
    }
    for path in fs::list(&root.join(folder)).unwrap_or_default() {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let relative = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if path.is_file() {
            files.push(relative);
        } else if path.is_dir() && !path.is_symlink() {
            walk(root, &relative, depth - 1, files);
        }
    }
}
