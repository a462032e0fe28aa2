//! What the library's errors mean to a person.

use http::StatusCode;
use oci_client::errors::{OciDistributionError, OciErrorCode};

use super::{Reference, RegistryError};
use crate::hint::in_one_line;

/// True when what was asked for is not there.
pub(super) fn is_absence(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) => true,
        OciDistributionError::ServerError { code, .. } => *code == 404,
        error => says(
            error,
            &[OciErrorCode::ManifestUnknown, OciErrorCode::NameUnknown, OciErrorCode::NotFound],
        ),
    }
}

/// True when the registry itself names one of these codes.
fn says(error: &OciDistributionError, codes: &[OciErrorCode]) -> bool {
    let OciDistributionError::RegistryError { envelope, .. } = error else { return false };
    envelope.errors.iter().any(|error| codes.contains(&error.code))
}

impl RegistryError {
    /// The error of a call about this artifact.
    pub(super) fn of(reference: &Reference, error: &OciDistributionError) -> Self {
        let (registry, name) = (reference.registry.clone(), reference.to_string());
        match error {
            OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::AuthenticationFailure(_) => {
                Self::Unauthorized { registry, reference: name }
            }
            OciDistributionError::ServerError { code: 401 | 403, .. } => {
                Self::Unauthorized { registry, reference: name }
            }
            error if says(error, &[OciErrorCode::Unauthorized, OciErrorCode::Denied]) => {
                Self::Unauthorized { registry, reference: name }
            }
            error if is_absence(error) => Self::NotThere { reference: name },
            &OciDistributionError::ServerError { code: code @ (429 | 500..), .. } => {
                let status = StatusCode::from_u16(code);
                let status = status.map_or_else(|_| code.to_string(), |status| status.to_string());
                Self::Busy { registry, status, wait: None }
            }
            error if says(error, &[OciErrorCode::Toomanyrequests]) => {
                let status = StatusCode::TOO_MANY_REQUESTS.to_string();
                Self::Busy { registry, status, wait: None }
            }
            OciDistributionError::RequestError(error) => {
                Self::Unreachable { registry, reason: in_one_line(error) }
            }
            other => Self::Refused { reference: name, reason: in_one_line(other) },
        }
    }
}
