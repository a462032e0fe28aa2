//! Grants on the command line: `images`, `aws=sns:Publish`, `commands=git rev-parse`.

use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::manifest::Grants;
use phalanx::pipeline::Candidate;
use phalanx::registry::LockedGrants;

use super::super::confirm::{ask, ask_for, at_terminal};
use super::super::session::Session;

/// One `--grant`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    key: String,
    value: Option<String>,
}

/// Reads one; what is wrong with it is told as clap shows it.
pub(super) fn parse(text: &str) -> Result<Grant, String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key.trim(), Some(value.trim().to_owned())),
        None => (text.trim(), None),
    };
    match (key, &value) {
        ("images" | "clock" | "random", None) => {}
        ("images" | "clock" | "random", Some(_)) => return Err(format!("`{key}` takes no value")),
        ("commands" | "files" | "env" | "aws" | "network", Some(value)) if !value.is_empty() => {}
        _ => {
            if let Some(example) = example(key) {
                return Err(format!("write `{key}={example}`"));
            }
            let known = "commands, files, env, aws, network, images, clock, random";
            return Err(format!("`{key}` is no grant; the grants are {known}"));
        }
    }
    Ok(Grant { key: key.to_owned(), value })
}

/// All of them together.
pub(super) fn all(grants: &[Grant]) -> Grants {
    let mut all = Grants::default();
    for Grant { key, value } in grants {
        let value = value.clone().unwrap_or_default();
        match key.as_str() {
            "commands" => {
                all.commands.push(value.split_whitespace().map(str::to_owned).collect());
            }
            "files" => all.files.push(value),
            "env" => all.env.push(value),
            "aws" => all.aws.push(value),
            "network" => all.network.push(value),
            "images" => all.images = true,
            "clock" => all.clock = true,
            _ => all.random = true,
        }
    }
    all
}

/// These grants, with those that the plugin's type needs besides: someone at a terminal is asked for them.
///
/// # Errors
/// When not all of them are granted, without which it would not load.
pub(super) fn complete(
    session: &Session,
    plugin: &str,
    candidate: &Candidate,
    given: &[Grant],
    may_ask: bool,
) -> Result<Grants, BoxError> {
    let mut given = given.to_vec();
    let lacking = |given: &[Grant]| -> Vec<&'static str> {
        let words = LockedGrants::from(&all(given)).words();
        let has = |grant: &str| words.iter().any(|word| word.split(' ').next() == Some(grant));
        let needed = candidate.inspection.capabilities.iter().map(|capability| capability.grant);
        needed.filter(|grant| !has(grant)).collect()
    };
    if may_ask && at_terminal() {
        session.finish();
        for grant in lacking(&given) {
            given.extend(ask_whether(plugin, grant));
        }
    }
    match lacking(&given) {
        missing if missing.is_empty() => Ok(all(&given)),
        missing => Err(NeedsGrants { plugin: plugin.to_owned(), missing }.into()),
    }
}

/// Asks for one grant.
fn ask_whether(plugin: &str, grant: &str) -> Option<Grant> {
    let Some(example) = example(grant) else {
        let is_granted = ask(&format!("{plugin} needs `{grant}`: grant it?"));
        return is_granted.then(|| Grant { key: grant.to_owned(), value: None });
    };
    let question = format!("{plugin} needs `{grant}`: grant which, such as `{example}`?");
    parse(&format!("{grant}={}", ask_for(&question)?)).ok()
}

/// What a grant's value may be; none for one that has no value.
fn example(grant: &str) -> Option<&'static str> {
    match grant {
        "commands" => Some("git rev-parse"),
        "files" => Some("schema/**"),
        "env" => Some("CI_*"),
        "aws" => Some("sns:Publish"),
        "network" => Some("api.example.com"),
        _ => None,
    }
}

/// The plugin would not load.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}` needs what is not granted: {}", missing.join(", "))]
struct NeedsGrants {
    plugin: String,
    missing: Vec<&'static str>,
}

impl Explain for NeedsGrants {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn code(&self) -> &'static str {
        "plugin-not-granted"
    }

    fn hints(&self) -> Vec<String> {
        let flag = |grant: &&str| match example(grant) {
            Some(example) if example.contains([' ', '*']) => {
                format!("--grant \"{grant}={example}\"")
            }
            Some(example) => format!("--grant {grant}={example}"),
            None => format!("--grant {grant}"),
        };
        let flags: Vec<_> = self.missing.iter().map(flag).collect();
        vec![format!("if you trust it with that, add such as `{}`", flags.join(" "))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_from_words() {
        let words = ["images", "aws=sns:Publish", "commands=git  rev-parse", "env=CI_*"];
        let grants = all(&words.map(|word| parse(word).unwrap()));
        assert!(grants.images && !grants.clock);
        assert_eq!(grants.aws, ["sns:Publish"]);
        assert_eq!(grants.commands, [["git", "rev-parse"]]);
        assert_eq!(grants.env, ["CI_*"]);
        for bad in ["", "imges", "aws", "aws=", "images=true", "commands"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
