//! What the build made, and what goes into each function's package. In `post-build`.

pub use crate::bindings::wire::artifacts::Artifact;
use crate::{Failure, Result, wire};

/// All packaged functions, in manifest order.
#[must_use]
pub fn list() -> Vec<Artifact> {
    wire::artifacts::list()
}

/// The names of the files in a function's package, sorted.
///
/// # Errors
/// When there is no such function.
pub fn files(function: &str) -> Result<Vec<String>> {
    wire::artifacts::files(function).map_err(Failure::from_wire)
}

/// The bytes of one file of a function's package.
///
/// # Errors
/// When there is no such function or file.
pub fn read(function: &str, path: &str) -> Result<Vec<u8>> {
    wire::artifacts::read(function, path).map_err(Failure::from_wire)
}

/// Adds a file to a function's package, or replaces it; `mode` is `0o644` or `0o755`.
///
/// # Errors
/// When there is no such function, or the path leaves the package.
pub fn write(function: &str, path: &str, bytes: &[u8], mode: u32) -> Result {
    wire::artifacts::write(function, path, bytes, mode).map_err(Failure::from_wire)
}
