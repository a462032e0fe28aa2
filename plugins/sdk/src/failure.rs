//! Why a hook cannot go on.
//!
//! Like `anyhow::Error`, a [`Failure`] is made from any error by `?`, and for that does not implement
//! `Error` itself.

use std::error::Error;
use std::fmt;

use crate::bindings::wire::types;

/// What a hook returns.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Why a hook cannot go on: the host undoes the hook's edits, stops the run and shows this to a
/// person.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    code: String,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// `code` is short, stable and in kebab-case, for scripts; `message` is one sentence, without a
    /// period, that says what failed, on which thing.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: None }
    }

    /// Adds what to do now.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The code, for scripts.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What failed.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do now.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) fn from_wire(failure: types::Failure) -> Self {
        Self { code: failure.code, message: failure.message, hint: failure.hint }
    }

    pub(crate) fn into_wire(self) -> types::Failure {
        types::Failure { code: self.code, message: self.message, hint: self.hint }
    }
}

/// Any error becomes a failure with the code `failed`, and its causes become part of the message.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self::new("failed", message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// As it reads best in a failed test: `[code] message (hint: …)`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " (hint: {hint})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_failure_by_question_mark() {
        fn parse() -> Result<u8> {
            Ok("300".parse()?)
        }
        let failure = parse().unwrap_err();
        assert_eq!(failure.code(), "failed");
        assert_eq!(failure.to_string(), "number too large to fit in target type");
    }

    #[test]
    fn debug_shows_everything() {
        let failure = Failure::new("no-topic", "topic `Alerts` is missing").with_hint("add it");
        assert_eq!(format!("{failure:?}"), "[no-topic] topic `Alerts` is missing (hint: add it)");
    }
}
