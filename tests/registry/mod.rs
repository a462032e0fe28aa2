//! Plugins of a real registry: published, added, pinned, updated, and everything that must not pass.

/// The story of the docs.
mod chapter;
/// What a registry, a tag or a lock file may not do.
mod distrust;
/// Registries that send something else, nothing, or no end of it.
mod hostile;
/// What `--locked` and `--offline` want, and what is kept.
mod locked;
/// Registries that want to know who asks.
mod logins;
/// Two runs at once, runs that were killed, disks that are full.
mod misfortune;
/// Sources that name a package.
mod packages;
/// wkg, oras and cosign.
mod peers;
/// What an organisation lets plugins be and do.
mod policy;
/// Plugins that must be signed.
mod signatures;
/// One plugin from its first release to its removal.
mod story;
/// Registries behind TLS and proxies.
mod tls;

use phalanx::registry::builtin;

use crate::support::transcript::without_digests;
use crate::support::{Finished, Project, Registry};

const ORDERS: &str = "\
# The orders of the shop.
[service]
name = \"orders\" # never renamed
region = \"eu-central-1\"

[functions.hello]
code = \"app/bootstrap\"
";

fn orders() -> Project {
    Project::new(ORDERS).script("app/bootstrap", "#!/bin/sh\necho hello\n")
}

/// Publishes a built-in plugin's component under another name and version.
fn publish(project: &Project, registry: &Registry, builtin: &str, version: &str) -> Finished {
    project.write("plugin.wasm", builtin::get(builtin).unwrap());
    let to = format!("oci://{}/team/tagger", registry.host);
    project
        .phalanx_with(&["plugin", "publish", "plugin.wasm", &to, "--version", version])
        .own_cache()
        .finish()
}

/// Adds what is published as `tags`.
fn add(project: &Project, registry: &Registry, more: &str) -> Finished {
    let words = format!("plugin add oci://{}/team/tagger --name tags {more}", registry.host);
    project.phalanx(&words).own_cache().finish()
}

/// Text with placeholders for what differs from run to run.
fn plain(registry: &Registry, text: &str) -> String {
    without_digests(&text.replace(&registry.host, "REGISTRY"))
}
