//! Tags that move, registries that serve other bytes, lock files that were edited, artifacts that are no
//! plugins: each is an error of its own.

use super::{add, orders, plain, publish};
use crate::support::{CREDENTIALS, Engine, Project, Registry, change};

/// A service with the plugin `tags` at 1.0.0, and 1.1.0 published beside it.
fn pinned() -> Option<(Registry, Project)> {
    let registry = Registry::open()?;
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    publish(&project, &registry, "error-alarms", "1.1.0");
    assert_eq!(add(&project, &registry, "--version =1.0.0 --yes").code, Some(0));
    Some((registry, project))
}

/// The error of a plan.
fn refused(registry: &Registry, project: &Project, code: i32) -> String {
    plain(registry, project.phalanx("plan --local").own_cache().exits(code).error())
}

#[test]
fn a_tag_that_moved_changes_nothing_and_is_told() {
    let Some((registry, project)) = pinned() else { return };
    let other = registry.manifest("team/tagger", "1.1.0");
    registry.put_manifest("team/tagger", "1.0.0", &other);
    project.phalanx("plan --local").own_cache().succeeds();
    let verified = project.phalanx("plugin verify").own_cache().exits(3);
    insta::assert_snapshot!(plain(&registry, verified.error()), @"
    error: version 1.0.0 of plugin `tags` was moved: its tag is sha256:[DIGEST] now, and sha256:[DIGEST] is locked

    hint: what is locked still runs; ask its publisher why a released version was changed
    ");
    // An old name on new content, or the other way round, shows in the content's own annotations.
    let update = project.phalanx("plugin update --allow").own_cache().exits(3);
    insta::assert_snapshot!(plain(&registry, update.error()), @"
    error: `REGISTRY/team/tagger:1.0.0` says of itself that it is version 1.1.0

    hint: an old release under a new tag? ask its publisher; nothing was changed
    ");
}

#[test]
fn other_bytes_are_refused() {
    let Some((registry, project)) = pinned() else { return };
    let lock = project.read("phalanx.lock");
    let component = lock.split("component = \"sha256:").nth(1).unwrap()[..64].to_owned();
    std::fs::write(registry.blob(&component), b"something else").unwrap();
    // What was compiled of the right bytes is used, whatever became of them.
    let cache = project.home().join(".cache/phalanx");
    let blob = cache.join("blobs/sha256").join(&component);
    let good = std::fs::read(&blob).unwrap();
    std::fs::write(&blob, b"tampered").unwrap();
    project.phalanx("plan --local").own_cache().succeeds();
    // What is in the store is used next; it is hashed again at each use.
    let forget = || std::fs::remove_dir_all(cache.join("components")).unwrap();
    std::fs::write(&blob, good).unwrap();
    forget();
    project.phalanx("plan --local").own_cache().succeeds();
    std::fs::write(&blob, b"tampered").unwrap();
    forget();
    let error = refused(&registry, &project, 3);
    assert!(error.contains("the registry gave other bytes"), "{error}");
}

#[test]
fn a_lock_file_that_was_edited_is_told() {
    let Some((registry, project)) = pinned() else { return };
    let lock = project.read("phalanx.lock");
    let edited = |from: &str, to: &str| {
        assert!(lock.contains(from), "{from} in {lock}");
        project.write("phalanx.lock", lock.replace(from, to));
    };
    edited("\"template-decorate\"", "\"template-validate\"");
    insta::assert_snapshot!(refused(&registry, &project, 3), @"
    error: the lock file says of plugin `tags` that it has hooks template-validate, and its component has template-decorate

    hint: someone has edited the lock file by hand: run `phalanx plugin update tags` to see what it really is
    ");
    edited("version = \"1.0.0\"", "");
    insta::assert_snapshot!(refused(&registry, &project, 2), @"
    error: `[SERVICE]/phalanx.lock` is not a lock file of Phalanx: plugin `tags` has no `version`

    hint: take it from version control again, or delete it and run `phalanx plugin update`
    ");
    let component = &lock[lock.find("component = ").unwrap()..][..85];
    let digits = "0".repeat(64);
    edited(component, &format!("component = \"sha256:{digits}\""));
    insta::assert_snapshot!(refused(&registry, &project, 3), @"
    error: `REGISTRY/team/tagger@sha256:[DIGEST]` holds the component sha256:[DIGEST], and the lock file names sha256:0000000000000000000000000000000000000000000000000000000000000000

    hint: someone has edited the lock file by hand, or the registry was changed: run `phalanx plugin update` if you trust what is there
    ");
    project.write("phalanx.lock", "version = 9\n");
    insta::assert_snapshot!(refused(&registry, &project, 2), @"
    error: `[SERVICE]/phalanx.lock` has the format 9, and this version of Phalanx knows 1

    hint: update Phalanx
    ");
    std::fs::remove_file(project.root().join("phalanx.lock")).unwrap();
    insta::assert_snapshot!(refused(&registry, &project, 2), @"
    error: plugin `tags` is not in the lock file

    hint: run `phalanx plugin update tags`, which shows what it may do and locks it; it stands at phalanx.toml:9:10
    ");
}

#[test]
fn a_manifest_that_wants_something_else_is_told() {
    let Some((registry, project)) = pinned() else { return };
    let manifest = project.read("phalanx.toml");
    change(&project, "version = \"=1.0.0\"", "version = \"^1.1\"");
    insta::assert_snapshot!(refused(&registry, &project, 2), @"
    error: plugin `tags` is locked as `oci://REGISTRY/team/tagger` =1.0.0, and the manifest wants `oci://REGISTRY/team/tagger` ^1.1

    hint: run `phalanx plugin update tags`, or correct the manifest
    ");
    project.write("phalanx.toml", &manifest);
    change(&project, "version = \"=1.0.0\"", "version = \"=1.0.0\"\ngrants = { aws = [\"s3:*\"] }");
    insta::assert_snapshot!(refused(&registry, &project, 3), @"
    error: the manifest lets plugin `tags` have more than the lock file: aws s3:*

    hint: run `phalanx plugin update tags --allow` if that is meant, or take it out of the manifest
    ");
    project.write("phalanx.toml", &manifest);
    change(
        &project,
        "version = \"=1.0.0\"",
        "version = \"=1.0.0\"\nlimits = { memory = \"1GiB\" }",
    );
    insta::assert_snapshot!(refused(&registry, &project, 3), @"
    error: the manifest lets plugin `tags` have more than the lock file: limit memory 256.0 MiB -> 1.0 GiB

    hint: run `phalanx plugin update tags --allow` if that is meant, or take it out of the manifest
    ");
    let update = project.phalanx("plugin update").own_cache().exits(3);
    assert!(update.error().contains("limit memory 256.0 MiB -> 1.0 GiB"), "{}", update.scene());
    project.phalanx("plugin update --allow").own_cache().succeeds();
    project.phalanx("plan --local --locked").own_cache().succeeds();
}

#[test]
fn what_is_no_plugin_is_refused() {
    let (Some(registry), Some(engine)) = (Registry::open(), Engine::start()) else { return };
    let project = orders();
    // An image, pushed by Docker itself.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n").unwrap();
    let image = format!("{}/team/image:1.0.0", registry.host);
    engine.build(folder.path(), &image);
    engine.push(&image, Some(CREDENTIALS)).unwrap();
    let told = |words: &str, code: i32| {
        plain(&registry, project.phalanx(words).own_cache().exits(code).error())
    };
    let host = &registry.host;
    publish(&project, &registry, "dashboard", "1.3.0");
    let found = project.phalanx(&format!("plugin search oci://{host}/team")).own_cache().succeeds();
    insta::assert_snapshot!(plain(&registry, &found.stdout), @"oci://REGISTRY/team/tagger  1.3.0");
    insta::assert_snapshot!(told(&format!("plugin add oci://{host}/team/image --yes"), 2), @"
    error: `REGISTRY/team/image:1.0.0` is no plugin: it is config application/vnd.docker.container.image.v1+json with layer application/vnd.docker.image.rootfs.diff.tar.gzip

    hint: a plugin is one layer `application/wasm` with a config `application/vnd.wasm.config.v0+json`: publish it with `phalanx plugin publish`
    ");
    insta::assert_snapshot!(told(&format!("plugin add oci://{host}/team/nothing --yes"), 2), @"
    error: there is no `REGISTRY/team/nothing`

    hint: check path and version: `phalanx plugin add` shows what a requirement takes
    ");
    publish(&project, &registry, "dashboard", "1.4.0");
    insta::assert_snapshot!(told(&format!("plugin add oci://{host}/team/tagger --version ^2 --yes"), 2), @"
    error: no version of `REGISTRY/team/tagger` fits `^2`

    hint: the newest release is 1.4.0
    ");
    project.write("notes.wasm", "no component");
    insta::assert_snapshot!(told(&format!("plugin publish notes.wasm oci://{host}/team/notes --version 1.0.0"), 2), @"
    error: plugin `oci://REGISTRY/team/notes` cannot be loaded: it is not WebAssembly

    hint: it may be damaged or cut short: build or download it again
    ");
    project.write("plugin.wasm", phalanx::registry::builtin::get("dashboard").unwrap());
    insta::assert_snapshot!(told(&format!("plugin publish plugin.wasm oci://{host}/team/notes --version 1.0"), 2), @"
    error: `1.0` is no version: unexpected end of input while parsing minor version number

    hint: such as `1.2.3`: name it with `--version`
    ");
}
