//! Step 1: the manifest and its stage, to a valid service.

use crate::hint::BoxError;
use crate::manifest::{self, LoadOptions, Service};

use super::run::Request;

/// Loads the service that a request names.
///
/// # Errors
/// All problems of the manifest and its includes at once.
pub fn load(request: &Request) -> Result<Service, BoxError> {
    let options = LoadOptions { stage: request.stage.clone(), region: request.region.clone() };
    Ok(manifest::load(&request.manifest, &options)?)
}
