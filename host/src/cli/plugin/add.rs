//! `phalanx plugin add`.

use std::fmt;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::manifest::edit;
use phalanx::pipeline::{self, Candidate, Registries};
use phalanx::registry::{LockFile, Reference};
use serde::Serialize;

use super::super::confirm::{NotConfirmed, ask, at_terminal};
use super::super::output::Answer;
use super::super::session::Session;
use super::grants::{self, Grant};
use super::shown::Shown;

/// Add a plugin of an OCI registry to the manifest, and pin it
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(in crate::cli) struct Add {
    /// `oci://REGISTRY/PATH`, with `:TAG` or `@sha256:DIGEST` to fix it by hand
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Its name in the manifest; the component's own without
    #[arg(long)]
    name: Option<String>,
    /// Which versions will do, such as `^1.2`; the newest release without
    #[arg(long, value_name = "REQUIREMENT")]
    version: Option<String>,
    /// What it may reach: `images`, `clock`, `random`, or such as `aws=sns:Publish`, `env=CI_*`,
    /// `files=schema/**`, `network=api.example.com`, `commands=git rev-parse`; may be given several times
    #[arg(long = "grant", value_name = "GRANT", value_parser = grants::parse)]
    grants: Vec<Grant>,
    /// Add it without asking
    #[arg(long, short = 'y')]
    yes: bool,
}

impl Add {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let reference = Reference::parse(&self.source)?;
        let source = format!("oci://{reference}");
        let registries = Registries::open(&session.environment(), request.profile.as_deref())?;
        let candidate = registries.find(&source, self.version.as_deref()).await?;
        let name = self.name_of(&reference, &candidate);
        let granted = grants::all(&self.grants);
        // Without a requirement the manifest would take any version: it takes those like this one.
        let fixed = reference.tag.is_some() || reference.digest.is_some();
        let requirement =
            self.version.clone().or_else(|| (!fixed).then(|| format!("^{}", candidate.version)));
        let locked = candidate.locked(&source, requirement.as_deref(), &granted);
        let text = fs::read_to_string(&request.manifest)?;
        let text = edit::add_plugin(&text, &name, &source, requirement.as_deref(), &granted)?;
        let missing: Vec<&'static str> = (candidate.inspection.capabilities.iter())
            .map(|capability| capability.grant)
            .filter(|grant| {
                !locked.grants.words().iter().any(|word| word.split(' ').next() == Some(grant))
            })
            .collect();
        if !missing.is_empty() {
            let missing = missing.into_iter().map(str::to_owned).collect();
            return Err(NeedsGrants { plugin: name, missing }.into());
        }

        let shown = Shown { name: name.clone(), locked, size: Some(candidate.inspection.size) };
        if !self.yes {
            confirm(session, &shown, &format!("add it to {}?", service.name))?;
        }
        let mut lock = LockFile::read(&service.root)?;
        lock.plugins.insert(name, shown.locked.clone());
        // The lock file first: a manifest whose plugin is not locked would stop every run.
        lock.write(&service.root)?;
        fs::write(&request.manifest, text)?;
        Ok(Answer::new(&Added(shown)))
    }

    /// The name asked for, the component's own, or the last part of its path.
    fn name_of(&self, reference: &Reference, candidate: &Candidate) -> String {
        let own = candidate.inspection.name.clone().filter(|name| {
            let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !name.is_empty() && name.chars().all(good)
        });
        let last = || reference.path.rsplit('/').next().unwrap_or_default().to_owned();
        self.name.clone().or(own).unwrap_or_else(last)
    }
}

/// Shows the plugin and asks.
pub(super) fn confirm(session: &Session, shown: &Shown, question: &str) -> Result<(), BoxError> {
    session.finish();
    session.reporter.note(format!("{} would be locked so:", shown.name));
    for line in shown.to_string().lines() {
        session.reporter.note(line.to_owned());
    }
    if at_terminal() && ask(question) {
        return Ok(());
    }
    Err(NotConfirmed { what: format!("plugin {}", shown.name), done: "changed" }.into())
}

#[derive(Serialize)]
struct Added(Shown);

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "added {}", self.0)
    }
}

/// The plugin would not load.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}` needs what is not granted: {}", missing.join(", "))]
struct NeedsGrants {
    plugin: String,
    missing: Vec<String>,
}

impl Explain for NeedsGrants {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "plugin-not-granted"
    }

    fn hints(&self) -> Vec<String> {
        let flag = |grant: &String| match grant.as_str() {
            "commands" => "--grant \"commands=git rev-parse\"".to_owned(),
            "files" => "--grant \"files=schema/**\"".to_owned(),
            "env" => "--grant \"env=CI_*\"".to_owned(),
            "aws" => "--grant aws=sns:Publish".to_owned(),
            other => format!("--grant {other}"),
        };
        let flags: Vec<_> = self.missing.iter().map(flag).collect();
        vec![format!("if you trust it with that, add such as `{}`", flags.join(" "))]
    }
}
