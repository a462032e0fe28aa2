//! Policies: which plugins a service may have, from where, signed by whom, with which grants; its own policy and
//! that of the organisation.

use phalanx::digest::Digest;
use phalanx::manifest::read_policy;

use super::signatures::{pair, publish_signed};
use super::{add, orders, plain, publish};
use crate::support::transcript::without_digests;
use crate::support::{Given, Project, Registry, Server, change, repository};

/// The orders, with a policy of their own.
fn governed(policy: &str) -> Project {
    let project = orders();
    change(&project, "[functions.hello]", "policy = \"plugins.policy.toml\"\n\n[functions.hello]");
    project.write("plugins.policy.toml", policy);
    project
}

/// The error of a command.
fn refused(project: &Project, words: &str, code: i32) -> String {
    without_digests(project.phalanx(words).own_cache().exits(code).error())
}

#[test]
fn what_must_be_signed_is_checked_when_it_is_added_and_at_every_run() {
    let Some(registry) = Registry::open() else { return };
    let project = governed(&format!(
        "[[sources]]\nmatch = \"oci://{}/team/**\"\nsigners = [\"keys/old.pub\", \"keys/team.pub\"]\n",
        registry.host
    ));
    for key in ["old", "team", "other"] {
        pair(&project, key);
    }
    publish_signed(&project, &registry, "1.0.0", "other");
    let unsigned = add(&project, &registry, "--yes");
    assert_eq!(unsigned.code, Some(3));
    insta::assert_snapshot!(plain(&registry, unsigned.error()), @"
    error: `REGISTRY/team/tagger:1.0.0` is not signed as policy `plugins.policy.toml` wants, with sha256:[DIGEST] or sha256:[DIGEST]

    hint: ask its publisher for a signature; what wants it names the keys that will do
    ");
    publish_signed(&project, &registry, "1.1.0", "team");
    let added = add(&project, &registry, "--yes");
    assert_eq!(added.code, Some(0), "{}", added.scene());
    insta::assert_snapshot!(plain(&registry, &project.phalanx("plugin list").succeeds().stdout), @"tags  1.1.0     oci://REGISTRY/team/tagger  (signed)");

    // The lock file has the proof: another machine checks it again and needs no registry for that.
    project.phalanx("plugin vendor").own_cache().succeeds();
    let host = registry.host.clone();
    drop(registry);
    let elsewhere = || {
        let run = project.phalanx("plan --local --locked --offline");
        run.env("PHALANX_CACHE_DIR", project.root().join("elsewhere"))
    };
    elsewhere().succeeds();
    let lock = project.read("phalanx.lock");
    let proofs = lock.find("[[plugins.tags.proofs]]").expect("the lock file has the signature");
    project.write("phalanx.lock", &lock[..proofs]);
    insta::assert_snapshot!(without_digests(elsewhere().exits(3).error()), @"
    error: the lock file does not show that plugin `tags` is signed as policy `plugins.policy.toml` wants, with sha256:[DIGEST] or sha256:[DIGEST]

    hint: run `phalanx plugin update tags`, which asks its registry for the signature
    ");
    project.write("phalanx.lock", lock.replace("signature = \"ME", "signature = \"MA"));
    elsewhere().exits(3).says("does not show that plugin `tags` is signed");
    project.write("phalanx.lock", &lock);

    // Who wants another signer from now on stops it, too.
    change_policy(&project, &host, "keys/old.pub");
    elsewhere().exits(3).says("does not show that plugin `tags` is signed");
    change_policy(&project, &host, "keys/gone.pub");
    let missing = elsewhere().exits(2);
    insta::assert_snapshot!(missing.error().replace(&host, "REGISTRY"), @"
    error: `keys/gone.pub` cannot be used as a key: policy `plugins.policy.toml` names it, and it cannot be read: No such file or directory (os error 2)

    hint: make a pair with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, or with cosign, whose public key is one as it is
    ");
}

fn change_policy(project: &Project, host: &str, key: &str) {
    let rule = format!("[[sources]]\nmatch = \"oci://{host}/**\"\nsigners = [\"{key}\"]\n");
    project.write("plugins.policy.toml", rule);
}

#[test]
fn sources_grants_and_digests_have_limits() {
    let Some(registry) = Registry::open() else { return };
    let project = governed("[ceiling]\naws = [\"sns:*\"]\n\n[[sources]]\nmatch = \"builtin:*\"\n");
    publish(&project, &registry, "dashboard", "1.0.0");
    let foreign = add(&project, &registry, "--yes");
    assert_eq!(foreign.code, Some(3));
    insta::assert_snapshot!(plain(&registry, foreign.error()), @"
    error: policy `plugins.policy.toml` does not let plugin `tags` come from `oci://REGISTRY/team/tagger`

    hint: plugins may come from builtin:*
    ");
    project.phalanx("plugin add builtin:dashboard").succeeds();
    project.phalanx("plan --local").succeeds();
    project.write("own.wasm", phalanx::registry::builtin::get("guardrails").unwrap());
    refused(&project, "plugin add file:own.wasm", 3);

    let granted = "source = \"builtin:dashboard\"\ngrants = { aws = [\"sns:Publish\", \"s3:*\"], clock = true }";
    change(&project, "source = \"builtin:dashboard\"", granted);
    insta::assert_snapshot!(refused(&project, "plan --local", 3), @"
    error: policy `plugins.policy.toml` does not let plugin `dashboard` have: aws s3:*, clock

    hint: take them out of `[plugins.dashboard.grants]`, or ask who keeps the policy
    ");
    change(&project, granted, "source = \"builtin:dashboard\"");

    let digest = Digest::of(phalanx::registry::builtin::get("dashboard").unwrap());
    project.write("plugins.policy.toml", format!("deny = [\"sha256:{digest}\"]\n"));
    insta::assert_snapshot!(refused(&project, "plan --local", 3), @"
    error: policy `plugins.policy.toml` denies plugin `dashboard` by its digest

    hint: someone has found fault with it: update it, or ask who keeps the policy
    ");
    project.write("plugins.policy.toml", format!("allow = [\"sha256:{digest}\"]\n"));
    project.phalanx("plan --local").succeeds();
    project.write("plugins.policy.toml", "allow = []\n");
    insta::assert_snapshot!(refused(&project, "plan --local", 3), @"
    error: policy `plugins.policy.toml` does not list plugin `dashboard`, which is sha256:[DIGEST]

    hint: ask who keeps the policy to look at it and add it
    ");

    // A file can be signed by nobody.
    project.write(
        "plugins.policy.toml",
        "[[sources]]\nmatch = \"builtin:*\"\n\n[[sources]]\nmatch = \"file:**\"\nsigners = [\"team.pub\"]\n",
    );
    pair(&project, "team");
    std::fs::copy(project.root().join("keys/team.pub"), project.root().join("team.pub")).unwrap();
    insta::assert_snapshot!(refused(&project, "plugin add file:own.wasm", 3), @"
    error: policy `plugins.policy.toml` wants plugin `guardrails` signed, which `file:own.wasm` cannot be

    hint: publish it to a registry, signed with `phalanx plugin publish --sign`
    ");
}

#[test]
fn a_policy_with_mistakes_is_told() {
    let project = governed("[ceilings]\n\n[[sources]]\nmatch = \"registry.example.com/**\"\n");
    project.phalanx("plugin list").succeeds();
    insta::assert_snapshot!(refused(&project, "plan --local", 2), @r#"
    error: `plugins.policy.toml` has 2 problems
    unknown key `ceilings` at the top level
     --> plugins.policy.toml:1:2
      |
    1 | [ceilings]
      |  ^^^^^^^^
      = help: did you mean `ceiling`?

    `sources[0].match`: `registry.example.com/**` is no pattern of sources: it has no scheme
     --> plugins.policy.toml:4:9
      |
    4 | match = "registry.example.com/**"
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: such as `oci://registry.example.com/platform/**`, `builtin:*` or `file:**`; packages of a namespace count as what they resolve to
    "#);
    std::fs::remove_file(project.root().join("plugins.policy.toml")).unwrap();
    insta::assert_snapshot!(refused(&project, "plan --local", 2), @"
    error: the policy that `service.policy` names cannot be read
      caused by: cannot read `[SERVICE]/plugins.policy.toml`
      caused by: No such file or directory (os error 2)

    hint: correct `service.policy`, or bring the file back
    ");
}

#[test]
fn the_policy_of_the_docs_is_one() {
    let text = std::fs::read_to_string(repository().join("docs/plugins.md")).unwrap();
    let policy = text.split("```toml policy.toml\n").nth(1).unwrap().split("```").next().unwrap();
    let policy = read_policy("docs/plugins.md", policy.to_owned()).unwrap();
    assert!(policy.ceiling.is_some() && policy.sources.len() == 2);
}

#[test]
fn an_organisation_s_policy_counts_beside_the_service_s_own() {
    let project = governed("[[sources]]\nmatch = \"builtin:*\"\n");
    project.phalanx("plugin add builtin:dashboard").succeeds();
    let text =
        "# Of the whole organisation.\n[[sources]]\nmatch = \"oci://registry.example.com/**\"\n";
    let later = "[[sources]]\nmatch = \"builtin:*\"\n";
    let web = Server::start(move |_, nth| Given::ok(if nth == 0 { text } else { later }));
    let url = format!("http://{}/policy.toml", web.host());
    let under = |policy: &str, words: &str| {
        project.phalanx(words).own_cache().env("PHALANX_POLICY", policy)
    };
    let told = |finished: &crate::support::Finished| {
        without_digests(&finished.error().replace(&url, "URL"))
    };
    let pinned = format!("{}@sha256:{}", url, Digest::of(text));
    let unfetched = under(&pinned, "plan --local --offline").exits(1);
    insta::assert_snapshot!(told(&unfetched), @"
    error: `URL` would have to be asked for over the network, which `--offline` forbids

    hint: run the command once without `--offline`; `phalanx plugin vendor` keeps plugins in the repository
    ");
    insta::assert_snapshot!(told(&under(&pinned, "plan --local").exits(3)), @"
    error: policy `URL` does not let plugin `dashboard` come from `builtin:dashboard`

    hint: plugins may come from oci://registry.example.com/**
    ");
    // What was fetched once is on this machine.
    under(&pinned, "plan --local --offline").exits(3).says("does not let plugin");
    let other = format!("{}@sha256:{}", url, Digest::of("other"));
    insta::assert_snapshot!(told(&under(&other, "plan --local").exits(3)), @"
    error: `URL` is sha256:[DIGEST] now, and sha256:[DIGEST] is wanted

    hint: look at what has changed in it, then write its new digest
    ");
    insta::assert_snapshot!(told(&under(&url, "plan --local").exits(2)), @"
    error: policy `URL` has no digest

    hint: write `https://…@sha256:…`, so that it changes only when someone says so
    ");
    // A file, from the folder in which the command is run.
    project.write("organisation.toml", text);
    under("organisation.toml", "plan --local").exits(3).says("policy `organisation.toml`");
    project.write("organisation.toml", "");
    under("organisation.toml", "plan --local").succeeds();
}
