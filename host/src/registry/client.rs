//! Speaks to OCI registries. What the library does not check itself is checked here: that what came is what was
//! asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;
use serde_json::Value;

use super::answer::is_absence;
use super::artifact::{self, Claims, MANIFEST};
use super::connection::named;
use super::credentials::Logins;
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
const MAX_MANIFEST: u64 = 4 << 20;

/// A client of registries, for one run.
pub struct Client {
    pub(super) store: Store,
    /// `--offline`: nothing is asked for over the network.
    pub(super) offline: bool,
    pub(super) logins: Arc<dyn Logins>,
    /// Connections that were made, by registry: each has its pool, and the tokens that it was given.
    pub(super) known: Mutex<HashMap<String, (oci_client::Client, RegistryAuth)>>,
    /// What each place wants to see of us.
    pub(super) tokens: Mutex<HashMap<String, Option<HeaderValue>>>,
    pub(super) http: OnceLock<reqwest::Client>,
    /// The longest that nothing may come.
    pub(super) timeout: Duration,
    max_component: u64,
}

/// A plugin that was found in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The manifest's digest, `sha256:…`.
    pub manifest: String,
    /// The manifest itself.
    pub manifest_bytes: Vec<u8>,
    /// The component's digest.
    pub component: Digest,
    /// The version that its annotations name.
    pub version: Option<String>,
    /// What its config says of its type; nothing in older layouts.
    pub claims: Option<Claims>,
    /// The component.
    pub bytes: Vec<u8>,
}

impl Client {
    /// A client that keeps what it fetches in `store`, components of at most `max_component` bytes.
    pub fn new(store: Store, logins: Arc<dyn Logins>, max_component: u64) -> Self {
        Self {
            store,
            offline: false,
            logins,
            known: Mutex::default(),
            tokens: Mutex::default(),
            http: OnceLock::new(),
            timeout: Duration::from_secs(60),
            max_component,
        }
    }

    /// One that gives up when nothing has come for so long.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
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
        self.pages(reference, &format!("{}/tags/list", reference.path), "tags").await
    }

    /// The repositories of a registry whose names begin with the reference's path.
    ///
    /// # Errors
    /// When the registry does not tell what it has: ECR and others do not.
    pub async fn repositories(&self, below: &Reference) -> Result<Vec<String>, RegistryError> {
        let mut all = self.pages(below, "_catalog", "repositories").await?;
        let prefix = format!("{}/", below.path);
        all.retain(|path| *path == below.path || path.starts_with(&prefix));
        Ok(all)
    }

    /// A list that comes in pages.
    async fn pages(
        &self,
        reference: &Reference,
        path: &str,
        key: &str,
    ) -> Result<Vec<String>, RegistryError> {
        let (mut all, mut last) = (Vec::new(), String::new());
        loop {
            let path = format!("{path}?n={PAGE}{last}");
            let (page, _) = self.read(reference, &path, "application/json", MAX_MANIFEST).await?;
            let page: Value = serde_json::from_slice(&page).map_err(|error| {
                let reason = format!("its list is no JSON: {error}");
                RegistryError::Refused { reference: reference.to_string(), reason }
            })?;
            let page = page[key].as_array().map(Vec::as_slice).unwrap_or_default();
            all.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
            match all.last() {
                Some(end) if page.len() >= PAGE => {
                    let end: String = form_urlencoded::byte_serialize(end.as_bytes()).collect();
                    last = format!("&last={end}");
                }
                _ => return Ok(all),
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
        let claims = match layer.config {
            Some((digest, size)) if size <= MAX_MANIFEST => {
                Claims::read(&self.blob(reference, digest, size).await?)
            }
            _ => None,
        };
        let (component, version) = (layer.digest, layer.version);
        let bytes = self.blob(reference, component, layer.size).await?;
        let (manifest, manifest_bytes) = (digest, manifest);
        Ok(Found { manifest, manifest_bytes, component, version, claims, bytes })
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
        let (manifest, _) = self.manifest(reference).await?;
        let layer = artifact::component_of(&reference.to_string(), &manifest)?;
        if layer.digest != component {
            return Err(RegistryError::OtherComponent {
                reference: reference.to_string(),
                locked: component.to_string(),
                found: layer.digest.to_string(),
            });
        }
        self.blob(reference, component, layer.size).await
    }

    /// Notes that a component is in use that nobody had to fetch.
    pub fn note_use(&self, component: &Digest) {
        self.store.note_use(component);
    }

    /// The digest of the manifest with this tag; none when there is none.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn digest_of(&self, reference: &Reference) -> Result<Option<String>, RegistryError> {
        match self.manifest(reference).await {
            Ok((_, digest)) => Ok(Some(digest)),
            Err(RegistryError::NotThere { .. }) => Ok(None),
            Err(error) => Err(error),
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

    async fn manifest(&self, reference: &Reference) -> Result<(Vec<u8>, String), RegistryError> {
        let wanted = reference.digest.as_deref().map(sha256).transpose()?;
        if let Some(wanted) = &wanted
            && let Some(bytes) = self.store.get(wanted)?
        {
            return Ok((bytes, format!("sha256:{wanted}")));
        }
        let name = reference.digest.as_deref().or(reference.tag.as_deref()).unwrap_or("latest");
        let path = format!("{}/manifests/{name}", reference.path);
        let accept = MANIFESTS.join(", ");
        let (bytes, digest) = self.read(reference, &path, &accept, MAX_MANIFEST).await?;
        if let Some(wanted) = wanted.filter(|wanted| *wanted != digest) {
            return Err(RegistryError::OtherBytes {
                reference: reference.to_string(),
                wanted: wanted.to_string(),
                found: digest.to_string(),
            });
        }
        self.store.put(&digest, &bytes)?;
        Ok((bytes, format!("sha256:{digest}")))
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
        let path = format!("{}/blobs/sha256:{digest}", reference.path);
        let (bytes, found) = self.read(reference, &path, "*/*", size).await?;
        if found != digest {
            return Err(RegistryError::OtherBytes {
                reference: reference.to_string(),
                wanted: digest.to_string(),
                found: found.to_string(),
            });
        }
        self.store.put(&digest, &bytes)?;
        Ok(bytes)
    }
}

fn sha256(digest: &str) -> Result<Digest, RegistryError> {
    let bad = || RegistryError::BadReference { reference: digest.to_owned() };
    digest.strip_prefix("sha256:").and_then(|hex| hex.parse().ok()).ok_or_else(bad)
}
