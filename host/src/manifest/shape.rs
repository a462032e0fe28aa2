//! The language in which the manifest's keys are described.
//!
//! [`super::keys`] says once, in these words, which keys there are. [`super::check`] holds a file
//! against it and [`super::schema`] writes it as JSON Schema, so the two cannot differ.

use super::problem::Complaint;
use super::units::Quantity;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Bool,
    Integer {
        min: i64,
        max: i64,
    },
    /// One of a few integers.
    Integers(&'static [i64]),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// An amount of time or memory, with or without a unit.
    Quantity(&'static Quantity),
    Text(&'static Text),
    /// Text, or an integer or boolean that is taken as text.
    Scalar(&'static Text),
    List {
        of: &'static Shape,
        min: usize,
        max: usize,
    },
    /// Entries that the user names.
    Map {
        names: &'static Text,
        values: &'static Shape,
        max: usize,
    },
    Table(&'static TableShape),
    /// CloudFormation, or a plugin's own: a table with at least these keys.
    Free(&'static [&'static str]),
    /// Any part of a shape: a stage's overrides, of which nothing is required.
    Part(&'static Shape),
    /// In a stage: the value of a parameter, or an override of its declaration.
    ParameterValue,
}

/// A table with fixed keys.
#[derive(Debug)]
pub(super) struct TableShape {
    pub(super) keys: &'static [Key],
    /// Exactly one of each group must be there.
    pub(super) one_of: &'static [&'static [&'static str]],
}

impl TableShape {
    pub(super) const fn new(keys: &'static [Key]) -> Self {
        Self { keys, one_of: &[] }
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// One key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// For people: the schema's description, and the advice when a required key is missing.
    pub(super) about: &'static str,
    pub(super) required: bool,
    /// As JSON, for the schema.
    pub(super) default: Option<&'static str>,
    /// Makes sense only beside one of these.
    pub(super) beside: &'static [&'static str],
}

impl Key {
    pub(super) const fn new(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, about, required: false, default: None, beside: &[] }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }

    pub(super) const fn beside(self, keys: &'static [&'static str]) -> Self {
        Self { beside: keys, ..self }
    }
}

/// A string with rules.
#[derive(Debug)]
pub(super) struct Text {
    /// What it is, with an article: `an AWS region`.
    pub(super) what: &'static str,
    /// The rules as far as a regular expression can say them, for editors.
    pub(super) pattern: Option<&'static str>,
    /// All rules.
    pub(super) check: fn(&str) -> Verdict,
}

/// Whether a text keeps the rules.
pub(super) type Verdict = Result<(), Complaint>;
