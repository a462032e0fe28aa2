//! How a run went wrong. In `rollback`.

use crate::{Failure, wire};

/// The pipeline step that failed: `build`, `package`, `upload`, `provision`, …
#[must_use]
pub fn failed_step() -> String {
    wire::outcome::failed_step()
}

/// The error as the person sees it.
#[must_use]
pub fn error() -> Failure {
    Failure::from_wire(wire::outcome::error())
}

/// The steps that had completed, in order.
#[must_use]
pub fn completed() -> Vec<String> {
    wire::outcome::completed()
}
