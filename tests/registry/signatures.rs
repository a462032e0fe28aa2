//! Signatures with a key. OpenSSL is the peer: it makes the keys, verifies what is signed here, and signs what is
//! verified here, in both forms that cosign writes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use phalanx::digest::Digest;
use serde_json::{Value, json};

use super::{add, orders, plain, publish};
use crate::support::transcript::without_digests;
use crate::support::{Project, Registry, change, run_tool};

/// OpenSSL with these words, in the service's folder; gives what it prints.
pub(super) fn openssl(project: &Project, words: &str) -> String {
    run_tool("openssl", &words.split(' ').collect::<Vec<_>>(), &project.root())
}

/// A pair of keys: `NAME.pem` and `keys/NAME.pub`.
pub(super) fn pair(project: &Project, name: &str) {
    std::fs::create_dir_all(project.root().join("keys")).unwrap();
    openssl(
        project,
        &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.pem"),
    );
    openssl(project, &format!("pkey -in {name}.pem -pubout -out keys/{name}.pub"));
}

/// Publishes as [`publish`] does, signed with a key of the service's folder.
pub(super) fn publish_signed(project: &Project, registry: &Registry, version: &str, key: &str) {
    project.write("plugin.wasm", phalanx::registry::builtin::get("dashboard").unwrap());
    let to = format!("oci://{}/team/tagger", registry.host);
    let key = format!("{key}.pem");
    let words = ["plugin", "publish", "plugin.wasm", &to, "--version", version, "--sign", &key];
    project.phalanx_with(&words).own_cache().succeeds();
}

/// The digest of a release's manifest, and the tag of what stands beside it.
fn beside(registry: &Registry, version: &str, end: &str) -> (String, String) {
    let digest = Digest::of(registry.manifest("team/tagger", version)).to_string();
    (format!("sha256:{digest}"), format!("sha256-{digest}{end}"))
}

/// OpenSSL's signature of these bytes, in base64.
fn sign(project: &Project, key: &str, message: &[u8]) -> String {
    project.write("message", message);
    openssl(project, &format!("dgst -sha256 -sign {key}.pem -out signature message"));
    BASE64_STANDARD.encode(std::fs::read(project.root().join("signature")).unwrap())
}

/// A descriptor of a blob that the registry then has.
fn blob(registry: &Registry, kind: &str, bytes: &[u8]) -> Value {
    registry.put_blob("team/tagger", bytes);
    let digest = format!("sha256:{}", Digest::of(bytes));
    json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
}

