//! A command's answer: one value that is text for people and JSON for programs, so that the two
//! cannot drift apart.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

/// What a command prints on standard output, and its exit code.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) json: Value,
    pub(super) code: u8,
}

impl Answer {
    /// An answer whose text and JSON come from one value.
    pub(super) fn new(value: &(impl Display + Serialize)) -> Self {
        Self::with_text(value.to_string(), value)
    }

    /// An answer whose text was drawn elsewhere.
    pub(super) fn with_text(text: String, value: &impl Serialize) -> Self {
        let json = serde_json::to_value(value).expect("results serialise");
        Self { text, json, code: 0 }
    }

    /// The answer of a command that has printed its result already, line by line.
    pub(super) fn printed(code: u8) -> Self {
        Self { text: String::new(), json: Value::Null, code }
    }

    /// The same answer with another exit code.
    pub(super) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }
}
