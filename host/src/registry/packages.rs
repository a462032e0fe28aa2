//! `namespace:name`: the registry that `wkg` would take, by the configuration that its users have.
//!
//! The package's own entry counts, then its namespace's, then the default registry. A registry says in a document at a
//! known address where in which OCI registry its packages are; without it, it is one itself. Source:
//! <https://github.com/bytecodealliance/wasm-pkg-tools> (`wasm-pkg-common`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Client, Reference, RegistryError};
use crate::fs;

/// Where a registry says how it is laid out.
const WELL_KNOWN: &str = "/.well-known/wasm-pkg/registry.json";

/// The configuration of `wkg`.
#[derive(Debug, Default, Deserialize)]
struct Configuration {
    default_registry: Option<String>,
    #[serde(default)]
    namespace_registries: BTreeMap<String, Mapping>,
    #[serde(default)]
    package_registry_overrides: BTreeMap<String, Mapping>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Mapping {
    /// A registry that tells itself how it is laid out.
    Registry(String),
    /// One whose layout is known.
    Custom { registry: String, metadata: Metadata },
}

/// How a registry is laid out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    preferred_protocol: Option<String>,
    #[serde(default)]
    oci: Option<Oci>,
    // What the first registries said.
    oci_registry: Option<String>,
    oci_namespace_prefix: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Oci {
    registry: Option<String>,
    namespace_prefix: Option<String>,
}

/// Finds where packages are.
#[derive(Debug, Clone)]
pub struct Packages {
    file: PathBuf,
}

impl Packages {
    /// By the configuration in this file, which need not be there.
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    /// The place of `namespace:name` in an OCI registry.
    ///
    /// # Errors
    /// When the configuration cannot be understood, names no registry for it, or that one does not tell.
    pub async fn place(&self, client: &Client, package: &str) -> Result<Reference, RegistryError> {
        let (namespace, name) = package
            .split_once(':')
            .ok_or_else(|| RegistryError::BadReference { reference: package.to_owned() })?;
        let (registry, metadata) = match self.mapping(namespace, package)? {
            Mapping::Custom { registry, metadata } => (registry, metadata),
            Mapping::Registry(registry) => {
                let metadata = metadata(client, &registry).await?;
                (registry, metadata)
            }
        };
        let protocol = metadata.preferred_protocol.as_deref().unwrap_or("oci");
        if protocol != "oci" {
            return Err(RegistryError::OtherProtocol {
                package: package.to_owned(),
                registry,
                protocol: protocol.to_owned(),
            });
        }
        let oci = metadata.oci.unwrap_or_default();
        let host = oci.registry.or(metadata.oci_registry).unwrap_or(registry);
        let prefix = oci.namespace_prefix.or(metadata.oci_namespace_prefix).unwrap_or_default();
        Reference::parse(&format!("{host}/{prefix}{namespace}/{name}"))
    }

    fn mapping(&self, namespace: &str, package: &str) -> Result<Mapping, RegistryError> {
        let configuration = match fs::read_if_present(&self.file)? {
            Some(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                toml::from_str(&text).map_err(|error| RegistryError::BadConfiguration {
                    path: self.file.clone(),
                    reason: super::lock::reason(&text, &error),
                })?
            }
            None => Configuration::default(),
        };
        let Configuration { default_registry, namespace_registries, package_registry_overrides } =
            configuration;
        let mapping =
            package_registry_overrides.get(package).or(namespace_registries.get(namespace));
        mapping.cloned().or(default_registry.map(Mapping::Registry)).ok_or_else(|| {
            RegistryError::NoRegistry {
                package: package.to_owned(),
                namespace: namespace.to_owned(),
                path: self.file.clone(),
            }
        })
    }
}

/// What a registry says of itself; nothing is fine.
async fn metadata(client: &Client, registry: &str) -> Result<Metadata, RegistryError> {
    let scheme = if super::reference::is_loopback(registry) { "http" } else { "https" };
    let url = format!("{scheme}://{registry}{WELL_KNOWN}");
    let Some(bytes) = client.document(&url).await? else { return Ok(Metadata::default()) };
    serde_json::from_slice(&bytes).map_err(|error| RegistryError::Document {
        url,
        reason: format!("it does not say how the registry is laid out: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Logins, Store};
    use super::*;

    struct Nobody;

    #[async_trait::async_trait]
    impl Logins for Nobody {
        async fn login(&self, _: &str) -> Result<Option<(String, String)>, RegistryError> {
            Ok(None)
        }
    }

    async fn place(text: &str, package: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, text).unwrap();
        let store = Store::new(folder.path(), std::time::SystemTime::UNIX_EPOCH);
        let client = Client::new(store, Arc::new(Nobody), 0).offline(true);
        let place = Packages::new(&file).place(&client, package).await;
        let shown = place.map_or_else(|error| error.to_string(), |place| place.to_string());
        shown.replace(&folder.path().display().to_string(), "FOLDER")
    }

    const CONFIGURATION: &str = r#"
        [namespace_registries]
        acme = { registry = "acme", metadata = { preferredProtocol = "oci", oci = { registry = "r.test", namespacePrefix = "wasm/" } } }
        warp = { registry = "w.test", metadata = { preferredProtocol = "warg" } }
        old = { registry = "o.test", metadata = { ociRegistry = "r.test", ociNamespacePrefix = "old/" } }

        [package_registry_overrides]
        "acme:own" = { registry = "own.test", metadata = {} }

        [registry."r.test".oci]
        auth = { username = "nobody", password = "ignored" }
    "#;

    #[tokio::test]
    async fn packages_are_found_as_wkg_finds_them() {
        assert_eq!(place(CONFIGURATION, "acme:tags").await, "r.test/wasm/acme/tags");
        assert_eq!(place(CONFIGURATION, "acme:own").await, "own.test/acme/own");
        assert_eq!(place(CONFIGURATION, "old:tags").await, "r.test/old/old/tags");
    }

    #[tokio::test]
    async fn what_leads_nowhere_is_told() {
        insta::assert_snapshot!(place(CONFIGURATION, "other:tags").await, @"no registry is configured for `other:tags`");
        insta::assert_snapshot!(place(CONFIGURATION, "warp:tags").await, @"`warp:tags` is in `w.test`, which speaks `warg`");
        insta::assert_snapshot!(place("namespace_registries = 1\n", "acme:tags").await, @"`FOLDER/config.toml` is no configuration of wkg: line 1, column 24: invalid type: integer `1`, expected a map");
    }
}
