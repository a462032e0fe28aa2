//! Speaks to OCI registries. What the library does not check itself is checked here: that what came is what was
//! asked for.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};

use oci_client::RegistryOperation;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use tokio::io::AsyncWrite;

use super::answer::is_absence;
use super::artifact::{self, Artifact, MANIFEST};
use super::credentials::{Logins, configured};
use super::keys::PrivateKey;
use super::{Proof, Reference, RegistryError, Store, cosign};
use crate::digest::Digest;

/// Tags that are asked for at a time; registries with more give them in pages.
const PAGE: usize = 1_000;
/// Kinds of manifests that are taken, to be told when they are no plugins: a registry that has another kind
/// would convert it.
const MANIFESTS: [&str; 4] = [
    MANIFEST,
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
/// Bytes that a manifest may have; the specification of registries names 4 MiB.
const MAX_MANIFEST: usize = 4 << 20;

/// A client of registries, for one run.
pub struct Client {
    pub(super) store: Store,
    /// `--offline`: nothing is asked for over the network.
    pub(super) offline: bool,
    logins: Arc<dyn Logins>,
    /// Connections that were made, by registry: each has its pool, and the tokens that it was given.
    known: Mutex<HashMap<String, (oci_client::Client, RegistryAuth)>>,
    max_component: u64,
}

/// A plugin that was found in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The manifest's digest, `sha256:…`.
    pub manifest: String,
    /// The component's digest.
    pub component: Digest,
    /// The version that its annotations name.
    pub version: Option<String>,
    /// The component.
    pub bytes: Vec<u8>,
}

impl Client {
    /// A client that keeps what it fetches in `store`, components of at most `max_component` bytes.
    pub fn new(store: Store, logins: Arc<dyn Logins>, max_component: u64) -> Self {
        Self { store, offline: false, logins, known: Mutex::default(), max_component }
    }

    /// One that takes what is in the store, and fetches nothing, when `offline` is true.
    #[must_use]
    pub fn offline(self, offline: bool) -> Self {
        Self { offline, ..self }
    }

    /// All tags of a repository.
    ///
    /// # Errors
    /// When there is no such repository, or the registry does not answer.
    pub async fn tags(&self, reference: &Reference) -> Result<Vec<String>, RegistryError> {
        let (client, auth) = self.connect(reference).await?;
        let (name, mut tags, mut last) = (named(&reference.with_tag("latest")), Vec::new(), None);
        loop {
            let page = client.list_tags(&name, &auth, Some(PAGE), last.as_deref()).await;
            let page = page.map_err(|error| RegistryError::of(reference, &error))?.tags;
            last = page.last().cloned();
            let complete = page.len() < PAGE;
            tags.extend(page);
            if complete {
                return Ok(tags);
            }
        }
    }

    /// The repositories of a registry whose names begin with the reference's path.
    ///
    /// # Errors
    /// When the registry does not tell what it has: ECR and others do not.
    pub async fn repositories(&self, below: &Reference) -> Result<Vec<String>, RegistryError> {
        let (client, auth) = self.connect(below).await?;
        let (name, mut all, mut last) = (named(below), Vec::new(), None);
        loop {
            let page = client.catalog(&name, &auth, Some(PAGE), last.as_deref()).await;
            let page = page.map_err(|error| RegistryError::of(below, &error))?.repositories;
            last = page.last().cloned();
            let complete = page.len() < PAGE;
            let prefix = format!("{}/", below.path);
            all.extend(
                page.into_iter().filter(|path| *path == below.path || path.starts_with(&prefix)),
            );
            if complete {
                return Ok(all);
            }
        }
    }

    /// What the manifest with this tag says that its plugin does.
    ///
    /// # Errors
    /// When it is no plugin, or the registry does not answer.
    pub async fn description(
        &self,
        reference: &Reference,
    ) -> Result<Option<String>, RegistryError> {
        let (manifest, _) = self.manifest(reference).await?;
        Ok(artifact::component_of(&reference.to_string(), &manifest)?.description)
    }

    /// Fetches what a tag or digest names. A digest that is in the store is not asked for again.
    ///
    /// # Errors
    /// When it is not there, is no plugin, or the registry gives other bytes than those that were asked for.
    pub async fn fetch(&self, reference: &Reference) -> Result<Found, RegistryError> {
        let (manifest, digest) = self.manifest(reference).await?;
        let layer = artifact::component_of(&reference.to_string(), &manifest)?;
        let bytes = self.blob(reference, layer.digest, layer.size).await?;
        Ok(Found { manifest: digest, component: layer.digest, version: layer.version, bytes })
    }

