//! Reads environment variables. Grant: `env`, a list of names or globs.

use crate::wire;

/// The value of a variable; none when it is not set.
#[must_use]
pub fn get(name: &str) -> Option<String> {
    wire::environment::get(name)
}
