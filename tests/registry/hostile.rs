//! Registries that are ill, slow, or mean harm. Nothing that they send is kept unless it is what was asked for.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use phalanx::digest::Digest;
use phalanx::registry::{Artifact, ArtifactAbout, builtin};

use super::orders;
use crate::support::transcript::without_digests;
use crate::support::{Asked, Finished, Given, Project, Server};

/// A release as an honest registry has it, by path.
static HONEST: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| release("dashboard", None));

/// The release 1.0.0 of a plugin. The config names one import more, if there is one.
fn release(plugin: &str, more: Option<&str>) -> BTreeMap<String, Vec<u8>> {
    let component = builtin::get(plugin).unwrap().to_vec();
    let engine = wasmtime::Engine::default();
    let ty = wasmtime::component::Component::new(&engine, &component).unwrap().component_type();
    let imports = ty.imports(&engine).map(|(name, _)| name.to_owned());
    let imports: Vec<_> = imports.chain(more.map(str::to_owned)).collect();
    let exports: Vec<_> = ty.exports(&engine).map(|(name, _)| name.to_owned()).collect();
    let about = ArtifactAbout { version: Some("1.0.0".into()), ..ArtifactAbout::default() };
    let artifact = Artifact::new(component, &imports, &exports, &about);
    let blob = |bytes: &[u8]| format!("/v2/team/tagger/blobs/sha256:{}", Digest::of(bytes));
    BTreeMap::from([
        ("/v2/".to_owned(), b"{}".to_vec()),
        ("/v2/team/tagger/tags/list?n=1000".to_owned(), br#"{"tags":["1.0.0"]}"#.to_vec()),
        ("/v2/team/tagger/manifests/1.0.0".to_owned(), artifact.manifest.clone()),
        (format!("/v2/team/tagger/manifests/{}", artifact.digest()), artifact.manifest.clone()),
        (blob(&artifact.config), artifact.config),
        (blob(&artifact.component), artifact.component),
    ])
}

/// What an honest registry would say.
pub(super) fn honest(asked: &Asked) -> Given {
    match HONEST.get(&asked.path) {
        Some(bytes) => Given::ok(bytes.clone()),
        None => Given::status("404 Not Found", ""),
    }
}

pub(super) fn component() -> &'static [u8] {
    builtin::get("dashboard").unwrap()
}

pub(super) fn is_component(asked: &Asked) -> bool {
    asked.path.ends_with(&format!("blobs/sha256:{}", Digest::of(component())))
}

fn is_tag(asked: &Asked) -> bool {
    asked.path.ends_with("/manifests/1.0.0")
}

/// Adds the plugin of this registry; looks that the store has nothing that is not what its name says.
pub(super) fn add(project: &Project, host: &str) -> Finished {
    let words = format!("plugin add oci://{host}/team/tagger --name tags --yes");
    // Long enough for an honest answer on a busy machine, and short enough to wait for.
    let finished = project.phalanx(&words).own_cache().env("PHALANX_NETWORK_TIMEOUT", "5").finish();
    let store = project.home().join(".cache/phalanx/blobs/sha256");
    for file in std::fs::read_dir(store).into_iter().flatten() {
        let file = file.unwrap().path();
        let digest = Digest::of(std::fs::read(&file).unwrap()).to_string();
        assert_eq!(file.file_name().unwrap(), digest.as_str());
    }
    finished
}

/// The error of an addition from a registry that answers so.
fn refused(code: i32, answer: impl Fn(&Asked, usize) -> Given + Send + Sync + 'static) -> String {
    let (server, project) = (Server::start(answer), orders());
    let finished = add(&project, &server.host());
    assert_eq!(finished.code, Some(code), "{}", finished.scene());
    assert!(!project.has("phalanx.lock"), "nothing is locked");
    without_digests(&finished.error().replace(&server.host(), "REGISTRY"))
}

/// Adds from a registry that answers so, which must work.
fn added(answer: impl Fn(&Asked, usize) -> Given + Send + Sync + 'static) -> Server {
    let (server, project) = (Server::start(answer), orders());
    let finished = add(&project, &server.host());
    assert_eq!(finished.code, Some(0), "{}", finished.scene());
    server
}

