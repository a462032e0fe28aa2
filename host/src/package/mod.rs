//! Deterministic packages: from a function's code to the zip that Lambda gets.
//!
//! [`collect`] lists and hashes the code of every function, which names each package by the digest of
//! its content. Plugins may then work on the files ([`PackageSet::write`]), and [`PackageSet::seal`]
//! zips what has not been zipped before. Functions that share their code share one package. Equal code
//! gives equal bytes on every machine: order, times and modes are fixed.
//!
//! Nothing here knows where packages are stored or deployed.

mod archive;
mod content;
mod deflate;
mod error;
mod folder;
mod program;
mod seal;
mod set;
mod zip;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;

use self::content::{Content, Entry, Kind, UNPACKED_LIMIT};
pub use self::error::PackageError;
use self::folder::Found;
use self::program::Program;
pub use self::seal::{Sealed, SealedPackage};
pub use self::set::{Artifact, PackageSet};
use crate::fs;
use crate::manifest::{Function, Service};

/// Buffers for hashing are this large, in bytes.
const HASH_BLOCK: usize = 64 * 1024;

/// Lists and hashes the code of every function. Code that functions share is hashed once.
///
/// # Errors
/// When code is missing, leaves the service's folder, is too large for Lambda, was built for another
/// machine, or holds what a package cannot hold.
pub fn collect(service: &Service) -> Result<PackageSet, PackageError> {
    let mut distinct: IndexMap<Key<'_>, &Function> = IndexMap::new();
    for function in service.functions.values() {
        distinct.entry(Key::of(function)).or_insert(function);
    }
    let firsts: Vec<&Function> = distinct.values().copied().collect();
    let contents: Vec<Result<Content, PackageError>> =
        firsts.into_par_iter().map(|function| collect_one(service, function)).collect();
    // Errors in manifest order: two runs report the same one.
    let contents: Vec<Arc<Content>> =
        contents.into_iter().map(|content| content.map(Arc::new)).collect::<Result<_, _>>()?;

    let mut set = PackageSet::default();
    for function in service.functions.values() {
        let index = distinct.get_index_of(&Key::of(function)).expect("every key was entered");
        let content = &contents[index];
        content.program.check(&function.name, function.architecture)?;
        set.push(&function.name, &function.logical_id, content.clone());
    }
    Ok(set)
}

/// What decides a function's content.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    code: &'a str,
    exclude: &'a [String],
    custom_runtime: bool,
}

impl<'a> Key<'a> {
    fn of(function: &'a Function) -> Self {
        Self {
            code: &function.code,
            exclude: &function.exclude,
            custom_runtime: custom_runtime(function),
        }
    }
}

/// True when Lambda runs the package's own `bootstrap`.
fn custom_runtime(function: &Function) -> bool {
    function.runtime.starts_with("provided")
}

fn collect_one(service: &Service, function: &Function) -> Result<Content, PackageError> {
    let name = &function.name;
    let path = fs::inside(&service.root, &function.code)
        .map_err(|source| PackageError::Outside { function: name.clone(), source })?;
    if !fs::exists(&path) {
        return Err(PackageError::Missing {
            function: name.clone(),
            path: function.code.clone(),
            nearest: fs::nearest_name(&path),
        });
    }
    let metadata = fs::metadata(&path)?;
    let is_archive = path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("zip") || extension.eq_ignore_ascii_case("jar")
    });
    let found = if metadata.is_dir() {
        folder::list(name, &path, &function.exclude)?
    } else if !metadata.is_file() {
        return Err(PackageError::Special { function: name.clone(), path: function.code.clone() });
    } else if is_archive {
        return prebuilt(function, path);
    } else if custom_runtime(function) {
        vec![Found { name: BOOTSTRAP.to_owned(), path, mode: 0o755 }]
    } else {
        let file_name = path.file_name().and_then(|name| name.to_str());
        let file_name = file_name.ok_or_else(|| PackageError::NotUtf8 {
            function: name.clone(),
            path: function.code.clone().into(),
        })?;
        vec![Found { name: file_name.to_owned(), mode: folder::mode(&metadata), path }]
    };
    if found.is_empty() {
        return Err(PackageError::Empty { function: name.clone(), path: function.code.clone() });
    }
    let mut entries = hashed(found)?;
    let mut program = Program::Other;
    if custom_runtime(function)
        && let Some(bootstrap) = entries.get_mut(BOOTSTRAP)
    {
        // Lambda starts it; what a checkout or a download did to its mode does not matter.
        bootstrap.mode = 0o755;
        program = bootstrap.program()?;
    }
    let content = Content::new(Kind::Files(entries), program);
    content.check_size(name, UNPACKED_LIMIT)?;
    Ok(content)
}

/// Hashes files, side by side.
fn hashed(found: Vec<Found>) -> Result<BTreeMap<String, Entry>, PackageError> {
    let hashed: Result<_, fs::FsError> = found
        .into_par_iter()
        .map_init(
            || vec![0; HASH_BLOCK],
            |block, Found { name, path, mode }| {
                Entry::hashed(path, mode, block).map(|entry| (name, entry))
            },
        )
        .collect();
    Ok(hashed?)
}

/// Packages that hold what is in folders: each a function's name, its logical id, and the folder.
///
/// # Errors
/// When a folder cannot be read, or holds what a package cannot hold.
pub fn of_folders<'a>(
    folders: impl Iterator<Item = (&'a str, &'a str, std::path::PathBuf)>,
) -> Result<PackageSet, PackageError> {
    let mut set = PackageSet::default();
    for (function, logical_id, folder) in folders {
        let entries = hashed(folder::list(function, &folder, &[])?)?;
        let content = Content::new(Kind::Files(entries), Program::Other);
        set.push(function, logical_id, Arc::new(content));
    }
    Ok(set)
}

/// What Lambda's own runtimes start.
const BOOTSTRAP: &str = "bootstrap";

fn prebuilt(function: &Function, path: std::path::PathBuf) -> Result<Content, PackageError> {
    let mut magic = [0; 4];
    let read = content::read_block(&mut fs::open(&path)?, &mut magic, &path)?;
    if !zip::is_zip(&magic[..read]) {
        return Err(PackageError::NotZip {
            function: function.name.clone(),
            path: function.code.clone(),
        });
    }
    let entry = Entry::hashed(path.clone(), 0o644, &mut vec![0; HASH_BLOCK])?;
    let kind = Kind::Prebuilt { path, size: entry.size, digest: entry.digest };
    Ok(Content::new(kind, Program::Other))
}

#[cfg(test)]
mod tests;
