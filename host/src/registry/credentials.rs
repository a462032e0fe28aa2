//! Who we are at a registry: what Docker's and Podman's configuration say, and logins that are in no file.

use async_trait::async_trait;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use super::RegistryError;

/// Knows logins that are in no file: those of ECR.
#[async_trait]
pub trait Logins: Send + Sync {
    /// User and password for a registry; none when this is not one of its registries.
    ///
    /// # Errors
    /// When it is, and there is no login to be had.
    async fn login(&self, registry: &str) -> Result<Option<(String, String)>, RegistryError>;
}

/// What the files of Docker and Podman, and the helpers that they name, say of a registry.
pub(super) fn configured(registry: &str) -> Result<Option<RegistryAuth>, RegistryError> {
    for get in [docker_credential::get_credential, docker_credential::get_podman_credential] {
        match get(registry) {
            Ok(DockerCredential::UsernamePassword(user, password)) => {
                return Ok(Some(RegistryAuth::Basic(user, password)));
            }
            Ok(DockerCredential::IdentityToken(token)) => {
                return Ok(Some(RegistryAuth::Bearer(token)));
            }
            Err(
                CredentialRetrievalError::ConfigNotFound
                | CredentialRetrievalError::ConfigReadError
                | CredentialRetrievalError::NoCredentialConfigured,
            ) => {}
            // That it has none is what a helper says by failing.
            Err(CredentialRetrievalError::HelperFailure { stdout, .. })
                if stdout.contains("credentials not found") => {}
            Err(error) => {
                return Err(RegistryError::Credentials {
                    registry: registry.to_owned(),
                    reason: error.to_string(),
                });
            }
        }
    }
    Ok(None)
}
