//! A plugin as an OCI artifact: the layout of the CNCF for WebAssembly, and older ones that are still met.
//!
//! One layer, which is the component, and a config that repeats what the component's type says. The config is
//! written by whoever publishes, so nothing is believed of it that the component does not show itself.
//! Source: <https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::RegistryError;
use crate::digest::Digest;

/// Media type of the manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// The one layer of artifacts that older tools made.
const OLD_LAYER: &str = "application/vnd.wasm.content.layer.v1+wasm";
/// When it was made, so that the same component always makes the same manifest.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The annotation that holds the version: the manifest's digest covers it, which a tag's name is not.
const VERSION: &str = "org.opencontainers.image.version";

const DESCRIPTION: &str = "org.opencontainers.image.description";

/// An artifact that can be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// The config's bytes.
    pub config: Vec<u8>,
    /// The component.
    pub component: Vec<u8>,
}

/// What an artifact says of itself beside its component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArtifactAbout {
    /// The plugin's name.
    pub title: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// Where its sources are.
    pub source: Option<String>,
    /// The revision of the sources.
    pub revision: Option<String>,
    /// SPDX expression.
    pub licenses: Option<String>,
    /// Where its documentation is.
    pub documentation: Option<String>,
}

impl ArtifactAbout {
    fn annotations(&self) -> BTreeMap<&'static str, &str> {
        let all = [
            ("org.opencontainers.image.title", &self.title),
            (VERSION, &self.version),
            (DESCRIPTION, &self.description),
            ("org.opencontainers.image.source", &self.source),
            ("org.opencontainers.image.revision", &self.revision),
            ("org.opencontainers.image.licenses", &self.licenses),
            ("org.opencontainers.image.documentation", &self.documentation),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?))).collect()
    }
}

impl Artifact {
    /// The artifact of a component with these imports and exports.
    pub fn new(
        component: Vec<u8>,
        imports: &[String],
        exports: &[String],
        about: &ArtifactAbout,
    ) -> Self {
        let descriptor = |kind: &str, bytes: &[u8]| {
            json!({
                "mediaType": kind,
                "digest": format!("sha256:{}", Digest::of(bytes)),
                "size": bytes.len(),
            })
        };
        let layer = descriptor(LAYER, &component);
        let config = json!({
            "created": CREATED,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer["digest"]],
            "component": { "exports": exports, "imports": imports },
        });
        let config = serde_json::to_vec(&config).expect("it is plain JSON");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, &config),
            "layers": [layer],
            "annotations": about.annotations(),
        });
        let manifest = serde_json::to_vec(&manifest).expect("it is plain JSON");
        Self { manifest, config, component }
    }

    /// The manifest's digest, `sha256:…`.
    pub fn digest(&self) -> String {
        format!("sha256:{}", Digest::of(&self.manifest))
    }
}

/// What a config says of its component's type. Whoever publishes writes it, and tools that list artifacts show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Claims {
    /// Reads a config; none when it says nothing of a component.
    pub(super) fn read(config: &[u8]) -> Option<Self> {
        let config: Value = serde_json::from_slice(config).ok()?;
        let list = |key: &str| {
            let list = config["component"][key].as_array()?;
            list.iter().map(|name| Some(name.as_str()?.to_owned())).collect::<Option<Vec<_>>>()
        };
        Some(Self { imports: list("imports")?, exports: list("exports")? })
    }

    /// Whether the component has just these imports and exports, in any order.
    ///
    /// # Errors
    /// When it has others.
    pub fn check(
        &self,
        reference: &str,
        imports: &[String],
        exports: &[String],
    ) -> Result<(), RegistryError> {
        for (what, said, found) in
            [("import", &self.imports, imports), ("export", &self.exports, exports)]
        {
            let only = |of: &[String], other: &[String]| {
                of.iter().find(|name| !other.contains(name)).cloned()
            };
            let (more, less) = (only(found, said), only(said, found));
            if let Some(name) = more.clone().or(less) {
                let reference = reference.to_owned();
                return Err(RegistryError::OtherType {
                    reference,
                    what,
                    name,
                    says: more.is_none(),
                });
            }
        }
        Ok(())
    }
}

/// What a manifest says of the one layer that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layer {
    /// The component's digest.
    pub(super) digest: Digest,
    /// Its size in bytes.
    pub(super) size: u64,
    /// Digest and size of the config that tells its type; none in older layouts.
    pub(super) config: Option<(Digest, u64)>,
    /// The version that the manifest's annotations name.
    pub(super) version: Option<String>,
    /// What they say that it does.
    pub(super) description: Option<String>,
}

