//! Pushes artifacts. A registry that is busy is asked again; what it has by then is not sent a second time.

use oci_client::RegistryOperation;
use oci_client::errors::OciDistributionError;

use super::artifact::MANIFEST;
use super::connection::named;
use super::transfer::patiently;
use super::{Artifact, Client, Reference, RegistryError};
use crate::digest::Digest;

impl Client {
    /// Pushes an artifact under the reference's tag; gives its digest.
    ///
    /// # Errors
    /// When the registry does not take it, or is busy for long.
    pub async fn push(
        &self,
        reference: &Reference,
        artifact: &Artifact,
    ) -> Result<String, RegistryError> {
        patiently(async || Ok(self.push_once(reference, artifact).await?)).await
    }

    async fn push_once(
        &self,
        reference: &Reference,
        artifact: &Artifact,
    ) -> Result<String, RegistryError> {
        let (client, auth) = self.connect(reference).await?;
        let (name, failed) =
            (named(reference), |error: OciDistributionError| RegistryError::of(reference, &error));
        client.auth(&name, &auth, RegistryOperation::Push).await.map_err(failed)?;
        for blob in [&artifact.component, &artifact.config] {
            let digest = format!("sha256:{}", Digest::of(blob));
            if !client.blob_exists(&name, &digest).await.map_err(failed)? {
                client.push_blob(&name, blob.clone(), &digest).await.map_err(failed)?;
            }
        }
        let kind = http::HeaderValue::from_static(MANIFEST);
        let manifest = artifact.manifest.clone();
        client.push_manifest_raw(&name, manifest, kind).await.map_err(failed)?;
        Ok(artifact.digest())
    }
}
