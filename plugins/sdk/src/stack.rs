//! The deployed stack. In `post-provision` and `teardown`.

pub use crate::bindings::wire::stack::StackResource;
use crate::wire;

/// The stack's id (its ARN).
#[must_use]
pub fn id() -> String {
    wire::stack::id()
}

/// True when this run created it.
#[must_use]
pub fn created() -> bool {
    wire::stack::created()
}

/// True when this run changed nothing.
#[must_use]
pub fn unchanged() -> bool {
    wire::stack::unchanged()
}

/// Output keys and values, sorted by key.
#[must_use]
pub fn outputs() -> Vec<(String, String)> {
    wire::stack::outputs()
}

/// The resources, sorted by logical id.
#[must_use]
pub fn resources() -> Vec<StackResource> {
    wire::stack::resources()
}
