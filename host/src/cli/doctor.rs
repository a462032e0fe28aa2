//! `phalanx doctor`: what this machine has, what is missing, and what to do about it.

use std::fmt;
use std::path::Path;

use clap::Args;
use phalanx::fs;
use phalanx::hint::BoxError;
use phalanx::pipeline;
use serde::Serialize;

use super::output::Answer;
use super::session::Session;

/// Check this machine and the manifest, and tell what is missing
#[derive(Debug, Args)]
pub(super) struct Doctor {}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    checks: Vec<Check>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Check {
    name: &'static str,
    state: State,
    detail: String,
    hint: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    /// Needed by some services only.
    Missing,
    Bad,
}

impl Doctor {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(super) fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let settings = &session.settings;
        let checks = vec![
            writable("cache", &settings.cache_dir, phalanx::settings::CACHE_DIR),
            writable("data", &settings.data_dir, phalanx::settings::DATA_DIR),
            manifest(session),
            program(session, "sh", "build commands run in it; install a POSIX shell"),
            program(session, "cargo", "services in Rust need it: install Rust"),
            program(session, "python3", "`invoke --local` runs Python functions with it"),
            program(session, "node", "`invoke --local` runs Node.js functions with it"),
        ];
        let code = u8::from(checks.iter().any(|check| check.state == State::Bad));
        Ok(Answer::new(&Report { checks }).code(code))
    }
}

fn writable(name: &'static str, folder: &Path, variable: &str) -> Check {
    let probe = folder.join(".phalanx-doctor");
    let detail = folder.display().to_string();
    match fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => Check { name, state: State::Good, detail, hint: None },
        Err(error) => Check {
            name,
            state: State::Bad,
            detail: format!("{error}: {}", error.source),
            hint: Some(format!("make the folder writable, or name another with `{variable}`")),
        },
    }
}

fn manifest(session: &Session) -> Check {
    let name = "manifest";
    let request = match session.request(true) {
        Ok(request) => request,
        Err(error) => {
            return Check {
                name,
                state: State::Missing,
                detail: error.to_string(),
                hint: error.hints().into_iter().next(),
            };
        }
    };
    let detail = request.manifest.display().to_string();
    match pipeline::load(&request) {
        Ok(_) => Check { name, state: State::Good, detail, hint: None },
        Err(error) => Check {
            name,
            state: State::Bad,
            detail: error.to_string(),
            hint: Some("run `phalanx plan` to see every problem with its line".into()),
        },
    }
}

fn program(session: &Session, name: &'static str, why: &str) -> Check {
    match session.settings.program(name) {
        Some(path) => {
            Check { name, state: State::Good, detail: path.display().to_string(), hint: None }
        }
        None => Check {
            name,
            state: State::Missing,
            detail: "not on PATH".into(),
            hint: Some(why.to_owned()),
        },
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let state = match check.state {
                State::Good => "good",
                State::Missing => "missing",
                State::Bad => "bad",
            };
            writeln!(f, "{state:<8} {:<9} {}", check.name, check.detail)?;
            if let Some(hint) = &check.hint {
                writeln!(f, "{:<8} hint: {hint}", "")?;
            }
        }
        Ok(())
    }
}
