//! What a cloud can do with container images.

use async_trait::async_trait;

use super::Identity;
use crate::hint::BoxError;

/// Keeps container images, each under the tags of a repository.
#[async_trait]
pub trait Images: Send + Sync {
    /// The digest of the image with this tag, `sha256:…`; none when there is no such image or repository.
    ///
    /// # Errors
    /// When the cloud cannot be asked.
    async fn image(&self, repository: &str, tag: &str) -> Result<Option<String>, BoxError>;

    /// Every tag of a repository and the digest of its image, sorted by tag; none when there is no such
    /// repository.
    ///
    /// # Errors
    /// When the cloud cannot be asked.
    async fn images(&self, repository: &str) -> Result<Vec<(String, String)>, BoxError>;

    /// Makes the repository unless it is there; one that is there is left as it is. True when it was made.
    ///
    /// # Errors
    /// When it can be neither found nor made.
    async fn make_repository(&self, repository: &str) -> Result<bool, BoxError>;

    /// Credentials with which images can be pushed: new ones each time.
    ///
    /// # Errors
    /// When the cloud gives none.
    async fn login(&self) -> Result<RegistryLogin, BoxError>;

    /// Takes a tag from its image, which goes with its last tag. False when there was none.
    ///
    /// # Errors
    /// When the cloud refuses it.
    async fn remove_tag(&self, repository: &str, tag: &str) -> Result<bool, BoxError>;
}

/// Credentials of a registry.
pub struct RegistryLogin {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

/// The host of an account's registry in ECR.
pub(super) fn registry_host(identity: &Identity) -> String {
    let Identity { account, region } = identity;
    format!("{account}.dkr.ecr.{region}.{}", dns_suffix(region))
}

/// How the names of a region's hosts end.
pub(super) fn dns_suffix(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_end_as_their_partition_wants() {
        let regions = ["eu-central-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"];
        let ends = regions.map(dns_suffix);
        assert_eq!(ends, ["amazonaws.com", "amazonaws.com.cn", "amazonaws.com", "c2s.ic.gov"]);
    }
}
