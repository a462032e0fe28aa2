//! Unpacks a function's package once per content, into a folder named by its digest.

use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use super::{FunctionSpec, InvokeError};
use crate::fs;

/// A link's target is a path; more than this is none.
const LONGEST_LINK: u64 = 4096;

/// The folder that holds the package's files, unpacked now unless it was before. It appears complete
/// or not at all, so a killed run leaves nothing that a later one would trust.
pub(super) fn unpack(function: &FunctionSpec, cache_dir: &Path) -> Result<PathBuf, InvokeError> {
    let folder = cache_dir.join("functions");
    let target = folder.join(function.digest.to_string());
    if fs::exists(&target) {
        return Ok(target);
    }
    fs::create_dir_all(&folder)?;
    // One at a time, so that what killed runs left half unpacked can be cleared away.
    let _lock = fs::lock(&cache_dir.join(".lock"))?;
    fs::clear_leftovers(&folder)?;
    if fs::exists(&target) {
        return Ok(target);
    }
    let temporary = fs::temporary_dir(&folder)?;
    let bad = |source| InvokeError::BadPackage {
        function: function.label.clone(),
        package: function.package.clone(),
        source,
    };
    let file = fs::open(&function.package)?;
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(bad)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(bad)?;
        let unsafe_entry = |entry: String| InvokeError::UnsafeEntry {
            function: function.label.clone(),
            entry: crate::text::safe_line(&entry).into_owned(),
        };
        let Some(name) = entry.enclosed_name() else {
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            return Err(unsafe_entry(name));
        };
        let path = temporary.path().join(&name);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
        } else if entry.is_symlink() {
            let mut link = String::new();
            (&mut entry)
                .take(LONGEST_LINK)
                .read_to_string(&mut link)
                .map_err(|error| bad(ZipError::Io(error)))?;
            if !stays_inside(&name, Path::new(&link)) {
                return Err(unsafe_entry(format!("{} -> {link}", name.display())));
            }
            fs::symlink(Path::new(&link), &path)?;
        } else {
            // Lambda's task root is read-only too, and the folder is shared by later calls.
            let mode = (entry.unix_mode().unwrap_or(0o644) & 0o555) | 0o444;
            fs::write_new(&path, mode, |file| io::copy(&mut entry, file).map(drop))?;
        }
    }
    fs::rename(temporary.path(), &target)?;
    Ok(target)
}

/// True when a link at `name` to `link` stays in the folder that `name` is relative to.
fn stays_inside(name: &Path, link: &Path) -> bool {
    let mut depth = name.components().count() - 1;
    for component in link.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_must_stay_in_the_package() {
        assert!(stays_inside(Path::new("lib/a.so"), Path::new("../other/a.so.1")));
        assert!(!stays_inside(Path::new("lib/a.so"), Path::new("../../etc/passwd")));
        assert!(!stays_inside(Path::new("a"), Path::new("/etc/passwd")));
    }
}
