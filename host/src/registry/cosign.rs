//! Signatures as cosign makes them with a key: the older form beside the artifact under a tag of its own, and the
//! bundle of version 3.
//!
//! Both sign the digest of the manifest, and through it the component and the annotations: the version too, so
//! that an old release cannot come back under a new tag. Sources:
//! <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>,
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::artifact::{Artifact, MANIFEST};
use super::keys::{PrivateKey, PublicKey};
use crate::digest::Digest;

/// Media type of the older form's layer.
const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Where that layer has its signature.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Media type of a bundle.
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A signature that was found, or is kept in the lock file: what was signed, and the signature of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Proof {
    /// What was signed, in base64.
    payload: String,
    /// The type that a bundle signs together with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_type: Option<String>,
    /// The signature, in base64.
    signature: String,
}

impl Proof {
    /// Whether the key's owner signed the manifest with this digest, `sha256:…`.
    pub fn shows(&self, key: &PublicKey, manifest: &str) -> bool {
        let decode = |text: &str| BASE64_STANDARD.decode(text).ok();
        let (Some(payload), Some(signature)) = (decode(&self.payload), decode(&self.signature))
        else {
            return false;
        };
        let message = match &self.payload_type {
            Some(kind) => authenticated(kind, &payload),
            None => payload.clone(),
        };
        let Ok(said) = serde_json::from_slice::<Value>(&payload) else { return false };
        key.verifies(&message, &signature) && self.names(&said, manifest)
    }

    /// Whether what was signed is about this manifest.
    fn names(&self, said: &Value, manifest: &str) -> bool {
        if self.payload_type.is_none() {
            return said["critical"]["image"]["docker-manifest-digest"] == manifest;
        }
        let Some(hex) = manifest.strip_prefix("sha256:") else { return false };
        let subjects = said["subject"].as_array().map(Vec::as_slice).unwrap_or_default();
        subjects.iter().any(|subject| subject["digest"]["sha256"] == hex)
    }
}

/// The tag of a manifest's signatures in the older form.
pub(super) fn tag(manifest: &str) -> String {
    format!("{}.sig", manifest.replacen(':', "-", 1))
}

/// The layers of a signature's manifest in the older form: each with its digest and its signature.
pub(super) fn layers(manifest: &[u8]) -> Vec<(String, u64, String)> {
    let Ok(manifest) = serde_json::from_slice::<Value>(manifest) else { return Vec::new() };
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    let signed = layers.iter().filter(|layer| layer["mediaType"] == SIMPLE);
    signed
        .filter_map(|layer| {
            let digest = layer["digest"].as_str()?.to_owned();
            Some((
                digest,
                layer["size"].as_u64()?,
                layer["annotations"][SIGNATURE].as_str()?.to_owned(),
            ))
        })
        .collect()
}

/// A signature in the older form: this payload, and the signature that its layer names.
pub(super) fn simple(payload: &[u8], signature: String) -> Proof {
    Proof { payload: BASE64_STANDARD.encode(payload), payload_type: None, signature }
}

/// The bundles among the layers of a referrer's manifest.
pub(super) fn bundles(manifest: &[u8]) -> Vec<(String, u64)> {
    let Ok(manifest) = serde_json::from_slice::<Value>(manifest) else { return Vec::new() };
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    let bundles = layers.iter().filter(|layer| layer["mediaType"] == BUNDLE);
    bundles
        .filter_map(|layer| Some((layer["digest"].as_str()?.to_owned(), layer["size"].as_u64()?)))
        .collect()
}

/// The signatures of a bundle.
pub(super) fn bundled(bundle: &[u8]) -> Vec<Proof> {
    let Ok(bundle) = serde_json::from_slice::<Value>(bundle) else { return Vec::new() };
    let envelope = &bundle["dsseEnvelope"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (Some(payload), Some(kind)) = (text(&envelope["payload"]), text(&envelope["payloadType"]))
    else {
        return Vec::new();
    };
    let signatures = envelope["signatures"].as_array().cloned().unwrap_or_default();
    let proof = |signature: &Value| {
        Some(Proof {
            payload: payload.clone(),
            payload_type: Some(kind.clone()),
            signature: text(&signature["sig"])?,
        })
    };
    signatures.iter().filter_map(proof).collect()
}

/// The artifact that holds a signature of a manifest in the older form, which every cosign verifies. Signatures
/// that are there already, in the manifest `before`, stay.
pub(super) fn signed(
    place: &str,
    manifest: &str,
    key: &PrivateKey,
    before: Option<&[u8]>,
) -> Artifact {
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": place },
            "image": { "docker-manifest-digest": manifest },
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let payload = serde_json::to_vec(&payload).expect("it is plain JSON");
    let digest = |bytes: &[u8]| format!("sha256:{}", Digest::of(bytes));
    let before = before.and_then(|manifest| serde_json::from_slice::<Value>(manifest).ok());
    let mut layers =
        before.and_then(|manifest| manifest["layers"].as_array().cloned()).unwrap_or_default();
    layers.push(json!({
        "mediaType": SIMPLE,
        "digest": digest(&payload),
        "size": payload.len(),
        "annotations": { (SIGNATURE): BASE64_STANDARD.encode(key.sign(&payload)) },
    }));
    let contents: Vec<_> = layers.iter().map(|layer| layer["digest"].clone()).collect();
    let config = json!({
        "architecture": "",
        "os": "",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": contents },
    });
    let config = serde_json::to_vec(&config).expect("it is plain JSON");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest(&config),
            "size": config.len(),
        },
        "layers": layers,
    });
    let manifest = serde_json::to_vec(&manifest).expect("it is plain JSON");
    Artifact { manifest, config, component: payload }
}

