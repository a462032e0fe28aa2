//! Connections to registries: who we are there, and what every read goes through.

use std::sync::PoisonError;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oci_client::RegistryOperation;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;

use super::credentials::configured;
use super::transfer::{self, Wanted};
use super::{Client, Reference, RegistryError};
use crate::digest::Digest;
use crate::hint::in_one_line;

const USER_AGENT: &str = concat!("phalanx/", env!("CARGO_PKG_VERSION"));
/// The longest that a connection may take.
const CONNECT: Duration = Duration::from_secs(15);

impl Client {
    /// Reads something below `/v2/`, with its digest. A token that the registry does not take any more is asked for once more.
    pub(super) async fn read(
        &self,
        reference: &Reference,
        path: &str,
        accept: &str,
        limit: u64,
    ) -> Result<(Vec<u8>, Digest), RegistryError> {
        let known = || self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let place = reference.place();
        let scheme = if reference.is_loopback() { "http" } else { "https" };
        // Docker's own registry is at another address than its name.
        let url = format!("{scheme}://{}/v2/{path}", named(reference).resolve_registry());
        let cached = known().get(&place).cloned();
        for token in [cached, None] {
            let is_cached = token.is_some();
            let authorization = match token {
                Some(token) => token,
                None => self.authorization(reference).await?,
            };
            let authorization = authorization.as_ref();
            let wanted = Wanted { reference, url: &url, accept, authorization, limit };
            match transfer::read(self.http()?, self.timeout, wanted).await {
                Err(RegistryError::Unauthorized { .. }) if is_cached => {}
                read => {
                    known().insert(place, authorization.cloned());
                    return read;
                }
            }
        }
        unreachable!("the second time no token is cached")
    }

    /// Who we are for the registry, if it wants to know.
    async fn authorization(
        &self,
        reference: &Reference,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        let (client, auth) = self.connect(reference).await?;
        let token = client.auth(&named(reference), &auth, RegistryOperation::Pull).await;
        let token = token.map_err(|error| RegistryError::of(reference, &error))?;
        let text = match (token, auth) {
            (Some(token), _) => format!("Bearer {token}"),
            (None, RegistryAuth::Basic(user, password)) => {
                format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
            }
            (None, _) => return Ok(None),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| RegistryError::Credentials {
            registry: reference.registry.clone(),
            reason: "they cannot be sent".into(),
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// What all reads go through.
    pub(super) fn http(&self) -> Result<&reqwest::Client, RegistryError> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        provide_tls();
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT.min(self.timeout))
            .read_timeout(self.timeout)
            .build();
        let client = client.map_err(|error| RegistryError::NoClient(in_one_line(&error)))?;
        Ok(self.http.get_or_init(|| client))
    }

    /// The connection to the reference's registry, and who we are there.
    pub(super) async fn connect(
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
        provide_tls();
        let protocol = match reference.is_loopback() {
            true => ClientProtocol::Http,
            false => ClientProtocol::Https,
        };
        let configuration = ClientConfig {
            protocol,
            user_agent: USER_AGENT,
            connect_timeout: Some(CONNECT.min(self.timeout)),
            read_timeout: Some(self.timeout),
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

/// TLS takes its cryptography from a place of the process; a second client finds it there.
fn provide_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The reference as the library wants it.
pub(super) fn named(reference: &Reference) -> oci_client::Reference {
    let (registry, path) = (reference.registry.clone(), reference.path.clone());
    match (&reference.digest, &reference.tag) {
        (Some(digest), _) => oci_client::Reference::with_digest(registry, path, digest.clone()),
        (None, tag) => {
            let tag = tag.clone().unwrap_or_else(|| "latest".into());
            oci_client::Reference::with_tag(registry, path, tag)
        }
    }
}
