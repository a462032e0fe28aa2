//! How a run went wrong. In `rollback`.

use crate::{Failure, wire};

/// What failed: a step of the pipeline, such as `build` or `provision`, or the hook at which a
/// plugin failed, such as `post-build`.
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
