//! A team publishes, another adds, pins, updates and removes.

use super::{ORDERS, add, orders, plain, publish};
use crate::support::transcript::without_digests;
use crate::support::{Registry, change};

#[test]
fn a_plugin_is_published_added_pinned_updated_and_removed() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    let run = |words: &str| project.phalanx(words).own_cache();

    let first = publish(&project, &registry, "stack-tags", "1.0.0");
    insta::assert_snapshot!(plain(&registry, &first.stdout), @"published REGISTRY/team/tagger:1.0.0@sha256:[DIGEST]");
    let again = publish(&project, &registry, "stack-tags", "1.0.0");
    assert_eq!(again.code, Some(0));
    insta::assert_snapshot!(plain(&registry, &again.stdout), @"REGISTRY/team/tagger:1.0.0@sha256:[DIGEST] is published already");
    let other = publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(other.code, Some(2));
    insta::assert_snapshot!(plain(&registry, other.error()), @"
    error: version 1.0.0 of `REGISTRY/team/tagger` is published already, with other content

    hint: give it another version: what is released never changes
    ");

    // Nobody is there to say yes.
    let unsure = add(&project, &registry, "--version ^1.0");
    assert_eq!(unsure.code, Some(1));
    insta::assert_snapshot!(plain(&registry, &unsure.stderr), @"
          note  tags would be locked so:
          note  plugin tags 1.0.0
          note    source        oci://REGISTRY/team/tagger
          note    manifest      sha256:[DIGEST]
          note    component     sha256:[DIGEST] (247.9 KiB)
          note    hooks         template-decorate
          note    capabilities  none
          note    grants        none
          note    signer        none: it is pinned by its digest
    error: plugin tags was not confirmed; nothing was changed

    hint: answer `y`, or run the command again with `--yes`
    ");
    assert_eq!(project.read("phalanx.toml"), ORDERS, "nothing was changed");

    let added = add(&project, &registry, "--version ^1.0 --yes");
    insta::assert_snapshot!(plain(&registry, &added.stdout), @"
    added plugin tags 1.0.0
      source        oci://REGISTRY/team/tagger
      manifest      sha256:[DIGEST]
      component     sha256:[DIGEST] (247.9 KiB)
      hooks         template-decorate
      capabilities  none
      grants        none
      signer        none: it is pinned by its digest
    ");
    insta::assert_snapshot!(plain(&registry, &project.read("phalanx.toml")), @r#"
    # The orders of the shop.
    [service]
    name = "orders" # never renamed
    region = "eu-central-1"

    [functions.hello]
    code = "app/bootstrap"

    [plugins.tags]
    source = "oci://REGISTRY/team/tagger"
    version = "^1.0"
    "#);
    insta::assert_snapshot!(plain(&registry, &project.read("phalanx.lock")), @r#"
    # Which plugins this service runs, and what they may do. Made by `phalanx plugin add` and
    # `phalanx plugin update`, which show what changes; keep it in version control.
    version = 1

    [plugins.tags]
    source = "oci://REGISTRY/team/tagger"
    requirement = "^1.0"
    version = "1.0.0"
    manifest = "sha256:[DIGEST]"
    component = "sha256:[DIGEST]"
    hooks = ["template-decorate"]
    capabilities = []
    "#);
    change(
        &project,
        "version = \"^1.0\"\n",
        "version = \"^1.0\"\nconfig = { tags = { team = \"shop\" } }\n",
    );
    run("deploy --local").succeeds();
    let explained = run("explain Hello.Properties.Tags").succeeds().stdout;
    assert!(explained.contains("written by plugin `tags`"), "{explained}");
    run("plugin verify").succeeds();

    // A new release does nothing by itself.
    publish(&project, &registry, "dashboard", "1.1.0");
    let lock = project.read("phalanx.lock");
    run("deploy --local").succeeds();
    let listed = run("plugin list --outdated").succeeds().stdout;
    insta::assert_snapshot!(plain(&registry, &listed), @"tags  1.0.0     oci://REGISTRY/team/tagger  (no signature checked)  (newest: 1.1.0)");
    let dry = run("plugin update --dry-run").succeeds().stdout;
    insta::assert_snapshot!(plain(&registry, &dry), @"
    tags
      1.0.0 -> 1.1.0
    nothing was changed
    ");
    assert_eq!(project.read("phalanx.lock"), lock);
    run("plugin update").succeeds();
    assert_ne!(project.read("phalanx.lock"), lock);
    insta::assert_snapshot!(run("plugin update").succeeds().stdout, @"all plugins are up to date");

    // One that wants more is let in by nobody but a person.
    publish(&project, &registry, "docker-ecr", "1.2.0");
    let lock = project.read("phalanx.lock");
    let refused = run("plugin update tags").exits(3);
    insta::assert_snapshot!(plain(&registry, &refused.stderr), @"
          note  tags
          note    1.1.0 -> 1.2.0
          note    + hook pre-build
          note    + hook post-build
          note    + hook rollback
          note    + hook pre-delete
          note    + hook post-delete
          note    - hook template-decorate
          note    + capability images
    error: these plugins may do more than was approved: tags (hook pre-build, hook post-build, hook rollback, hook pre-delete, hook post-delete, capability images); nothing was changed

    hint: look at what they do with it, then run the same command with `--allow`
    ");
    assert_eq!(project.read("phalanx.lock"), lock);
    run("plugin update tags --allow").succeeds();
    let ungranted = run("plan --local").exits(3);
    insta::assert_snapshot!(ungranted.error(), @"
    error: plugin `tags` 0.1.0 cannot be loaded: it needs a capability that the manifest does not grant: `images`

    hint: if you trust it with `images`, add `images = true` to `[plugins.tags.grants]`
    ");

    run("plugin remove tags").succeeds();
    assert_eq!(project.read("phalanx.toml"), ORDERS);
    assert!(!project.root().join("phalanx.lock").exists());
}

#[test]
fn what_is_pinned_needs_no_registry() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(add(&project, &registry, "--yes").code, Some(0));
    let host = registry.host.clone();
    drop(registry);
    project.phalanx("plan --local").own_cache().succeeds();
    // Another machine has nothing of it, unless the service brings it along.
    let elsewhere =
        project.phalanx("plan --local").env("PHALANX_CACHE_DIR", project.root().join("new"));
    let refused = elsewhere.exits(1);
    insta::assert_snapshot!(without_digests(&refused.error().replace(&host, "REGISTRY")), @"
    error: registry `REGISTRY` cannot be reached: error sending request for url (http://REGISTRY/v2/): client error (Connect): tcp connect error: Connection refused (os error 111)

    hint: check the registry's name and the network (`HTTPS_PROXY`, `SSL_CERT_FILE`, `PHALANX_NETWORK_TIMEOUT`); what is in the store needs no registry
    ");
}

#[test]
fn vendored_components_need_neither_registry_nor_store() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(add(&project, &registry, "--yes").code, Some(0));
    let vendored = project.phalanx("plugin vendor").own_cache().succeeds().stdout;
    assert_eq!(vendored, "1 component in vendor/phalanx\n");
    drop(registry);
    let elsewhere =
        |words: &str| project.phalanx(words).env("PHALANX_CACHE_DIR", project.root().join("new"));
    elsewhere("plan --local").succeeds();
    let folder = project.root().join("vendor/phalanx");
    let component = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    std::fs::write(component, "tampered").unwrap();
    let refused = elsewhere("plan --local").exits(3);
    assert!(refused.error().contains("its name says something else"), "{}", refused.scene());
}

#[test]
fn plugins_of_the_binary_and_of_files_are_added() {
    let project = orders();
    project.write("plugins/audit.wasm", phalanx::registry::builtin::get("guardrails").unwrap());
    let run = |words: &str| project.phalanx(words);
    run("plugin add builtin:dashboard").succeeds();
    run("plugin add file:plugins/audit.wasm --name audit").succeeds();
    insta::assert_snapshot!(project.read("phalanx.toml").replace(ORDERS, ""), @r#"

    [plugins.dashboard]
    source = "builtin:dashboard"

    [plugins.audit]
    source = "file:plugins/audit.wasm"
    "#);
    assert!(!project.read("phalanx.lock").contains("dashboard"), "the binary pins its own");
    run("plan --local").succeeds();
    insta::assert_snapshot!(run("plugin list").succeeds().stdout, @"
    dashboard  0.1.0     builtin:dashboard
    audit      -         file:plugins/audit.wasm
    ");
    insta::assert_snapshot!(run("plugin add builtin:dashbord").exits(2).error(), @"
    error: `builtin:dashbord` names no plugin

    hint: write `oci://REGISTRY/PATH`, `NAMESPACE:NAME`, `file:PATH` or `builtin:NAME`
    hint: built-in plugins: dashboard, docker-ecr, ecs-cluster, error-alarms, guardrails, stack-tags
    ");
    insta::assert_snapshot!(run("plugin add builtin:dashboard").exits(2).error(), @"
    error: the manifest has a plugin `dashboard` already

    hint: take another name with `--name`, or change it with `phalanx plugin update dashboard`
    ");
    let misfit = run("plugin add builtin:guardrails --version ^1").exits(2);
    insta::assert_snapshot!(misfit.error(), @"
    error: `--version` cannot go with `builtin:guardrails`, which is in no registry

    hint: leave `--version` away
    ");
    run("plugin add file:plugins/audit.wasm --key keys/team.pub")
        .exits(2)
        .says("is in no registry");
    let fixed = run("plugin add oci://localhost:1/team/tagger:1.0.0 --version ^1").exits(2);
    insta::assert_snapshot!(fixed.error(), @"
    error: `--version` cannot go with `oci://localhost:1/team/tagger:1.0.0`, which names one release itself

    hint: leave `--version` away
    ");
}

#[test]
fn grants_are_asked_for_when_a_plugin_is_added() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "docker-ecr", "1.0.0");
    let refused = add(&project, &registry, "--yes");
    assert_eq!(refused.code, Some(3));
    insta::assert_snapshot!(plain(&registry, refused.error()), @"
    error: plugin `tags` needs what is not granted: images

    hint: if you trust it with that, add such as `--grant images`
    ");
    assert_eq!(add(&project, &registry, "--yes --grant images").code, Some(0));
    assert!(project.read("phalanx.toml").contains("grants = { images = true }"));
    assert!(project.read("phalanx.lock").contains("images = true"));
}