/// Finds the component of a manifest.
///
/// # Errors
/// When it is another kind of artifact; the error names the media types found.
pub(super) fn component_of(reference: &str, manifest: &[u8]) -> Result<Layer, RegistryError> {
    let foreign =
        |found: String| RegistryError::NotAPlugin { reference: reference.to_owned(), found };
    let manifest: Value =
        serde_json::from_slice(manifest).map_err(|error| foreign(format!("no JSON: {error}")))?;
    let kind = |value: &Value| value["mediaType"].as_str().unwrap_or("nothing").to_owned();
    let Some(layers) = manifest["layers"].as_array() else {
        return Err(foreign(kind(&manifest)));
    };
    let config = kind(&manifest["config"]);
    let [layer] = layers.as_slice() else {
        return Err(foreign(format!("{} layers, with config {config}", layers.len())));
    };
    let found = kind(layer);
    let known = (config == CONFIG && found == LAYER) || found == OLD_LAYER;
    if !known {
        return Err(foreign(format!("config {config} with layer {found}")));
    }
    let digest = |descriptor: &Value| {
        descriptor["digest"].as_str()?.strip_prefix("sha256:")?.parse::<Digest>().ok()
    };
    let about = &manifest["config"];
    Ok(Layer {
        digest: digest(layer).ok_or_else(|| foreign("a layer without a SHA-256 digest".into()))?,
        config: digest(about).zip(about["size"].as_u64()).filter(|_| config == CONFIG),
        size: layer["size"].as_u64().ok_or_else(|| foreign("a layer without a size".into()))?,
        version: manifest["annotations"][VERSION].as_str().map(str::to_owned),
        description: manifest["annotations"][DESCRIPTION].as_str().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> ArtifactAbout {
        ArtifactAbout { version: Some("1.2.3".into()), ..ArtifactAbout::default() }
    }

    #[test]
    fn the_same_component_makes_the_same_manifest() {
        let make = || Artifact::new(b"wasm".to_vec(), &["a".into()], &["b".into()], &about());
        assert_eq!(make(), make());
        let read = component_of("r/p:1", &make().manifest).unwrap();
        assert_eq!((read.digest, read.size), (Digest::of(b"wasm"), 4));
        assert_eq!(read.version.as_deref(), Some("1.2.3"));
        insta::assert_snapshot!(String::from_utf8(make().manifest).unwrap(), @r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:e55ca40fd8d0d6ecb4bd4ca5c62f7d3e74b19ac31ea57f1ba9dc8bc39cdd105f","size":207},"layers":[{"mediaType":"application/wasm","digest":"sha256:336154bf67f765f8f75d16a0accee61b5ee5f6a75b2a2905703df913bd550f3e","size":4}],"annotations":{"org.opencontainers.image.version":"1.2.3"}}"#);
        insta::assert_snapshot!(String::from_utf8(make().config).unwrap(), @r#"{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":["sha256:336154bf67f765f8f75d16a0accee61b5ee5f6a75b2a2905703df913bd550f3e"],"component":{"exports":["b"],"imports":["a"]}}"#);
    }

    #[test]
    fn older_artifacts_are_read_and_others_refused() {
        let digest = format!("sha256:{}", Digest::of(b"wasm"));
        let manifest = |config: &str, layers: &[&str]| {
            let layer = |kind: &&str| json!({ "mediaType": kind, "digest": digest, "size": 4 });
            let layers: Vec<_> = layers.iter().map(layer).collect();
            json!({ "config": { "mediaType": config }, "layers": layers }).to_string()
        };
        let read = |text: String| component_of("r/p:1", text.as_bytes());
        let old = read(manifest("application/vnd.oci.image.config.v1+json", &[OLD_LAYER])).unwrap();
        assert_eq!((old.digest, old.version), (Digest::of(b"wasm"), None));
        let refused = |text: String| read(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused(manifest("application/vnd.oci.image.config.v1+json", &["application/vnd.oci.image.layer.v1.tar+gzip"])), @"`r/p:1` is no plugin: it is config application/vnd.oci.image.config.v1+json with layer application/vnd.oci.image.layer.v1.tar+gzip");
        insta::assert_snapshot!(refused(manifest(CONFIG, &[LAYER, LAYER])), @"`r/p:1` is no plugin: it is 2 layers, with config application/vnd.wasm.config.v0+json");
        insta::assert_snapshot!(refused("{\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}".into()), @"`r/p:1` is no plugin: it is application/vnd.oci.image.index.v1+json");
        insta::assert_snapshot!(refused("<html>".into()), @"`r/p:1` is no plugin: it is no JSON: expected value at line 1 column 1");
    }
}