#[test]
fn what_is_signed_is_added_pinned_and_checked_again_without_a_registry() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    pair(&project, "team");
    pair(&project, "other");
    publish_signed(&project, &registry, "1.0.0", "team");
    openssl_verifies(&project, &registry);

    let wrong = add(&project, &registry, "--yes --key keys/other.pub");
    assert_eq!(wrong.code, Some(3));
    insta::assert_snapshot!(plain(&registry, wrong.error()), @r#"
    error: `REGISTRY/team/tagger:1.0.0` is not signed as `signer = "keys/other.pub"` wants, with sha256:[DIGEST]

    hint: ask its publisher for a signature; what wants it names the keys that will do
    "#);
    let added = add(&project, &registry, "--yes --version =1.0.0 --key keys/team.pub");
    assert!(added.stdout.contains("signer        sha256:"), "{}", added.scene());
    assert!(project.read("phalanx.toml").contains("signer = \"keys/team.pub\""));
    let run = |words: &str| project.phalanx(words).own_cache();
    run("plugin verify").succeeds();

    // A release that nobody has signed is not taken.
    publish(&project, &registry, "error-alarms", "1.1.0");
    change(&project, "version = \"=1.0.0\"", "version = \"^1.0\"");
    let unsigned = run("plugin update").exits(3);
    insta::assert_snapshot!(plain(&registry, unsigned.error()), @r#"
    error: `REGISTRY/team/tagger:1.1.0` is not signed as `signer = "keys/team.pub"` wants, with sha256:[DIGEST]

    hint: ask its publisher for a signature; what wants it names the keys that will do
    "#);
    change(&project, "version = \"^1.0\"", "version = \"=1.0.0\"");

    drop(registry);
    run("plan --local").succeeds();
    let lock = project.read("phalanx.lock");
    let signature = lock.split("signature = \"").nth(1).unwrap().split('"').next().unwrap();
    project.write("phalanx.lock", lock.replace(signature, &BASE64_STANDARD.encode("forged")));
    insta::assert_snapshot!(without_digests(run("plan --local").exits(3).error()), @r#"
    error: the lock file does not show that plugin `tags` is signed as `signer = "keys/team.pub"` wants, with sha256:[DIGEST]

    hint: run `phalanx plugin update tags`, which asks its registry for the signature
    "#);
    // Another component under the signature of this one, where nobody fetches anything.
    let other = phalanx::registry::builtin::get("error-alarms").unwrap();
    let digest = Digest::of(other);
    project.write(&format!("vendor/phalanx/sha256-{digest}.wasm"), other);
    let component = lock.split("component = \"").nth(1).unwrap().split('"').next().unwrap();
    let edited = lock.replace(component, &format!("sha256:{digest}"));
    project.write("phalanx.lock", &edited);
    insta::assert_snapshot!(without_digests(run("plan --local").exits(3).error()), @r#"
    error: the lock file does not show that what is signed of plugin `tags` is its component, sha256:[DIGEST]

    hint: it may have been edited by hand: run `phalanx plugin update tags`, which asks its registry what was signed
    "#);
    // Nor does it help to edit what was signed.
    let signed = lock.split("signed = \"").nth(1).unwrap().split('"').next().unwrap();
    let manifest = String::from_utf8(BASE64_STANDARD.decode(signed).unwrap()).unwrap();
    let forged = BASE64_STANDARD.encode(manifest.replace(component, &format!("sha256:{digest}")));
    project.write("phalanx.lock", edited.replace(signed, &forged));
    run("plan --local").exits(3);
    std::fs::remove_dir_all(project.root().join("vendor")).unwrap();
    project.write("phalanx.lock", &lock);
    run("plan --local").succeeds();
    std::fs::copy(project.root().join("keys/other.pub"), project.root().join("keys/team.pub"))
        .unwrap();
    run("plan --local").exits(3);
    project.write("keys/team.pub", "no key");
    insta::assert_snapshot!(run("plan --local").exits(2).error(), @"
    error: `keys/team.pub` cannot be used as a key: it is no public key in PEM

    hint: make a pair with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, or with cosign, whose public key is one as it is
    ");
}

/// Has OpenSSL verify the signature that stands beside release 1.0.0.
fn openssl_verifies(project: &Project, registry: &Registry) {
    let (digest, tag) = beside(registry, "1.0.0", ".sig");
    let manifest: Value = serde_json::from_slice(&registry.manifest("team/tagger", &tag)).unwrap();
    let layer = &manifest["layers"][0];
    let payload = registry.get_blob("team/tagger", layer["digest"].as_str().unwrap());
    let said: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(said["critical"]["image"]["docker-manifest-digest"], *digest);
    let signature = layer["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap();
    project.write("payload", payload);
    project.write("signature", BASE64_STANDARD.decode(signature).unwrap());
    let verified =
        openssl(project, "dgst -sha256 -verify keys/team.pub -signature signature payload");
    assert_eq!(verified, "Verified OK\n");
}

#[test]
fn signatures_of_others_are_verified_in_both_forms() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    pair(&project, "team");
    publish(&project, &registry, "dashboard", "1.0.0");
    let (digest, tag) = beside(&registry, "1.0.0", ".sig");
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": "" },
            "image": { "docker-manifest-digest": digest },
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let payload = payload.to_string();
    let mut layer =
        blob(&registry, "application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes());
    let signature = sign(&project, "team", payload.as_bytes());
    layer["annotations"] = json!({ "dev.cosignproject.cosign/signature": signature });
    let config = blob(&registry, "application/vnd.oci.image.config.v1+json", b"{}");
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    registry.put_manifest("team/tagger", &tag, manifest.to_string().as_bytes());
    let added = add(&project, &registry, "--yes --key keys/team.pub");
    assert_eq!(added.code, Some(0), "{}", added.scene());
    project.phalanx("plan --local").own_cache().succeeds();

    // The bundle of cosign 3, found by the tag that stands in for referrers.
    publish(&project, &registry, "error-alarms", "1.1.0");
    let (digest, tag) = beside(&registry, "1.1.0", "");
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": digest.strip_prefix("sha256:") } }],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    });
    let (statement, kind) = (statement.to_string(), "application/vnd.in-toto+json");
    let message = format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len());
    let bundle = json!({
        "mediaType": BUNDLE,
        "verificationMaterial": { "publicKey": { "hint": "team" } },
        "dsseEnvelope": {
            "payload": BASE64_STANDARD.encode(&statement),
            "payloadType": kind,
            "signatures": [{ "sig": sign(&project, "team", message.as_bytes()) }],
        },
    });
    let layer = blob(&registry, BUNDLE, bundle.to_string().as_bytes());
    let referrer = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": config, "layers": [layer] });
    let referrer = referrer.to_string();
    registry.put_manifest("team/tagger", "bundle", referrer.as_bytes());
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{
            "mediaType": MANIFEST,
            "artifactType": BUNDLE,
            "digest": format!("sha256:{}", Digest::of(&referrer)),
            "size": referrer.len(),
        }],
    });
    registry.put_index("team/tagger", &tag, index.to_string().as_bytes());
    let updated = project.phalanx("plugin update").own_cache().succeeds();
    assert!(updated.stdout.contains("1.0.0 -> 1.1.0"), "{}", updated.scene());
    project.phalanx("plan --local").own_cache().succeeds();
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
