//! The context: one map from key to JSON that lives for one run and that all plugins share.
//!
//! Edited in the same transactions, by the same authors and under the same conflict rule as the
//! [template](crate::template). It never leaves the run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::hint::{Explain, Kind};
use crate::template::{Author, Conflict, Writer, weigh};
use crate::text;

/// Bytes of one value, roughly as JSON text.
pub const MAX_VALUE: usize = 1 << 20;

/// Bytes of all keys and values together.
pub const MAX_TOTAL: usize = 8 << 20;

/// Bytes of a key.
const MAX_KEY: usize = 256;

/// Changes that one run may make: a history without a bound would be a way round every other limit.
const MAX_HISTORY: usize = 10_000;

/// Levels of a value, as many as a JSON reader lets through.
const MAX_DEPTH: usize = 100;

/// The shared values of one run.
#[derive(Debug, Clone, Default)]
pub struct Context {
    entries: BTreeMap<String, Entry>,
    bytes: usize,
    history: Vec<ContextEdit>,
    transaction: Option<Transaction>,
}

/// A change of the context. Values are not kept: they may be large, and the current one is at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ContextEdit {
    /// Who made it.
    #[serde(flatten)]
    pub writer: Writer,
    /// The key.
    pub key: String,
    /// What happened to it.
    pub action: ContextAction,
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContextAction {
    /// It was not there.
    Add,
    /// It had another value.
    Change,
    /// It went.
    Remove,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ContextExplanation {
    /// The key.
    pub key: String,
    /// Its value; none when it is not there.
    pub value: Option<Value>,
    /// Who wrote it.
    pub written_by: Option<Writer>,
    /// Its committed changes, oldest first.
    pub history: Vec<ContextEdit>,
}

#[derive(Debug, Clone)]
struct Entry {
    value: Value,
    writer: Writer,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Transaction {
    author: Author,
    /// Keys with the entries they had, in the order of the changes.
    before: Vec<(String, Option<Entry>)>,
    /// The length of the history when it began.
    history: usize,
}

impl Context {
    /// An empty context.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `key`, or none.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// All keys and values, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), &entry.value))
    }

    /// Starts a transaction: `author` makes the changes from now on. One that is still open is rolled
    /// back.
    pub fn begin(&mut self, author: Author) {
        self.rollback();
        let history = self.history.len();
        self.transaction = Some(Transaction { author, before: Vec::new(), history });
    }

    /// Keeps the changes of the transaction and ends it; gives their number.
    pub fn commit(&mut self) -> usize {
        self.transaction.take().map_or(0, |transaction| transaction.before.len())
    }

    /// Undoes the changes of the transaction and ends it.
    pub fn rollback(&mut self) {
        let Some(transaction) = self.transaction.take() else { return };
        self.history.truncate(transaction.history);
        for (key, entry) in transaction.before.into_iter().rev() {
            self.put(key, entry);
        }
    }

    /// Sets `key`. An equal value is no change.
    ///
    /// # Errors
    /// When it would change what another plugin wrote, a limit is exceeded or no transaction is open.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), ContextError> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(ContextError::BadKey { key: text::shorten(key, 40).into_owned() });
        }
        let author = self.author()?;
        let old = self.entries.get(key);
        if old.is_some_and(|old| old.value == value) {
            return Ok(());
        }
        self.check_conflict(author, key)?;
        let weight = weigh(&value);
        if weight.depth > MAX_DEPTH {
            return Err(ContextError::TooDeep { key: key.to_owned() });
        }
        if weight.bytes > MAX_VALUE {
            return Err(ContextError::TooLarge { key: key.to_owned(), size: weight.bytes });
        }
        let bytes = weight.bytes + key.len();
        if self.bytes - old.map_or(0, |old| old.bytes) + bytes > MAX_TOTAL {
            return Err(ContextError::Full { key: key.to_owned() });
        }
        let writer = author.writer();
        let action = if old.is_some() { ContextAction::Change } else { ContextAction::Add };
        self.change(key, Some(Entry { value, writer, bytes }), action)
    }

    /// Removes `key`; true when it was there.
    ///
    /// # Errors
    /// When another plugin wrote it or no transaction is open.
    pub fn remove(&mut self, key: &str) -> Result<bool, ContextError> {
        let author = self.author()?;
        if !self.entries.contains_key(key) {
            return Ok(false);
        }
        self.check_conflict(author, key)?;
        self.change(key, None, ContextAction::Remove)?;
        Ok(true)
    }

    /// Every change so far, oldest first.
    pub fn history(&self) -> &[ContextEdit] {
        &self.history
    }

    /// Who wrote the value of `key`, and how it came to be.
    pub fn explain(&self, key: &str) -> ContextExplanation {
        let entry = self.entries.get(key);
        ContextExplanation {
            key: key.to_owned(),
            value: entry.map(|entry| entry.value.clone()),
            written_by: entry.map(|entry| entry.writer.clone()),
            history: self.history.iter().filter(|edit| edit.key == key).cloned().collect(),
        }
    }

    fn author(&self) -> Result<&Author, ContextError> {
        self.transaction.as_ref().map(|open| &open.author).ok_or(ContextError::Closed)
    }

    fn check_conflict(&self, author: &Author, key: &str) -> Result<(), ContextError> {
        match self.entries.get(key) {
            Some(entry) if entry.writer.plugin != author.plugin && !author.overrides_key(key) => {
                Err(ContextError::Conflict(Conflict {
                    at: key.to_owned(),
                    plugin: Arc::clone(&author.plugin),
                    writer: entry.writer.clone(),
                }))
            }
            _ => Ok(()),
        }
    }

    fn change(
        &mut self,
        key: &str,
        entry: Option<Entry>,
        action: ContextAction,
    ) -> Result<(), ContextError> {
        if self.history.len() >= MAX_HISTORY {
            return Err(ContextError::TooManyChanges);
        }
        let writer = self.author()?.writer();
        let old = self.put(key.to_owned(), entry);
        self.history.push(ContextEdit { writer, key: key.to_owned(), action });
        if let Some(transaction) = &mut self.transaction {
            transaction.before.push((key.to_owned(), old));
        }
        Ok(())
    }

    /// Puts `entry` in place of the one of `key`, which is returned.
    fn put(&mut self, key: String, entry: Option<Entry>) -> Option<Entry> {
        self.bytes += entry.as_ref().map_or(0, |entry| entry.bytes);
        let old = match entry {
            Some(entry) => self.entries.insert(key, entry),
            None => self.entries.remove(&key),
        };
        self.bytes -= old.as_ref().map_or(0, |old| old.bytes);
        old
    }
}

