//! Reads files of the service. Grant: `files`, a list of globs inside the service's folder.

use crate::{Failure, Result, wire};

/// Paths that match `glob`, sorted.
///
/// # Errors
/// When the glob is not granted or malformed.
pub fn list(glob: &str) -> Result<Vec<String>> {
    wire::files::list(glob).map_err(Failure::from_wire)
}

/// The bytes of a file.
///
/// # Errors
/// When the file is not granted, is missing or cannot be read.
pub fn read(path: &str) -> Result<Vec<u8>> {
    wire::files::read(path).map_err(Failure::from_wire)
}

/// The text of a file.
///
/// # Errors
/// As [`read`], and when the file is not UTF-8.
pub fn read_text(path: &str) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Failure::new("not-text", format!("`{path}` is not UTF-8")))
}
