//! What an error can say beyond its facts: who has to act, and what to do.
//!
//! Every error type of the library implements [`Explain`] beside its definition, so the advice stands
//! next to the check that makes it necessary. The binary renders all of them in one way and maps
//! [`Kind`] to an exit code. This module holds no advice of its own.

use std::error::Error;

/// Who has to act, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The work failed: a build, a cloud, a disk. Exit code 1.
    Failed,
    /// What the user wrote is wrong. Exit code 2.
    BadInput,
    /// A plugin or a policy refused. Exit code 3.
    Refused,
    /// The user interrupted the run. Exit code 130.
    Interrupted,
}

/// An error that knows its kind and what to do about it.
pub trait Explain: Error + Send + Sync + 'static {
    /// Who has to act.
    fn kind(&self) -> Kind;

    /// What to do now: each a sentence without a final period, with the command or the key in
    /// backticks. Shown as `hint: …` below the error.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// Text shown as it is below the causes and above the hints, such as source lines with carets.
    fn details(&self) -> Option<String> {
        None
    }

    /// A short stable code in kebab-case for `--output json`.
    fn code(&self) -> &'static str;
}

/// Any error of the library, boxed where layers meet.
pub type BoxError = Box<dyn Explain>;

impl<E: Explain> From<E> for BoxError {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

/// What caused an error, from the nearest cause to the first.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// An error of a library and its causes in one safe line; a cause that the text has already is left out.
pub fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    crate::text::safe_line(&text).into_owned()
}

/// The candidate nearest to `wanted`, when one is near enough to be a likely typing error.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::jaro_winkler(&wanted.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        // 0.8 is where jaro-winkler stops pairing words that merely share letters.
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_typing_errors_and_leaves_strangers_alone() {
        let keys = ["memory", "timeout", "environment"];
        assert_eq!(nearest("memroy", keys), Some("memory"));
        assert_eq!(nearest("Timeout", keys), Some("timeout"));
        assert_eq!(nearest("colour", keys), None);
    }
}
