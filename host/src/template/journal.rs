//! The journal: every edit of the template with who made it, and what is needed to undo it.
//!
//! Undoing moves the old values back, so a transaction costs what its edits cost and never a copy of
//! the document.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::owners::Marks;
use super::pointer::{Pointer, matches_tokens};

/// Who edits, for the length of one transaction.
#[derive(Debug, Clone)]
pub struct Author {
    /// The plugin's name in the manifest.
    pub plugin: Arc<str>,
    /// The hook, such as `template-decorate`.
    pub hook: &'static str,
    /// What of other plugins it may change: patterns of pointers (`/Resources/*/Properties/Tags`) and
    /// of context keys (`image.*`); `*` is one token, `**` any number. What lies below a place that
    /// matches is permitted too.
    pub overrides: Vec<String>,
}

impl Author {
    /// Whether `overrides` lets this author change what another plugin wrote at `at`.
    pub(crate) fn overrides_pointer(&self, at: &Pointer) -> bool {
        self.overrides.iter().any(|pattern| at.is_covered_by(pattern))
    }

    /// Whether `overrides` lets this author change a context key of another plugin. Keys are divided
    /// at their dots.
    pub(crate) fn overrides_key(&self, key: &str) -> bool {
        let tokens: Vec<&str> = key.split('.').collect();
        self.overrides
            .iter()
            .any(|pattern| matches_tokens(&pattern.split('.').collect::<Vec<_>>(), &tokens))
    }

    pub(crate) fn writer(&self) -> Writer {
        Writer { plugin: Arc::clone(&self.plugin), hook: self.hook }
    }
}

/// The plugin and the hook that wrote a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Writer {
    /// The plugin's name in the manifest.
    #[serde(serialize_with = "as_text")]
    pub plugin: Arc<str>,
    /// The hook it wrote in.
    pub hook: &'static str,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin `{}` in `{}`", self.plugin, self.hook)
    }
}

/// One edit of the template: exactly what changed, at the highest place that changed as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Edit {
    /// The plugin that made it.
    #[serde(serialize_with = "as_text")]
    pub plugin: Arc<str>,
    /// The hook it was made in.
    pub hook: &'static str,
    /// Where, at the time of the edit: later insertions into a list may have moved it.
    pub pointer: Pointer,
    /// The value before; none when the edit added it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; none when the edit removed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Whether `pointer` names an element of a list, so that adding or removing it moves the later
    /// ones.
    #[serde(skip)]
    pub(super) in_list: bool,
}

impl Edit {
    /// Who made it.
    pub fn writer(&self) -> Writer {
        Writer { plugin: Arc::clone(&self.plugin), hook: self.hook }
    }
}

/// Writes a shared text as it is; `serde` itself does so only with a feature for all of its users.
pub(super) fn as_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// An edit that can still be undone.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) edit: Edit,
    /// Where among its siblings a removed value stood.
    pub(super) position: usize,
    /// The owners at and below the place before the edit.
    pub(super) owners: Marks,
    /// What the entry counts towards the limit of a template's journal.
    pub(super) bytes: usize,
}

/// The edits of one hook call.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    pub(super) author: Author,
    pub(super) entries: Vec<Entry>,
    /// The resource types that the author enumerated; none stands for all.
    pub(super) listed: BTreeSet<Option<String>>,
}

impl Transaction {
    pub(super) fn new(author: Author) -> Self {
        Self { author, entries: Vec::new(), listed: BTreeSet::new() }
    }
}
