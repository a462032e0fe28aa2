//! `phalanx plugin add`.

use std::fmt;
use std::path::Path;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::manifest::{Grants, Limits, Source, edit};
use phalanx::pipeline::{self, Candidate, NoSource, Wanted};
use phalanx::registry::{LockFile, Reference};
use phalanx::text::safe_line;
use serde::Serialize;

use super::super::confirm::{NotConfirmed, ask, at_terminal};
use super::super::output::Answer;
use super::super::session::Session;
use super::grants::{self, Grant};
use super::shown::Shown;

/// Add a plugin to the manifest, and pin it in the lock file
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(in crate::cli) struct Add {
    /// `oci://REGISTRY/PATH`, with `:TAG` or `@sha256:DIGEST` to fix it by hand; `NAMESPACE:NAME`, which the
    /// configuration of `wkg` leads to a registry; `builtin:NAME` or `file:PATH`
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
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        let no_source = || NoSource { wanted: self.source.clone() };
        let source = Source::parse(&self.source).ok_or_else(no_source)?;
        let is_fixed = self.fits(&source)?;
        let registries = session.registries()?;
        let trust = registries.trust(&service).await?;
        let mut wanted = Wanted {
            root: &service.root,
            source: &source,
            requirement: self.version.as_deref(),
            signer: self.key.as_deref(),
        };
        let candidate = registries.find(&wanted, &trust).await?;
        let name = self.name_of(&candidate);
        let granted = grants::complete(session, &name, &candidate, &self.grants, !self.yes)?;
        candidate.judge(&name, &granted, &trust)?;
        // Without a requirement the manifest would take any version: it takes those like this one.
        let release = candidate.release.as_ref().filter(|_| !is_fixed && self.version.is_none());
        let like_this = release.map(|release| format!("^{}", release.version));
        wanted.requirement = wanted.requirement.or(like_this.as_deref());
        let text = self.edited(&request.manifest, &name, wanted.requirement, &granted)?;

        let Some(locked) = candidate.locked(&wanted, &granted, &Limits::default()) else {
            fs::write(&request.manifest, text)?;
            return Ok(Answer::new(&OfBinary { name, source: self.source }));
        };
        let shown = Shown { name: name.clone(), locked, size: Some(candidate.inspection.size) };
        // A file is the user's own; what a registry has is somebody else's.
        if source.is_in_registry() && !self.yes {
            confirm(session, &shown, &format!("add it to {}?", service.name))?;
        }
        let mut lock = LockFile::read(&service.root)?;
        lock.plugins.insert(name, shown.locked.clone());
        // The lock file first: a manifest whose plugin is not locked would stop every run.
        lock.write(&service.root)?;
        fs::write(&request.manifest, text)?;
        Ok(Answer::new(&Added(shown)))
    }

    /// Whether the options fit the source; true when it names one release itself.
    fn fits(&self, source: &Source) -> Result<bool, BoxError> {
        let is_fixed = match source {
            Source::Oci(reference) => {
                let reference = Reference::parse(reference)?;
                reference.tag.is_some() || reference.digest.is_some()
            }
            _ => false,
        };
        let (wanted, in_registry) = (self.source.clone(), source.is_in_registry());
        match (&self.version, &self.key) {
            (Some(_), _) if is_fixed => {
                Err(Misfit { option: "--version", wanted, why: "names one release itself" }.into())
            }
            (Some(_), _) if !in_registry => {
                Err(Misfit { option: "--version", wanted, why: "is in no registry" }.into())
            }
            (_, Some(_)) if !in_registry => {
                Err(Misfit { option: "--key", wanted, why: "is in no registry" }.into())
            }
            _ => Ok(is_fixed),
        }
    }

    /// The name asked for, the component's own, or the last part of where it comes from.
    fn name_of(&self, candidate: &Candidate) -> String {
        let own = candidate.inspection.name.clone().filter(|name| {
            let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !name.is_empty() && name.chars().all(good)
        });
        let last = || {
            let last = candidate.place.rsplit(['/', ':']).next().unwrap_or_default();
            last.trim_end_matches(".wasm").to_owned()
        };
        self.name.clone().or(own).unwrap_or_else(last)
    }

    /// The manifest's text with the plugin in it.
    fn edited(
        &self,
        manifest: &Path,
        name: &str,
        version: Option<&str>,
        grants: &Grants,
    ) -> Result<String, BoxError> {
        let text = fs::read_to_string(manifest)?;
        let signer = self.key.as_deref();
        Ok(edit::add_plugin(&text, name, &self.source, version, signer, grants)?)
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
struct OfBinary {
    name: String,
    source: String,
}

impl fmt::Display for OfBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "added plugin {} of {}", self.name, self.source)
    }
}

/// An option is for other sources.
#[derive(Debug, thiserror::Error)]
#[error("`{option}` cannot go with `{}`, which {why}", safe_line(wanted))]
struct Misfit {
    option: &'static str,
    wanted: String,
    why: &'static str,
}

impl Explain for Misfit {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "option-misfit"
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("leave `{}` away", self.option)]
    }
}
