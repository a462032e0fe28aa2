//! What is wrong with a service's files, and how it is shown.
//!
//! Reading collects [`Problems`] and goes on, so that one run reports all of them. Each is shown the
//! way rustc shows its errors: where, the line itself, carets, and what to do.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::Location;
use super::source::{At, Sources};
use crate::fs::FsError;
use crate::hint::{Explain, Kind, nearest};
use crate::text;

/// A service could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is no manifest.
    #[error("there is no manifest `{}`", .0.display())]
    Missing(PathBuf),
    /// The manifest cannot be read.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The asked stage is not one of those that the manifest declares.
    #[error("`{file}` has no stage `{stage}`")]
    UnknownStage {
        /// The manifest's file name.
        file: String,
        /// The stage that was asked for.
        stage: String,
        /// The stages that there are, in manifest order.
        declared: Vec<String>,
    },
    /// A stage or region that was asked for is no such thing.
    #[error("{message}")]
    BadOption {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The files hold mistakes.
    #[error("`{file}` has {}", text::count(problems.len(), "problem"))]
    Invalid {
        /// The manifest's file name.
        file: String,
        /// All mistakes, by file and position. Never empty.
        problems: Vec<Problem>,
    },
}

impl ManifestError {
    /// The mistakes in the files, by file and position.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid { problems, .. } => problems,
            Self::Missing(_) | Self::Fs(_) | Self::UnknownStage { .. } | Self::BadOption { .. } => {
                &[]
            }
        }
    }
}

impl Explain for ManifestError {
    fn kind(&self) -> Kind {
        match self {
            Self::Fs(error) => error.kind(),
            _ => Kind::BadInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "no-manifest",
            Self::Fs(error) => error.code(),
            Self::UnknownStage { .. } => "unknown-stage",
            Self::BadOption { .. } => "bad-option",
            Self::Invalid { .. } => "invalid-manifest",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing(_) => vec![
                "run `phalanx init` to write one, or run the command in the service's folder"
                    .into(),
            ],
            Self::Fs(error) => error.hints(),
            Self::UnknownStage { stage, declared, .. } => {
                let mut hints: Vec<_> =
                    did_you_mean(stage, declared.iter().map(String::as_str)).into_iter().collect();
                hints.push(format!(
                    "the stages are {}; add `[stages.{stage}]` for another one",
                    quoted(declared.iter().map(String::as_str))
                ));
                hints
            }
            Self::BadOption { hint, .. } => hint.iter().cloned().collect(),
            Self::Invalid { .. } => Vec::new(),
        }
    }

    fn details(&self) -> Option<String> {
        /// Enough to work on; the next run shows the rest.
        const SHOWN: usize = 40;
        let problems = self.problems();
        if problems.is_empty() {
            return None;
        }
        let shown: Vec<_> = problems.iter().take(SHOWN).map(Problem::render).collect();
        let mut details = shown.join("\n\n");
        if problems.len() > SHOWN {
            let rest = text::count(problems.len() - SHOWN, "more problem");
            write!(details, "\n\n… and {rest}").expect("writing to a string does not fail");
        }
        Some(details)
    }
}

/// One mistake in one of the service's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it begins.
    pub location: Location,
    /// How many characters of the line it covers, at least one.
    pub length: usize,
    /// The line as it stands in the file.
    pub line: String,
    /// What is wrong: one sentence, lower case, no final period.
    pub message: String,
    /// What to do, when that is not obvious.
    pub hint: Option<String>,
}

