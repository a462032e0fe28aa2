//! `phalanx plugin add`.

use std::fmt;
use std::path::Path;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::manifest::edit;
use phalanx::pipeline::{self, Registries};
use phalanx::plugin::{Inspection, MAX_COMPONENT};
use phalanx::registry::{LockFile, LockedGrants, PublicKey, Reference, builtin};
use phalanx::text::safe_line;
use serde::Serialize;

use super::super::confirm::{NotConfirmed, ask, at_terminal};
use super::super::output::Answer;
use super::super::session::Session;
use super::grants::{self, Grant};
use super::shown::Shown;

/// Add a plugin to the manifest, and pin it when it comes from a registry
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(in crate::cli) struct Add {
    /// `oci://REGISTRY/PATH`, with `:TAG` or `@sha256:DIGEST` to fix it by hand; `builtin:NAME` or `file:PATH`
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Its name in the manifest; the component's own without
    #[arg(long)]
    name: Option<String>,
    /// Which versions will do, such as `^1.2`; the newest release without
    #[arg(long, value_name = "REQUIREMENT")]
    version: Option<String>,
    /// A public key in the service's folder: only what its owner has signed is added, now and later
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
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
        match self.source.starts_with("oci://") {
            true => self.pinned(session).await,
            false => self.unpinned(session),
        }
    }

    /// A plugin of a registry, which the lock file pins.
    async fn pinned(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let reference = Reference::parse(&self.source)?;
        let registries = Registries::open(&session.environment(), request.profile.as_deref())?;
        let key = match &self.key {
            Some(file) => {
                let pem = fs::read_to_string(&service.root.join(file))?;
                Some(PublicKey::parse(file, &pem)?)
            }
            None => None,
        };
        let version = self.version.as_deref();
        let candidate = registries.find(&self.source, version, key.as_ref()).await?;
        let name = self.name_of(&candidate.inspection, &reference.path);
        // Without a requirement the manifest would take any version: it takes those like this one.
        let fixed = reference.tag.is_some() || reference.digest.is_some();
        let like_this = || (!fixed).then(|| format!("^{}", candidate.version));
        let requirement = self.version.clone().or_else(like_this);
        let granted = grants::all(&self.grants);
        let locked = candidate.locked(&self.source, requirement.as_deref(), &granted);
        let text = self.edited(&request.manifest, &name, requirement.as_deref())?;
        self.has_grants(&name, &candidate.inspection)?;

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

    /// A plugin of this binary or of a file: what it is goes with the binary, or changes with the file.
    fn unpinned(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let component = match self.source.split_once(':') {
            Some(("builtin", name)) => builtin::get(name).map(<[u8]>::to_vec),
            Some(("file", path)) => {
                Some(fs::read_start(&service.root.join(path), MAX_COMPONENT + 1)?)
            }
            _ => None,
        };
        let component = component.ok_or_else(|| NoSource { wanted: self.source.clone() })?;
        let registries = Registries::open(&session.environment(), request.profile.as_deref())?;
        let inspection = registries.inspect(&self.source, &component)?;
        let last = self.source.rsplit([':', '/']).next().unwrap_or_default();
        let name = self.name_of(&inspection, last.trim_end_matches(".wasm"));
        let text = self.edited(&request.manifest, &name, None)?;
        self.has_grants(&name, &inspection)?;
        fs::write(&request.manifest, text)?;
        Ok(Answer::new(&Unpinned { name, source: self.source }))
    }

    /// The name asked for, the component's own, or the last part of where it comes from.
    fn name_of(&self, inspection: &Inspection, place: &str) -> String {
        let own = inspection.name.clone().filter(|name| {
            let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !name.is_empty() && name.chars().all(good)
        });
        let last = || place.rsplit('/').next().unwrap_or_default().to_owned();
        self.name.clone().or(own).unwrap_or_else(last)
    }

    /// The manifest's text with the plugin in it.
    fn edited(
        &self,
        manifest: &Path,
        name: &str,
        version: Option<&str>,
    ) -> Result<String, BoxError> {
        let text = fs::read_to_string(manifest)?;
        let (signer, grants) = (self.key.as_deref(), grants::all(&self.grants));
        Ok(edit::add_plugin(&text, name, &self.source, version, signer, &grants)?)
    }

    /// Whether all that the component's type needs is granted.
    fn has_grants(&self, plugin: &str, inspection: &Inspection) -> Result<(), BoxError> {
        let granted = LockedGrants::from(&grants::all(&self.grants)).words();
        let is_granted =
            |grant: &str| granted.iter().any(|word| word.split(' ').next() == Some(grant));
        let needed = inspection.capabilities.iter().map(|capability| capability.grant);
        let missing: Vec<_> =
            needed.filter(|grant| !is_granted(grant)).map(str::to_owned).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(NeedsGrants { plugin: plugin.to_owned(), missing }.into())
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

#[derive(Serialize)]
struct Unpinned {
    name: String,
    source: String,
}

impl fmt::Display for Unpinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "added plugin {} of {}", self.name, self.source)
    }
}

/// The source names no plugin.
#[derive(Debug, thiserror::Error)]
#[error("`{}` names no plugin", safe_line(wanted))]
struct NoSource {
    wanted: String,
}

impl Explain for NoSource {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-such-plugin"
    }

    fn hints(&self) -> Vec<String> {
        let known = builtin::names().collect::<Vec<_>>().join(", ");
        vec![
            "write `oci://REGISTRY/PATH`, `file:PATH` or `builtin:NAME`".into(),
            format!("built-in plugins: {known}"),
        ]
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
