//! `phalanx plugin update`.

use std::fmt::{self, Write as _};
use std::path::Path;

use clap::Args;
use phalanx::hint::{BoxError, Explain, Kind, nearest};
use phalanx::manifest::PluginUse;
use phalanx::pipeline::{self, Registries, Wanted};
use phalanx::registry::{LockFile, Locked, LockedGrants, LockedLimits, Trust};
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
        let registries = session.registries()?;
        let trust = registries.trust(&service).await?;
        let mut after = LockFile::default();
        let mut changes = Vec::new();
        for usage in service.plugins.values() {
            let old = before.plugins.get(&usage.name);
            let wanted = self.plugins.is_empty() || self.plugins.contains(&usage.name);
            let new = match (wanted, old) {
                (false, Some(old)) => old.clone(),
                (false, None) => continue,
                (true, _) => match found(&registries, &trust, &service.root, usage).await? {
                    Some(found) => found,
                    None => continue,
                },
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

/// What would be locked for a plugin now; nothing for one of this binary.
async fn found(
    registries: &Registries,
    trust: &Trust,
    root: &Path,
    usage: &PluginUse,
) -> Result<Option<Locked>, BoxError> {
    let wanted = Wanted {
        root,
        source: &usage.source,
        requirement: usage.version.as_deref(),
        signer: usage.signer.as_deref(),
    };
    let candidate = registries.find(&wanted, trust).await?;
    candidate.judge(&usage.name, &usage.grants, trust)?;
    Ok(candidate.locked(&wanted, &usage.grants, &usage.limits))
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
        lines.extend(match old {
            None => Some(format!("locked at {}", release(new))),
            Some(old) if old.source != new.source => Some(format!("now from {}", new.source)),
            Some(old) if old.place != new.place => {
                Some(format!("its registry has it at {} now", new.place.as_deref().unwrap_or("-")))
            }
            Some(old) if old.version != new.version => {
                Some(format!("{} -> {}", release(old), release(new)))
            }
            Some(old) if old.component != new.component && new.version.is_none() => {
                Some("the file has other content".to_owned())
            }
            Some(old) if old.manifest != new.manifest || old.component != new.component => {
                Some(format!("{} has other content: the tag was moved", release(new)))
            }
            Some(old) if old.requirement != new.requirement => {
                Some("another requirement".to_owned())
            }
            Some(_) => None,
        });
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
        let usual = LockedLimits::default();
        let limits = old.map_or(&usual, |old| &old.limits);
        for (words, is_wider) in limits.changes(&new.limits) {
            if is_wider {
                widens.push(words.clone());
            }
            lines.push(words);
        }
        let before = old.map(|old| old.signers.as_slice()).unwrap_or_default();
        if before != new.signers {
            let name = |signers: &[String]| match signers {
                [] => "nobody".to_owned(),
                signers => signers.join(", "),
            };
            let change = format!("signed by {} -> {}", name(before), name(&new.signers));
            lines.push(change.clone());
            // Anyone may sign in addition; that somebody does not any more must be meant.
            if before.iter().any(|signer| !new.signers.contains(signer)) {
                widens.push(change);
            }
        }
        (!lines.is_empty()).then(|| Self { plugin: plugin.to_owned(), lines, widens })
    }
}

/// What is locked, in a word: its version, or its digest.
fn release(locked: &Locked) -> String {
    match &locked.version {
        Some(version) => safe_line(version).into_owned(),
        None => format!("sha256:{}", locked.component),
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