#[test]
fn bytes_that_are_not_those_asked_for_are_refused() {
    let instead = |given: Given| {
        move |asked: &Asked, _| if is_component(asked) { given.clone() } else { honest(asked) }
    };
    let mut changed = component().to_vec();
    *changed.last_mut().unwrap() ^= 1;
    insta::assert_snapshot!(refused(3, instead(Given::ok(changed))), @"
    error: the registry gave other bytes for `REGISTRY/team/tagger:1.0.0`: sha256:[DIGEST] instead of sha256:[DIGEST]

    hint: something between here and the registry changes what it serves: tell who runs it, and do not use this plugin
    ");
    let longer = [component(), b"more"].concat();
    insta::assert_snapshot!(refused(3, instead(Given::ok(longer))), @"
    error: the registry sends more than 166.2 KiB for `REGISTRY/team/tagger:1.0.0`

    hint: something between here and the registry changes what it serves: tell who runs it, and do not use this plugin
    ");
    insta::assert_snapshot!(refused(3, instead(Given::endless())), @"
    error: the registry sends more than 166.2 KiB for `REGISTRY/team/tagger:1.0.0`

    hint: something between here and the registry changes what it serves: tell who runs it, and do not use this plugin
    ");
    let shorter = &component()[..1_000];
    refused(3, instead(Given::lying(1_000, component())));
    refused(3, instead(Given::ok(shorter)));
    insta::assert_snapshot!(refused(1, instead(Given::lying(component().len(), shorter))), @"
    error: registry `REGISTRY` cannot be reached: error decoding response body: request or response body error: error reading a body from connection: end of file before message length reached

    hint: check the registry's name and the network (`HTTPS_PROXY`, `SSL_CERT_FILE`, `PHALANX_NETWORK_TIMEOUT`); what is in the store needs no registry
    ");
}

#[test]
fn manifests_are_not_read_without_end() {
    let endless = |asked: &Asked, _| if is_tag(asked) { Given::endless() } else { honest(asked) };
    insta::assert_snapshot!(refused(3, endless), @"
    error: the registry sends more than 4.0 MiB for `REGISTRY/team/tagger:1.0.0`

    hint: something between here and the registry changes what it serves: tell who runs it, and do not use this plugin
    ");
    let tags = |asked: &Asked, _| match asked.path.contains("/tags/") {
        true => Given::endless(),
        false => honest(asked),
    };
    refused(3, tags);
    let html = |asked: &Asked, _| match is_tag(asked) {
        true => Given::ok("<html>Sign in</html>"),
        false => honest(asked),
    };
    insta::assert_snapshot!(refused(2, html), @"
    error: `REGISTRY/team/tagger:1.0.0` is no plugin: it is no JSON: expected value at line 1 column 1

    hint: a plugin is one layer `application/wasm` with a config `application/vnd.wasm.config.v0+json`: publish it with `phalanx plugin publish`
    ");
}

#[test]
fn a_config_that_lies_is_told() {
    let lying = release("dashboard", Some("wasi:sockets/tcp@0.2.0"));
    let answer = move |asked: &Asked, _| match lying.get(&asked.path) {
        Some(bytes) => Given::ok(bytes.clone()),
        None => Given::status("404 Not Found", ""),
    };
    insta::assert_snapshot!(refused(3, answer), @"
    error: `REGISTRY/team/tagger:1.0.0` is not what it says: the import `wasi:sockets/tcp@0.2.0` is in its config, and not in the component

    hint: ask its publisher to publish it again, with a tool that reads the component
    ");
}

#[test]
fn credentials_stay_with_the_registry_that_they_are_for() {
    let storage = Server::start(|_, _| Given::ok(component()));
    let elsewhere = format!("\r\nlocation: http://{}/blob", storage.host());
    let answer = move |asked: &Asked, _| match (&asked.authorization, is_component(asked)) {
        (None, _) => Given::status("401 Unauthorized", "\r\nwww-authenticate: Basic realm=\"r\""),
        (_, true) => Given::status("307 Temporary Redirect", &elsewhere),
        _ => honest(asked),
    };
    let (server, project) = (Server::start(answer), orders());
    let auth = base64::prelude::BASE64_STANDARD.encode("user:secret");
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, server.host());
    project.write("docker/config.json", config);
    let words = format!("plugin add oci://{}/team/tagger --name tags --yes", server.host());
    let run = project.phalanx(&words).own_cache();
    run.env("DOCKER_CONFIG", project.root().join("docker")).succeeds();
    let [asked] = &storage.asked()[..] else { panic!("the blob was asked for once") };
    assert_eq!(asked.authorization, None);
}

#[test]
fn what_is_locked_is_what_was_read_though_the_tag_moves() {
    let other = release("error-alarms", None);
    let moving = move |asked: &Asked, nth: usize| match other.get(&asked.path) {
        Some(bytes) if nth > 0 || !HONEST.contains_key(&asked.path) => Given::ok(bytes.clone()),
        _ => honest(asked),
    };
    let (server, project) = (Server::start(moving), orders());
    assert_eq!(add(&project, &server.host()).code, Some(0));
    let run = project.phalanx("plan --local").env("PHALANX_CACHE_DIR", project.root().join("new"));
    run.succeeds();
    let lock = project.read("phalanx.lock");
    assert!(lock.contains(&Digest::of(component()).to_string()), "{lock}");
}

#[test]
fn a_registry_that_never_lets_us_in_is_left() {
    let tokens = Server::start(|_, _| Given::ok(r#"{"token":"worthless"}"#));
    let challenge =
        format!("\r\nwww-authenticate: Bearer realm=\"http://{}/\",service=\"r\"", tokens.host());
    let (server, project) =
        (Server::start(move |_, _| Given::status("401 Unauthorized", &challenge)), orders());
    let finished = add(&project, &server.host());
    assert_eq!(finished.code, Some(1), "{}", finished.scene());
    assert_eq!(tokens.asked().len(), 1, "{:?}", server.asked());
    assert!(server.asked().len() < 5, "{:?}", server.asked());
    let looping = |asked: &Asked, _| match asked.authorization {
        Some(_) => Given::status("401 Unauthorized", ""),
        None if asked.path == "/v2/" => {
            Given::status("401 Unauthorized", "\r\nwww-authenticate: Basic realm=\"r\"")
        }
        None => Given::status("401 Unauthorized", ""),
    };
    insta::assert_snapshot!(refused(1, looping), @"
    error: registry `REGISTRY` does not let us at `REGISTRY/team/tagger`

    hint: run `docker login REGISTRY` (or `podman login`), with an account that may do this
    hint: many registries answer this for what is not there, too: check the path
    ");
}

#[test]
fn busy_registries_are_asked_again_when_they_say() {
    let after = |times: usize, status: &'static str, headers: &'static str| {
        move |asked: &Asked, nth: usize| match is_tag(asked) && nth < times {
            true => Given::status(status, headers),
            false => honest(asked),
        }
    };
    let started = Instant::now();
    added(after(1, "429 Too Many Requests", "\r\nretry-after: 2"));
    assert!(started.elapsed() >= Duration::from_secs(2));
    // A date counts from the registry's own.
    let started = Instant::now();
    let date =
        "\r\ndate: Sun, 06 Nov 2044 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 2044 08:49:39 GMT";
    added(after(1, "429 Too Many Requests", date));
    assert!((2..30).contains(&started.elapsed().as_secs()));
    let server = added(after(2, "503 Service Unavailable", ""));
    assert_eq!(server.asked().iter().filter(|asked| is_tag(asked)).count(), 3);
    insta::assert_snapshot!(refused(1, after(9, "502 Bad Gateway", "")), @"
    error: registry `REGISTRY` cannot serve us now: it says 502 Bad Gateway

    hint: run the same command again a little later
    ");
    let started = Instant::now();
    insta::assert_snapshot!(refused(1, after(9, "429 Too Many Requests", "\r\nretry-after: 3600")), @"
    error: registry `REGISTRY` cannot serve us now: it says 429 Too Many Requests, for 3600 s

    hint: run the same command again a little later
    ");
    assert!(started.elapsed() < Duration::from_secs(30), "nobody waits for an hour");
    insta::assert_snapshot!(refused(1, after(9, "418 I'm a teapot", "")), @"
    error: the registry refused `REGISTRY/team/tagger:1.0.0`: it says 418 I'm a teapot

    hint: correct what the registry names, then run the same command again
    ");
}

#[test]
fn busy_registries_are_pushed_to_again() {
    let project = orders().file("plugin.wasm", component());
    let publish = |server: &Server| {
        let to = format!("oci://{}/team/tagger", server.host());
        let words = ["plugin", "publish", "plugin.wasm", &to, "--version", "1.0.0"];
        project.phalanx_with(&words).own_cache().finish()
    };
    let takes = |busy: usize| {
        move |asked: &Asked, nth: usize| match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/v2/") => Given::ok("{}"),
            ("POST", _) if nth < busy => Given::status("503 Service Unavailable", ""),
            ("POST" | "PATCH", _) => Given::status("202 Accepted", "\r\nlocation: /upload"),
            ("PUT", path) => Given::status("201 Created", &format!("\r\nlocation: {path}")),
            _ => Given::status("404 Not Found", ""),
        }
    };
    let server = Server::start(takes(1));
    let published = publish(&server);
    assert_eq!(published.code, Some(0), "{}", published.scene());
    let uploads = server.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!(uploads, 3, "one in vain, then component and config");

    let server = Server::start(takes(99));
    let refused = publish(&server);
    assert_eq!(refused.code, Some(1), "{}", refused.scene());
    insta::assert_snapshot!(refused.error().replace(&server.host(), "REGISTRY"), @"
    error: registry `REGISTRY` cannot serve us now: it says 503 Service Unavailable

    hint: run the same command again a little later
    ");
}

#[test]
fn slow_registries_are_given_up() {
    let drip = |asked: &Asked, _| match is_component(asked) {
        true => Given::drip(component(), Duration::from_millis(300)),
        false => honest(asked),
    };
    insta::assert_snapshot!(refused(1, drip), @"
    error: registry `REGISTRY` cannot be reached: it took more than 7 s to send `REGISTRY/team/tagger:1.0.0`

    hint: check the registry's name and the network (`HTTPS_PROXY`, `SSL_CERT_FILE`, `PHALANX_NETWORK_TIMEOUT`); what is in the store needs no registry
    ");
    let silent = |asked: &Asked, _| if is_tag(asked) { Given::silence() } else { honest(asked) };
    let error = refused(1, silent);
    assert!(error.contains("cannot be reached") && error.contains("timed out"), "{error}");
}
