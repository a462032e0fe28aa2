//! `--locked`: the lock file pins all plugins of the manifest, those of files too, and nothing else.

use super::{add, orders, publish};
use crate::support::transcript::without_digests;
use crate::support::{Project, Registry, change};

/// The error of a plan that wants all plugins pinned.
fn refused(project: &Project, code: i32) -> String {
    without_digests(project.phalanx("plan --local --locked").own_cache().exits(code).error())
}

#[test]
fn files_are_pinned_by_their_digest() {
    let project = orders();
    let guardrails = phalanx::registry::builtin::get("guardrails").unwrap();
    project.write("plugins/audit.wasm", guardrails);
    let run = |words: &str| project.phalanx(words).own_cache();
    let added = run("plugin add file:plugins/audit.wasm --name audit").succeeds();
    insta::assert_snapshot!(without_digests(&added.stdout), @"
    added plugin audit
      source        file:plugins/audit.wasm
      component     sha256:[DIGEST] (170.9 KiB)
      hooks         template-validate
      capabilities  none
      grants        none
      signer        none: it is pinned by its digest
    ");
    insta::assert_snapshot!(without_digests(&project.read("phalanx.lock")), @r#"
    # Which plugins this service runs, and what they may do. Made by `phalanx plugin add` and
    # `phalanx plugin update`, which show what changes; keep it in version control.
    version = 1

    [plugins.audit]
    source = "file:plugins/audit.wasm"
    component = "sha256:[DIGEST]"
    hooks = ["template-validate"]
    capabilities = []
    "#);
    run("plan --local --locked").succeeds();

    // A file may change while it is worked on, and `--locked` tells.
    project.write("plugins/audit.wasm", phalanx::registry::builtin::get("dashboard").unwrap());
    run("plan --local").succeeds();
    insta::assert_snapshot!(refused(&project, 3), @"
    error: plugin `audit` is locked as sha256:[DIGEST], and `plugins/audit.wasm` is sha256:[DIGEST]

    hint: run `phalanx plugin update audit`, which shows what it may do now and locks it
    ");
    let update = run("plugin update").exits(3);
    insta::assert_snapshot!(without_digests(&update.stderr), @"
          note  audit
          note    the file has other content
          note    + hook template-decorate
          note    - hook template-validate
    error: these plugins may do more than was approved: audit (hook template-decorate); nothing was changed

    hint: look at what they do with it, then run the same command with `--allow`
    ");
    project.write("plugins/audit.wasm", guardrails);
    insta::assert_snapshot!(run("plugin update").succeeds().stdout, @"all plugins are up to date");

    // One that was written into the manifest by hand is pinned by `update`.
    std::fs::remove_file(project.root().join("phalanx.lock")).unwrap();
    run("plan --local").succeeds();
    insta::assert_snapshot!(refused(&project, 2), @"
    error: plugin `audit` is not in the lock file

    hint: run `phalanx plugin update audit`, which shows what it may do and locks it; it stands at phalanx.toml:9:10
    ");
    run("plugin update --allow").succeeds();
    run("plan --local --locked").succeeds();
    run("plugin remove audit").succeeds();
    assert!(!project.has("phalanx.lock"));
}

#[test]
fn what_the_manifest_does_not_have_is_told() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(add(&project, &registry, "--yes --grant aws=sns:Publish").code, Some(0));
    project.phalanx("plan --local --locked").own_cache().succeeds();
    let manifest = project.read("phalanx.toml");
    change(&project, "grants = { aws = [\"sns:Publish\"] }\n", "");
    project.phalanx("plan --local").own_cache().succeeds();
    insta::assert_snapshot!(refused(&project, 2), @"
    error: the lock file is not up to date: it lets plugin `tags` have what the manifest does not: aws sns:Publish

    hint: run `phalanx plugin update`, or the command without `--locked`
    ");
    project.write("phalanx.toml", manifest.split("\n[plugins.tags]").next().unwrap());
    project.phalanx("plan --local").own_cache().succeeds();
    insta::assert_snapshot!(refused(&project, 2), @"
    error: the lock file is not up to date: it pins plugin `tags`, which the manifest does not have

    hint: run `phalanx plugin update`, or the command without `--locked`
    ");
}

#[test]
fn offline_fetches_nothing() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(add(&project, &registry, "--yes").code, Some(0));
    let run = |words: &str| project.phalanx(words).own_cache();
    run("plan --local --offline").succeeds();
    let elsewhere =
        run("plan --local --offline").env("PHALANX_CACHE_DIR", project.root().join("new"));
    let told = |error: &str| without_digests(&error.replace(&registry.host, "REGISTRY"));
    insta::assert_snapshot!(told(elsewhere.exits(1).error()), @"
    error: `REGISTRY/team/tagger@sha256:[DIGEST]` would have to be asked for over the network, which `--offline` forbids

    hint: run the command once without `--offline`; `phalanx plugin vendor` keeps plugins in the repository
    ");
    insta::assert_snapshot!(told(run("plugin update --offline").exits(1).error()), @"
    error: `REGISTRY/team/tagger` would have to be asked for over the network, which `--offline` forbids

    hint: run the command once without `--offline`; `phalanx plugin vendor` keeps plugins in the repository
    ");
}

#[test]
fn what_nobody_uses_is_collected() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(add(&project, &registry, "--yes").code, Some(0));
    publish(&project, &registry, "error-alarms", "1.1.0");
    project.phalanx("plugin update").own_cache().succeeds();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let gc = |words: &str, days: u64| {
        let run = project.phalanx(&format!("gc --local {words}")).own_cache();
        run.env("SOURCE_DATE_EPOCH", (now + days * 86_400).to_string())
    };
    assert!(gc("", 29).succeeds().stdout.contains("removed nothing"));
    let old = gc("--dry-run", 31).succeeds().stdout;
    insta::assert_snapshot!(without_digests(&old), @"
    plugin      sha256:[DIGEST]  166.2 KiB
    plugin      sha256:[DIGEST]  476 B
    plugin      sha256:[DIGEST]  447 B
    plugin      sha256:[DIGEST]  447 B
    would remove 4 objects, 167.6 KiB; 0 in use
    ");
    gc("", 31).succeeds();
    assert!(gc("", 31).succeeds().stdout.contains("removed nothing"));
    // What is pinned stays.
    project.phalanx("plan --local --offline").own_cache().succeeds();
}
