//! `phalanx plugin update`.

use std::fmt::{self, Write as _};
use std::path::Path;

use clap::Args;
use phalanx::hint::{BoxError, Explain, Kind, nearest};
use phalanx::manifest::{PluginUse, Source};
use phalanx::pipeline::{self, Registries};
use phalanx::registry::{LockFile, Locked, LockedGrants};
use phalanx::text::safe_line;
use serde::Serialize;

use super::super::confirm::{ask, at_terminal};
use super::super::output::Answer;
use super::super::session::Session;

/// Pin the newest versions that the manifest allows, and show what changes in version and in authority
#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    /// Names of plugins in the manifest; all of them when none is given
    #[arg(value_name = "PLUGIN")]
    plugins: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Accept that a plugin may do more than before
    #[arg(long)]
    allow: bool,
}

impl Update {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(true)?;
        let service = pipeline::load(&request)?;
        for name in &self.plugins {
            if !service.plugins.contains_key(name) {
                let names = service.plugins.keys().map(String::as_str);
                let near = nearest(name, names).map(str::to_owned);
                return Err(NoSuch { plugin: name.clone(), near }.into());
            }
        }
        let before = LockFile::read(&service.root)?;
        let registries = Registries::open(&session.environment(), request.profile.as_deref())?;
        let mut after = LockFile::default();
        let mut changes = Vec::new();
        for usage in service.plugins.values().filter(|usage| matches!(usage.source, Source::Oci(_)))
        {
            let old = before.plugins.get(&usage.name);
            let wanted = self.plugins.is_empty() || self.plugins.contains(&usage.name);
            let new = match (wanted, old) {
                (false, Some(old)) => old.clone(),
                (false, None) => continue,
                (true, _) => found(&registries, &service.root, usage).await?,
            };
            changes.extend(Change::between(&usage.name, old, &new));
            after.plugins.insert(usage.name.clone(), new);
        }
        for name in before.plugins.keys().filter(|name| !after.plugins.contains_key(*name)) {
            changes.push(Change {
                plugin: name.clone(),
                lines: vec!["no longer in the manifest".into()],
                widens: Vec::new(),
            });
        }
        let updated = Updated { changes, dry_run: self.dry_run };
        if self.dry_run || updated.changes.is_empty() && before == after {
            return Ok(Answer::new(&updated));
        }
        let widened: Vec<_> = (updated.changes.iter())
            .filter(|change| !change.widens.is_empty())
            .map(|change| format!("{} ({})", change.plugin, change.widens.join(", ")))
            .collect();
        if !widened.is_empty() && !self.allow {
            session.finish();
            for line in updated.to_string().lines() {
                session.reporter.note(line.to_owned());
            }
            if !(at_terminal() && ask("let them?")) {
                return Err(Widened { plugins: widened }.into());
            }
        }
        after.write(&service.root)?;
        Ok(Answer::new(&updated))
    }
}

async fn found(
    registries: &Registries,
    root: &Path,
    usage: &PluginUse,
) -> Result<Locked, BoxError> {
    let source = usage.source.to_string();
    let key = pipeline::public_key(root, usage)?;
    let candidate = registries.find(&source, usage.version.as_deref(), key.as_ref()).await?;
    Ok(candidate.locked(&source, usage.version.as_deref(), &usage.grants))
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Updated {
    changes: Vec<Change>,
    dry_run: bool,
}

/// What changes for one plugin.
#[derive(Serialize)]
struct Change {
    plugin: String,
    #[serde(rename = "changes")]
    lines: Vec<String>,
    /// What it may do that it might not before.
    widens: Vec<String>,
}

impl Change {
    fn between(plugin: &str, old: Option<&Locked>, new: &Locked) -> Option<Self> {
        let nothing = LockedGrants::default();
        let empty: &[String] = &[];
        let (hooks, capabilities, grants) = match old {
            Some(old) => (old.hooks.as_slice(), old.capabilities.as_slice(), &old.grants),
            None => (empty, empty, &nothing),
        };
        let mut lines = Vec::new();
        match old {
            None => lines.push(format!("locked at {}", safe_line(&new.version))),
            Some(old) if old.version != new.version => {
                lines.push(format!("{} -> {}", safe_line(&old.version), safe_line(&new.version)));
            }
            Some(old) if old.manifest != new.manifest || old.component != new.component => {
                lines.push(format!(
                    "{} has other content: the tag was moved",
                    safe_line(&new.version)
                ));
            }
            Some(old) if old.source != new.source => lines.push(format!("now from {}", new.source)),
            Some(old) if old.requirement != new.requirement => {
                lines.push("another requirement".into());
            }
            Some(_) => {}
        }
        let mut widens = Vec::new();
        let (old_grants, new_grants) = (grants.words(), new.grants.words());
        let kinds = [
            ("hook", hooks, new.hooks.as_slice()),
            ("capability", capabilities, new.capabilities.as_slice()),
            ("grant", old_grants.as_slice(), new_grants.as_slice()),
        ];
        for (what, old, new) in kinds {
            for more in new.iter().filter(|one| !old.contains(one)) {
                lines.push(format!("+ {what} {}", safe_line(more)));
                widens.push(format!("{what} {}", safe_line(more)));
            }
            for less in old.iter().filter(|one| !new.contains(one)) {
                lines.push(format!("- {what} {}", safe_line(less)));
            }
        }
        let signer = old.and_then(|old| old.signer.as_ref());
        if signer != new.signer.as_ref() {
            let name = |signer: Option<&String>| signer.map_or("nobody", String::as_str).to_owned();
            let change = format!("signed by {} -> {}", name(signer), name(new.signer.as_ref()));
            lines.push(change.clone());
            // Anyone may sign in addition; that somebody else does instead must be meant.
            if signer.is_some() {
                widens.push(change);
            }
        }
        (!lines.is_empty()).then(|| Self { plugin: plugin.to_owned(), lines, widens })
    }
}

impl fmt::Display for Updated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return writeln!(f, "all plugins are up to date");
        }
        for Change { plugin, lines, .. } in &self.changes {
            let mut text = format!("{plugin}\n");
            for line in lines {
                writeln!(text, "  {line}")?;
            }
            f.write_str(&text)?;
        }
        if self.dry_run {
            writeln!(f, "nothing was changed")?;
        }
        Ok(())
    }
}

/// A plugin may do more than before, and nobody said that it may.
#[derive(Debug, thiserror::Error)]
#[error("these plugins may do more than was approved: {}; nothing was changed", plugins.join(", "))]
struct Widened {
    plugins: Vec<String>,
}

impl Explain for Widened {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "authority-widened"
    }

    fn hints(&self) -> Vec<String> {
        vec!["look at what they do with it, then run the same command with `--allow`".into()]
    }
}

/// There is no such plugin in the manifest.
#[derive(Debug, thiserror::Error)]
#[error("the manifest has no plugin `{plugin}`")]
struct NoSuch {
    plugin: String,
    near: Option<String>,
}

impl Explain for NoSuch {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-such-plugin"
    }

    fn hints(&self) -> Vec<String> {
        match &self.near {
            Some(near) => vec![format!("did you mean `{near}`?")],
            None => vec!["`phalanx plugin list` shows those that it has".into()],
        }
    }
}
