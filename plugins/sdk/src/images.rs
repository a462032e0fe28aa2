//! Builds container images and keeps them in ECR. Grant: `images`. Credentials stay in the host.

pub use crate::bindings::wire::images::{BuildRequest, BuiltImage, PushedImage};
use crate::{Failure, Result, wire};

/// Finds out, before anything is built, what would keep the image from being built or pushed.
///
/// # Errors
/// When there is no such Dockerfile, ECR does not take the repository's name, or no daemon answers.
pub fn check(request: &BuildRequest, repository: &str) -> Result {
    wire::images::check(request, repository).map_err(Failure::from_wire)
}

/// Hex digest of everything that goes into the image.
///
/// # Errors
/// When the context cannot be read.
pub fn fingerprint(request: &BuildRequest) -> Result<String> {
    wire::images::fingerprint(request).map_err(Failure::from_wire)
}

/// False when nothing would be pushed, and so need not be built: in a dry run, and on the local cloud, which
/// runs no containers.
#[must_use]
pub fn will_push() -> bool {
    wire::images::will_push()
}

/// The image in this account's ECR with this tag, or none.
///
/// # Errors
/// When ECR cannot be asked.
pub fn find_in_ecr(repository: &str, tag: &str) -> Result<Option<PushedImage>> {
    wire::images::find_in_ecr(repository, tag).map_err(Failure::from_wire)
}

/// Builds an image.
///
/// # Errors
/// When the build fails or there is no daemon.
pub fn build(request: &BuildRequest) -> Result<BuiltImage> {
    wire::images::build(request).map_err(Failure::from_wire)
}

/// Pushes the local image `image` to this account's ECR as `tag`, making `repository` when it is missing.
/// Where [`will_push`] is false it pushes nothing and says what the reference would be.
///
/// # Errors
/// When the push fails.
pub fn push_to_ecr(image: &str, repository: &str, tag: &str) -> Result<PushedImage> {
    wire::images::push_to_ecr(image, repository, tag).map_err(Failure::from_wire)
}

/// The images of a repository that have a tag, sorted by tag.
///
/// # Errors
/// When ECR cannot be asked.
pub fn list_in_ecr(repository: &str) -> Result<Vec<PushedImage>> {
    wire::images::list_in_ecr(repository).map_err(Failure::from_wire)
}

/// Takes a tag from a pushed image again, for `rollback`; the image goes with its last tag. True when there
/// was one.
///
/// # Errors
/// When the deletion fails.
pub fn delete_from_ecr(repository: &str, tag: &str) -> Result<bool> {
    wire::images::delete_from_ecr(repository, tag).map_err(Failure::from_wire)
}