impl Problem {
    /// Message, place, line, carets and advice, without a final line break.
    pub fn render(&self) -> String {
        /// Characters shown of a line: minified JSON is one line.
        const WINDOW: usize = 100;
        let Location { line, column, .. } = self.location;
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let before = column - 1;
        let skip =
            if before + self.length > WINDOW { before.saturating_sub(WINDOW / 2) } else { 0 };
        // Each character becomes what is shown of it, so that carets stand below it.
        let cells: Vec<_> = self.line.chars().skip(skip).take(WINDOW).map(shown).collect();
        let width = |cells: &[String]| cells.iter().map(|cell| cell.chars().count()).sum::<usize>();
        let start = (before - skip).min(cells.len());
        let end = (start + self.length).min(cells.len());
        let lead = if skip > 0 { "…" } else { "" };
        let trail = if self.line.chars().count() > skip + WINDOW { "…" } else { "" };
        let indent = " ".repeat(width(&cells[..start]) + lead.chars().count());
        let carets = "^".repeat(width(&cells[start..end]).max(1));
        let source = format!("{lead}{}{trail}", cells.concat());
        let mut shown = format!(
            "{}\n{gutter}--> {}\n{gutter} |\n{number} | {}\n{gutter} | {indent}{carets}",
            text::safe_text(&self.message),
            self.location,
            source.trim_end(),
        );
        if let Some(hint) = &self.hint {
            write!(shown, "\n{gutter} = help: {}", text::safe_line(hint))
                .expect("writing to a string does not fail");
        }
        shown
    }
}

fn shown(character: char) -> String {
    if character == '\t' {
        return "    ".into();
    }
    text::safe_line(character.encode_utf8(&mut [0; 4])).into_owned()
}

/// Mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<(At, Complaint)>,
    seen: HashSet<(At, String)>,
}

impl Problems {
    /// Adds a mistake, once: a table may be looked at before and after a stage's overrides.
    pub(super) fn add(&mut self, at: At, complaint: impl Into<Complaint>) {
        let complaint = complaint.into();
        if self.seen.insert((at, complaint.message.clone())) {
            self.found.push((at, complaint));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, by file and position.
    pub(super) fn into_list(mut self, sources: &Sources) -> Vec<Problem> {
        self.found.sort_by_key(|(at, _)| *at);
        let problem = |(at, complaint): (At, Complaint)| {
            let (line, length) = sources.line(at);
            Problem {
                location: sources.locate(at),
                length,
                line: line.to_owned(),
                message: complaint.message,
                hint: complaint.hint,
            }
        };
        self.found.into_iter().map(problem).collect()
    }
}

/// What is wrong with a value, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Complaint {
    /// Adds what to do.
    pub(super) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into().or(self.hint);
        self
    }
}

impl<T: Into<String>> From<T> for Complaint {
    fn from(message: T) -> Self {
        Self { message: message.into(), hint: None }
    }
}

/// A complaint with advice.
pub(super) fn complaint(message: impl Into<String>, hint: impl Into<String>) -> Complaint {
    Complaint { message: message.into(), hint: Some(hint.into()) }
}

/// ``did you mean `memory`?``, when a candidate is near.
pub(super) fn did_you_mean<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(wanted, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// ``did you mean `memory`?``, or which ones there are.
pub(super) fn suggest<'a>(
    wanted: &str,
    noun: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    let candidates: Vec<_> = candidates.into_iter().collect();
    did_you_mean(wanted, candidates.iter().copied()).unwrap_or_else(|| {
        if candidates.is_empty() {
            format!("there are no {noun}")
        } else {
            format!("the {noun} are {}", quoted(candidates))
        }
    })
}

/// `` `a`, `b`, `c` ``
pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_line_with_carets_below_it() {
        let problem = Problem {
            location: Location { file: "phalanx.toml".into(), line: 12, column: 2 },
            length: 6,
            line: "\tmemroy = 5 \u{1b}[31m".into(),
            message: "unknown key `memroy`".into(),
            hint: Some("did you mean `memory`?".into()),
        };
        insta::assert_snapshot!(problem.render(), @r"
        unknown key `memroy`
          --> phalanx.toml:12:2
           |
        12 |     memroy = 5 \u{1b}[31m
           |     ^^^^^^
           = help: did you mean `memory`?
        ");
    }

    #[test]
    fn a_very_long_line_is_shown_in_part() {
        let problem = Problem {
            location: Location { file: "a.json".into(), line: 1, column: 4001 },
            length: 3,
            line: format!("{}bad{}", "x".repeat(4000), "y".repeat(4000)),
            message: "m".into(),
            hint: None,
        };
        let shown = problem.render();
        assert!(shown.len() < 500, "{shown}");
        assert!(shown.contains("xbady"), "{shown}");
    }
}
