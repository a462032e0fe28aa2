//! What others make of our artifacts and signatures, and we of theirs: wkg, oras and cosign.

use std::path::Path;
use std::process::Command;

use phalanx::registry::builtin;

use super::signatures::pair;
use super::{add, orders, publish};
use crate::support::{Project, Registry, tool, tool_s};

/// Runs another program in the service's folder; gives what it printed.
fn other(project: &Project, program: &Path, words: &str) -> String {
    let output = Command::new(program)
        .args(words.split(' '))
        .current_dir(project.root())
        .env("HOME", project.home())
        .env("COSIGN_PASSWORD", "secret")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{} {words}\n{said}", program.display());
    said
}

fn dashboard() -> &'static [u8] {
    builtin::get("dashboard").unwrap()
}

#[test]
fn wkg_fetches_what_we_publish_and_we_what_it_publishes() {
    let (Some(registry), Some(wkg)) = (Registry::open(), tool("wkg")) else { return };
    let (project, host) = (orders(), &registry.host);
    publish(&project, &registry, "dashboard", "1.0.0");
    let place = format!("{host}/team/tagger");
    other(&project, &wkg, &format!("oci pull --insecure {host} {place}:1.0.0 -o fetched.wasm"));
    assert!(std::fs::read(project.root().join("fetched.wasm")).unwrap() == dashboard());
    // By the package's name, with the same configuration.
    let configuration = format!(
        "[namespace_registries]\nteam = {{ registry = \"{host}\", metadata = {{ preferredProtocol = \"oci\", \
         oci = {{ registry = \"{host}\" }} }} }}\n\n[registry.\"{host}\".oci]\nprotocol = \"http\"\n"
    );
    project.write("wkg.toml", configuration);
    let get = "get --config wkg.toml team:tagger@1.0.0 --format wasm -o ./named.wasm";
    other(&project, &wkg, get);
    assert!(std::fs::read(project.root().join("named.wasm")).unwrap() == dashboard());
    let named = project.phalanx("plugin add team:tagger --name named --yes").own_cache();
    named.env("WKG_CONFIG_FILE", project.root().join("wkg.toml")).succeeds();

    // Its config tells imports and exports, which are held against the component.
    project.write("theirs.wasm", builtin::get("error-alarms").unwrap());
    other(
        &project,
        &wkg,
        &format!("oci push --insecure {host} {host}/team/theirs:2.1.0 theirs.wasm"),
    );
    let words = format!("plugin add oci://{host}/team/theirs --version ^2 --name theirs --yes");
    let added = project.phalanx(&words).own_cache().succeeds();
    assert!(added.stdout.contains("added plugin theirs 2.1.0"), "{}", added.scene());
    project.phalanx("plugin verify").own_cache().succeeds();
}

#[test]
fn oras_reads_what_we_publish() {
    let (Some(registry), Some(python)) = (Registry::open(), tool_s("oras", "python")) else {
        return;
    };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    project.write(
        "look.py",
        "import sys\nfrom oras.client import OrasClient\n\
         target = sys.argv[1]\nclient = OrasClient(insecure=True)\n\
         manifest = client.get_manifest(target)\n\
         print(manifest['config']['mediaType'], manifest['layers'][0]['mediaType'])\n\
         print(manifest['annotations']['org.opencontainers.image.version'], client.get_tags(target))\n\
         layer = client.get_blob(client.get_container(target), manifest['layers'][0]['digest'])\n\
         open('fetched.wasm', 'wb').write(layer.content)\n",
    );
    let said = other(&project, &python, &format!("look.py {}/team/tagger:1.0.0", registry.host));
    assert_eq!(said, "application/vnd.wasm.config.v0+json application/wasm\n1.0.0 ['1.0.0']\n");
    assert!(std::fs::read(project.root().join("fetched.wasm")).unwrap() == dashboard());
}

#[test]
fn cosign_verifies_what_we_sign_and_we_what_it_signs() {
    let (Some(registry), Some(cosign)) = (Registry::open(), tool("cosign")) else { return };
    let project = orders();
    let place = format!("{}/team/tagger", registry.host);
    project.write("plugin.wasm", dashboard());
    let publish_with = |version: &str, key: &str| {
        let to = format!("oci://{place}");
        let words = ["plugin", "publish", "plugin.wasm", &to, "--version", version, "--sign", key];
        project.phalanx_with(&words).own_cache().env("COSIGN_PASSWORD", "secret")
    };
    let verify = |version: &str, key: &str| {
        let words = format!(
            "verify --key {key} --insecure-ignore-tlog --allow-insecure-registry {place}:{version}"
        );
        other(&project, &cosign, &words)
    };
    // Keys of OpenSSL, and cosign's own, which are sealed.
    pair(&project, "team");
    publish_with("1.0.0", "team.pem").succeeds();
    assert!(verify("1.0.0", "keys/team.pub").contains("The signatures were verified"));
    other(&project, &cosign, "generate-key-pair");
    publish_with("1.1.0", "cosign.key").succeeds();
    assert!(verify("1.1.0", "cosign.pub").contains("The signatures were verified"));
    let wrong = publish_with("1.2.0", "cosign.key").env("COSIGN_PASSWORD", "other").exits(2);
    insta::assert_snapshot!(wrong.error(), @"
    error: `cosign.key` cannot be used as a key: the password is another one, or the file was changed

    hint: make a pair with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, or with cosign, whose public key is one as it is
    ");
    let words =
        format!("plugin publish plugin.wasm oci://{place} --version 1.2.0 --sign cosign.key");
    insta::assert_snapshot!(project.phalanx(&words).own_cache().exits(2).error(), @"
    error: the key `cosign.key` is sealed with a password, and there is none

    hint: set `COSIGN_PASSWORD`, as for cosign, or run it at a terminal
    ");

    // What cosign signs, in its older form and as a bundle.
    let taken = |version: &str| {
        let more = format!("--yes --version ={version} --key cosign.pub");
        let added = add(&project, &registry, &more);
        assert_eq!(added.code, Some(0), "{}", added.scene());
        project.phalanx("plan --local --locked --offline").own_cache().succeeds();
        project.phalanx("plugin remove tags").own_cache().succeeds();
    };
    let sign = |version: &str, how: &str| {
        publish(&project, &registry, "error-alarms", version);
        assert_eq!(add(&project, &registry, "--yes --key cosign.pub").code, Some(3), "not yet");
        let words = format!(
            "sign --key cosign.key {how} --allow-insecure-registry --yes {place}:{version}"
        );
        other(&project, &cosign, &words);
    };
    taken("1.1.0");
    let older = "--tlog-upload=false --use-signing-config=false --new-bundle-format=false";
    sign("2.0.0", older);
    taken("2.0.0");
    // A transparency log is somebody else's server: without one, as in a company's own network.
    other(&project, &cosign, "signing-config create --out signing.json");
    sign("2.1.0", "--signing-config signing.json");
    taken("2.1.0");
}