    /// Fetches the component that is locked for a plugin.
    ///
    /// # Errors
    /// As [`Self::fetch`]; and when the manifest does not hold this component.
    pub async fn fetch_locked(
        &self,
        reference: &Reference,
        component: Digest,
    ) -> Result<Vec<u8>, RegistryError> {
        if let Some(bytes) = self.store.get(&component)? {
            return Ok(bytes);
        }
        let found = self.fetch(reference).await?;
        if found.component != component {
            return Err(RegistryError::OtherComponent {
                reference: reference.to_string(),
                locked: component.to_string(),
                found: found.component.to_string(),
            });
        }
        Ok(found.bytes)
    }

    /// The digest of the manifest with this tag; none when there is none.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn digest_of(&self, reference: &Reference) -> Result<Option<String>, RegistryError> {
        let (client, auth) = self.connect(reference).await?;
        match client.fetch_manifest_digest(&named(reference), &auth).await {
            Ok(digest) => Ok(Some(digest)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(RegistryError::of(reference, &error)),
        }
    }

    /// Signatures of a manifest, of either form of cosign's. Whether they are good is not looked at here.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn proofs(
        &self,
        reference: &Reference,
        manifest: &str,
    ) -> Result<Vec<Proof>, RegistryError> {
        let mut proofs = Vec::new();
        let beside = reference.with_tag(&cosign::tag(manifest));
        match self.manifest(&beside).await {
            Ok((bytes, _)) => {
                for (digest, size, signature) in cosign::layers(&bytes) {
                    let payload = self.blob(&beside, sha256(&digest)?, size).await?;
                    proofs.push(cosign::simple(&payload, signature));
                }
            }
            Err(RegistryError::NotThere { .. }) => {}
            Err(error) => return Err(error),
        }
        let (client, _) = self.connect(reference).await?;
        let subject = named(&reference.with_digest(manifest));
        // The library falls back to the tag that stands in for a registry that knows no referrers.
        let referrers = match client.pull_referrers(&subject, Some(cosign::BUNDLE)).await {
            Ok(index) => index.manifests,
            Err(error) if is_absence(&error) => Vec::new(),
            Err(error) => return Err(RegistryError::of(reference, &error)),
        };
        for referrer in referrers {
            let bundle = reference.with_digest(&referrer.digest);
            let (bytes, _) = self.manifest(&bundle).await?;
            for (digest, size) in cosign::bundles(&bytes) {
                let bytes = self.blob(&bundle, sha256(&digest)?, size).await?;
                proofs.extend(cosign::bundled(&bytes));
            }
        }
        Ok(proofs)
    }

    /// Signs a manifest that is published; the signature is beside it, in cosign's older form, with those of
    /// others.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn sign(
        &self,
        reference: &Reference,
        manifest: &str,
        key: &PrivateKey,
    ) -> Result<(), RegistryError> {
        let beside = reference.with_tag(&cosign::tag(manifest));
        let before = match self.manifest(&beside).await {
            Ok((bytes, _)) => Some(bytes),
            Err(RegistryError::NotThere { .. }) => None,
            Err(error) => return Err(error),
        };
        let place = reference.place();
        let artifact = cosign::signed(&place, manifest, key, before.as_deref());
        self.push(&beside, &artifact).await.map(|_| ())
    }

    /// Pushes an artifact under the reference's tag; gives its digest.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn push(
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

    async fn manifest(&self, reference: &Reference) -> Result<(Vec<u8>, String), RegistryError> {
        let wanted = reference.digest.as_deref().map(sha256).transpose()?;
        if let Some(wanted) = &wanted
            && let Some(bytes) = self.store.get(wanted)?
        {
            return Ok((bytes, format!("sha256:{wanted}")));
        }
        let (client, auth) = self.connect(reference).await?;
        let (bytes, _) = client
            .pull_manifest_raw(&named(reference), &auth, &MANIFESTS)
            .await
            .map_err(|error| RegistryError::of(reference, &error))?;
        if bytes.len() > MAX_MANIFEST {
            return Err(RegistryError::TooLarge {
                reference: reference.to_string(),
                size: bytes.len() as u64,
                limit: MAX_MANIFEST as u64,
            });
        }
        let digest = Digest::of(&bytes);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != digest) {
            return Err(RegistryError::OtherBytes {
                reference: reference.to_string(),
                wanted: wanted.to_string(),
                found: digest.to_string(),
            });
        }
        self.store.put(&bytes)?;
        Ok((bytes.to_vec(), format!("sha256:{digest}")))
    }

    async fn blob(
        &self,
        reference: &Reference,
        digest: Digest,
        size: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        if let Some(bytes) = self.store.get(&digest)? {
            return Ok(bytes);
        }
        if size > self.max_component {
            let (reference, limit) = (reference.to_string(), self.max_component);
            return Err(RegistryError::TooLarge { reference, size, limit });
        }
        let (client, _) = self.connect(reference).await?;
        let descriptor = OciDescriptor {
            digest: format!("sha256:{digest}"),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            ..OciDescriptor::default()
        };
        let mut bounded = Bounded { bytes: Vec::new(), limit: size };
        client
            .pull_blob(&named(reference), &descriptor, &mut bounded)
            .await
            .map_err(|error| RegistryError::of(reference, &error))?;
        let bytes = bounded.bytes;
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(RegistryError::OtherBytes {
                reference: reference.to_string(),
                wanted: digest.to_string(),
                found: found.to_string(),
            });
        }
        self.store.put(&bytes)?;
        Ok(bytes)
    }

    /// The connection to the reference's registry, and who we are there.
    async fn connect(
        &self,
        reference: &Reference,
    ) -> Result<(oci_client::Client, RegistryAuth), RegistryError> {
        if self.offline {
            return Err(RegistryError::Offline { what: reference.to_string() });
        }
        let registry = &reference.registry;
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = known().get(registry) {
            return Ok(connection.clone());
        }
        // The library takes the provider of the process; a second client finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let protocol = match reference.is_loopback() {
            true => ClientProtocol::Http,
            false => ClientProtocol::Https,
        };
        let configuration = ClientConfig {
            protocol,
            user_agent: concat!("phalanx/", env!("CARGO_PKG_VERSION")),
            connect_timeout: Some(std::time::Duration::from_secs(15)),
            read_timeout: Some(std::time::Duration::from_secs(60)),
            ..ClientConfig::default()
        };
        let client = oci_client::Client::try_from(configuration)
            .map_err(|error| RegistryError::of(reference, &error))?;
        let auth = self.auth(registry).await?;
        // The library tells a registry who we are only when it was told so itself.
        client.store_auth_if_needed(registry, &auth).await;
        known().insert(registry.clone(), (client.clone(), auth.clone()));
        Ok((client, auth))
    }

    /// Docker's configuration, then Podman's, then logins that are in no file, then nobody.
    async fn auth(&self, registry: &str) -> Result<RegistryAuth, RegistryError> {
        let host = registry.to_owned();
        // A helper is a program that may ask the user's keychain.
        let configured = tokio::task::spawn_blocking(move || configured(&host));
        let configured = configured.await.unwrap_or_else(|panic| {
            std::panic::resume_unwind(panic.into_panic());
        })?;
        if let Some(auth) = configured {
            return Ok(auth);
        }
        Ok(match self.logins.login(registry).await? {
            Some((user, password)) => RegistryAuth::Basic(user, password),
            None => RegistryAuth::Anonymous,
        })
    }
}

/// Takes as many bytes as a manifest names: a registry that sends more is not read to the end.
struct Bounded {
    bytes: Vec<u8>,
    limit: u64,
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if (self.bytes.len() + bytes.len()) as u64 > self.limit {
            let message =
                format!("it sends more than the {} bytes that its manifest names", self.limit);
            return Poll::Ready(Err(io::Error::other(message)));
        }
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The reference as the library wants it.
fn named(reference: &Reference) -> oci_client::Reference {
    let (registry, path) = (reference.registry.clone(), reference.path.clone());
    match (&reference.digest, &reference.tag) {
        (Some(digest), _) => oci_client::Reference::with_digest(registry, path, digest.clone()),
        (None, tag) => {
            let tag = tag.clone().unwrap_or_else(|| "latest".into());
            oci_client::Reference::with_tag(registry, path, tag)
        }
    }
}

fn sha256(digest: &str) -> Result<Digest, RegistryError> {
    let bad = || RegistryError::BadReference { reference: digest.to_owned() };
    digest.strip_prefix("sha256:").and_then(|hex| hex.parse().ok()).ok_or_else(bad)
}