/// A change of the context was refused. Nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// Another plugin wrote the value.
    #[error("{0}")]
    Conflict(Conflict),
    /// The key is empty or too long.
    #[error("`{key}` cannot be a key of the context: it must have 1 to {MAX_KEY} bytes")]
    BadKey {
        /// The key, shortened.
        key: String,
    },
    /// The value is too large.
    #[error("the value of `{key}` is too large for the context: {}, at most {}", text::size(*size as u64), text::size(MAX_VALUE as u64))]
    TooLarge {
        /// The key.
        key: String,
        /// Its size in bytes.
        size: usize,
    },
    /// The value nests too deep.
    #[error("the value of `{key}` nests deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// The key.
        key: String,
    },
    /// All values together are too large.
    #[error("there is no room for `{key}` in the context: it holds at most {} in all", text::size(MAX_TOTAL as u64))]
    Full {
        /// The key.
        key: String,
    },
    /// The run has changed the context too often.
    #[error("the context has been changed {MAX_HISTORY} times in this run, which is its limit")]
    TooManyChanges,
    /// No transaction is open.
    #[error("the context cannot be changed now: no hook is running")]
    Closed,
}

impl Explain for ContextError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Conflict(conflict) => vec![conflict.hint()],
            Self::TooLarge { .. } | Self::Full { .. } => {
                vec!["keep large data in a file of the package and its name in the context".into()]
            }
            Self::TooManyChanges => vec!["collect the values and set the key once".into()],
            Self::BadKey { .. } | Self::TooDeep { .. } | Self::Closed => Vec::new(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "conflict",
            Self::BadKey { .. } => "bad-key",
            Self::TooLarge { .. } => "too-large",
            Self::TooDeep { .. } => "too-deep",
            Self::Full { .. } => "context-full",
            Self::TooManyChanges => "too-many-changes",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn author(plugin: &str, overrides: &[&str]) -> Author {
        Author {
            plugin: plugin.into(),
            hook: "pre-build",
            overrides: overrides.iter().map(ToString::to_string).collect(),
        }
    }

    fn written_by_image() -> Context {
        let mut context = Context::new();
        context.begin(author("image", &[]));
        context.set("image.reference", json!("orders:1")).unwrap();
        assert_eq!(context.commit(), 1);
        context
    }

    #[test]
    fn a_key_of_another_plugin_is_a_conflict() {
        let mut context = written_by_image();
        context.begin(author("worker", &[]));
        context.set("image.reference", json!("orders:1")).unwrap();
        let error = context.set("image.reference", json!("orders:2")).unwrap_err();
        insta::assert_snapshot!(error, @"plugin `worker` may not change context key `image.reference`: plugin `image` in `pre-build` wrote it");
        insta::assert_snapshot!(error.hints()[0], @r#"if `worker` shall win, add `overrides = ["image.reference"]` to `[plugins.worker]`"#);
        assert_eq!(context.remove("image.reference").unwrap_err().code(), "conflict");
        assert_eq!(context.commit(), 0);

        context.begin(author("worker", &["image.*"]));
        context.set("image.reference", json!("orders:2")).unwrap();
        context.commit();
        let explanation = context.explain("image.reference");
        assert_eq!(explanation.written_by.unwrap().plugin.as_ref(), "worker");
        assert_eq!(explanation.history.len(), 2);
    }

    #[test]
    fn rollback_restores_values_history_and_room() {
        let mut context = written_by_image();
        let bytes = context.bytes;
        context.begin(author("image", &[]));
        context.set("image.reference", json!("orders:2")).unwrap();
        context.set("image.reference", json!("orders:3")).unwrap();
        context.set("other", json!([1])).unwrap();
        assert!(context.remove("image.reference").unwrap());
        assert!(!context.remove("image.reference").unwrap());
        context.rollback();
        assert_eq!(context.iter().collect::<Vec<_>>(), [("image.reference", &json!("orders:1"))]);
        assert_eq!((context.bytes, context.history().len()), (bytes, 1));
    }

    #[test]
    fn limits_are_told_with_what_they_are() {
        let mut context = Context::new();
        insta::assert_snapshot!(context.set("a", json!(1)).unwrap_err(), @"the context cannot be changed now: no hook is running");
        context.begin(author("image", &[]));
        let large = json!("x".repeat(MAX_VALUE));
        insta::assert_snapshot!(context.set("a", large).unwrap_err(), @"the value of `a` is too large for the context: 1.0 MiB, at most 1.0 MiB");
        let half = json!("x".repeat(MAX_VALUE - 100));
        for index in 0..8 {
            context.set(&format!("k{index}"), half.clone()).unwrap();
        }
        insta::assert_snapshot!(context.set("a", half.clone()).unwrap_err(), @"there is no room for `a` in the context: it holds at most 8.0 MiB in all");
        context.set("k0", json!(0)).unwrap();
        context.set("a", half).unwrap();
        assert_eq!(context.set("", json!(1)).unwrap_err().code(), "bad-key");
    }
}