/// What a bundle signs: type and content with their lengths, so that neither can pass for the other.
fn authenticated(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::*;

    /// A key, and its public part.
    fn key() -> (PrivateKey, PublicKey) {
        let random = ring::rand::SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.as_ref(), &random)
            .unwrap();
        let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let digits: Vec<u8> = (0..prefix.len() / 2)
            .map(|at| u8::from_str_radix(&prefix[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let public = [&digits[..], pair.public_key().as_ref()].concat();
        let pem = |kind: &str, der: &[u8]| {
            format!(
                "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
                BASE64_STANDARD.encode(der)
            )
        };
        (
            PrivateKey::parse("key", &pem("PRIVATE KEY", der.as_ref()), None).unwrap(),
            PublicKey::parse("key.pub", &pem("PUBLIC KEY", &public)).unwrap(),
        )
    }

    fn manifest(content: &str) -> String {
        format!("sha256:{}", Digest::of(content))
    }

    #[test]
    fn what_is_signed_here_is_read_back_and_verified() {
        let ((private, public), (_, other)) = (key(), key());
        let artifact = signed("registry/p", &manifest("a"), &private, None);
        let [(digest, size, signature)] = &layers(&artifact.manifest)[..] else {
            panic!("one layer")
        };
        assert_eq!(*digest, format!("sha256:{}", Digest::of(&artifact.component)));
        assert_eq!(*size, artifact.component.len() as u64);
        let proof = simple(&artifact.component, signature.clone());
        assert!(proof.shows(&public, &manifest("a")));
        assert!(!proof.shows(&public, &manifest("b")), "of another manifest");
        assert!(!proof.shows(&other, &manifest("a")), "by another key");
        let (second, _) = key();
        let both = signed("registry/p", &manifest("a"), &second, Some(&artifact.manifest));
        assert_eq!(layers(&both.manifest).len(), 2, "the first signature stays");
        let mut changed = artifact.component.clone();
        changed.push(b' ');
        assert!(!simple(&changed, signature.clone()).shows(&public, &manifest("a")));
    }

    #[test]
    fn bundles_sign_type_and_content() {
        let (private, public) = key();
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "digest": { "sha256": Digest::of("a").to_string() } }],
            "predicateType": "https://sigstore.dev/cosign/sign/v1",
        });
        let payload = statement.to_string();
        let kind = "application/vnd.in-toto+json";
        let signature = private.sign(&authenticated(kind, payload.as_bytes()));
        let bundle = |kind: &str| {
            json!({
                "mediaType": BUNDLE,
                "dsseEnvelope": {
                    "payload": BASE64_STANDARD.encode(&payload),
                    "payloadType": kind,
                    "signatures": [{ "sig": BASE64_STANDARD.encode(&signature) }],
                },
            })
        };
        let proofs = |kind: &str| bundled(bundle(kind).to_string().as_bytes());
        let [proof] = &proofs(kind)[..] else { panic!("one signature") };
        assert!(proof.shows(&public, &manifest("a")) && !proof.shows(&public, &manifest("b")));
        let [proof] = &proofs("text/plain")[..] else { panic!("one signature") };
        assert!(!proof.shows(&public, &manifest("a")), "the type is signed too");
    }

    #[test]
    fn what_is_no_signature_shows_nothing() {
        assert!(layers(b"<html>").is_empty() && bundled(b"{}").is_empty());
        let (_, public) = key();
        let proof = Proof { payload: "!".into(), payload_type: None, signature: String::new() };
        assert!(!proof.shows(&public, &manifest("a")));
        assert_eq!(tag("sha256:0a"), "sha256-0a.sig");
    }
}
