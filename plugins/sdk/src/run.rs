//! The run under way: read-only facts, and this plugin's own configuration. In every hook.

use serde::de::DeserializeOwned;

use crate::{Failure, Result, wire};

/// This plugin's `config` table from the manifest. A plugin's own type is read this way before each
/// hook; call it for a part of the config that the type leaves out.
///
/// # Errors
/// When the config is not a `T`; the failure names the key.
pub fn config<T: DeserializeOwned>() -> Result<T> {
    let json = wire::run::config();
    let mut json = serde_json::Deserializer::from_str(&json);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        // The position is one in a text that the person never saw.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        let at = if path == "." { String::new() } else { format!(" at `{path}`") };
        Failure::new("bad-config", format!("bad `config`{at}: {problem}"))
            .with_hint("mend the plugin's `config` in the manifest")
    })
}

/// The service's name.
#[must_use]
pub fn service() -> String {
    wire::run::service()
}

/// The stage that is being deployed, for example `dev`.
#[must_use]
pub fn stage() -> String {
    wire::run::stage()
}

/// The name of the CloudFormation stack.
#[must_use]
pub fn stack_name() -> String {
    wire::run::stack_name()
}

/// The AWS region, for example `eu-central-1`.
#[must_use]
pub fn region() -> String {
    wire::run::region()
}

/// The 12-digit AWS account, when it is known.
#[must_use]
pub fn account() -> Option<String> {
    wire::run::account()
}

/// Digest of everything that goes into this build; empty before the packages are sealed.
#[must_use]
pub fn build_id() -> String {
    wire::run::build_id()
}

/// True when nothing outside this machine may be changed.
#[must_use]
pub fn dry_run() -> bool {
    wire::run::dry_run()
}
