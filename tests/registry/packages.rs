//! `NAMESPACE:NAME`, which the configuration of `wkg` leads to a registry.

use super::{orders, plain, publish};
use crate::support::{Project, Registry};

/// The orders, with the configuration of `wkg` in their folder.
fn configured(text: &str) -> Project {
    let project = orders();
    project.write("wkg.toml", text);
    project
}

#[test]
fn packages_of_a_namespace_are_added_pinned_and_updated() {
    let Some(registry) = Registry::open() else { return };
    let project = configured(&format!(
        "[namespace_registries]\nteam = \"{host}\"\n\
         platform = {{ registry = \"platform\", metadata = {{ preferredProtocol = \"oci\", \
         oci = {{ registry = \"{host}\", namespacePrefix = \"mirror/\" }} }} }}\n",
        host = registry.host
    ));
    let run = |words: &str| {
        project.phalanx(words).own_cache().env("WKG_CONFIG_FILE", project.root().join("wkg.toml"))
    };
    publish(&project, &registry, "stack-tags", "1.0.0");
    let added = run("plugin add team:tagger --yes --name tags").succeeds();
    insta::assert_snapshot!(plain(&registry, &added.stdout), @"
    added plugin tags 1.0.0
      source        team:tagger
      place         oci://REGISTRY/team/tagger
      manifest      sha256:[DIGEST]
      component     sha256:[DIGEST] (247.9 KiB)
      hooks         template-decorate
      capabilities  none
      grants        none
      signer        none: it is pinned by its digest
    ");
    assert!(
        project.read("phalanx.toml").contains("source = \"team:tagger\"\nversion = \"^1.0.0\"")
    );
    publish(&project, &registry, "dashboard", "1.1.0");
    let listed = run("plugin list --outdated").succeeds().stdout;
    insta::assert_snapshot!(plain(&registry, &listed), @"tags  1.0.0     team:tagger  (no signature checked)  (newest: 1.1.0)");
    run("plugin update").succeeds();
    run("plugin verify").succeeds();

    // The lock file says where it is: no configuration is asked at a run.
    project.write("wkg.toml", "default_registry = 1");
    run("plan --local --locked --offline").succeeds();
    let broken = run("plugin update").exits(2);
    insta::assert_snapshot!(broken.error().replace(project.root().to_str().unwrap(), "FOLDER"), @"
    error: `[SERVICE]/wkg.toml` is no configuration of wkg: line 1, column 20: invalid type: integer `1`, expected a string

    hint: correct it: `wkg config --edit` opens it
    ");
    project.write("wkg.toml", "");
    let nowhere = run("plugin update").exits(2);
    insta::assert_snapshot!(nowhere.error().replace(project.root().to_str().unwrap(), "FOLDER"), @r#"
    error: no registry is configured for `team:tagger`

    hint: name one in `[SERVICE]/wkg.toml`, such as `[namespace_registries]` with `team = "registry.example.com"`, or write `oci://REGISTRY/PATH`
    "#);

    // A registry that moved is told as such.
    let lock = project.read("phalanx.lock");
    let moved = format!(
        "[package_registry_overrides]\n\"team:tagger\" = {{ registry = \"{}\", metadata = {{ oci = {{ namespacePrefix = \"copy/\" }} }} }}\n",
        registry.host
    );
    project.write("wkg.toml", moved);
    let unknown = run("plugin update").exits(2);
    insta::assert_snapshot!(plain(&registry, unknown.error()), @"
    error: there is no `REGISTRY/copy/team/tagger`

    hint: check path and version: `phalanx plugin add` shows what a requirement takes
    ");
    assert_eq!(project.read("phalanx.lock"), lock);
}
