//! Builds and pushes container images. Grant: `images`. Credentials stay in the host.

pub use crate::bindings::wire::images::{BuildRequest, BuiltImage, PushedImage};
use crate::{Failure, Result, wire};

/// Builds an image.
///
/// # Errors
/// When the build fails or there is no daemon.
pub fn build(request: &BuildRequest) -> Result<BuiltImage> {
    wire::images::build(request).map_err(Failure::from_wire)
}

/// Pushes to this account's ECR, making `repository` when it is missing.
///
/// # Errors
/// When the push fails.
pub fn push_to_ecr(tag: &str, repository: &str) -> Result<PushedImage> {
    wire::images::push_to_ecr(tag, repository).map_err(Failure::from_wire)
}

/// Deletes a pushed image again, for `rollback`.
///
/// # Errors
/// When the deletion fails.
pub fn delete_from_ecr(repository: &str, digest: &str) -> Result {
    wire::images::delete_from_ecr(repository, digest).map_err(Failure::from_wire)
}
