//! Provenance: who wrote a value of the template, and how it came to be.

use serde::Serialize;
use serde_json::Value;

use super::Template;
use super::journal::{Edit, Writer};
use super::owners::Owners;
use super::pointer::{Pointer, index};

/// Who wrote a value as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The service itself: its manifest and what is made from it.
    Service,
    /// A plugin.
    Plugin(Writer),
}

impl From<Option<&Writer>> for Origin {
    fn from(writer: Option<&Writer>) -> Self {
        writer.map_or(Self::Service, |writer| Self::Plugin(writer.clone()))
    }
}

/// The answer to "who wrote this".
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The place that was asked about.
    pub pointer: Pointer,
    /// Its value; none when nothing is there.
    pub value: Option<Value>,
    /// Who wrote it as a whole; none when nothing is there.
    pub written_by: Option<Origin>,
    /// The edits that touched it: of itself or of a place above it, oldest first.
    pub history: Vec<Edit>,
    /// The parts below it that somebody else wrote, in document order.
    pub parts: Vec<Part>,
}

/// A part of a value with a writer of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Part {
    /// Where.
    pub pointer: Pointer,
    /// Who wrote it.
    pub written_by: Origin,
}

impl Template {
    /// Who wrote the value at `at`, the parts of it that others wrote, and the edits that led there.
    /// Edits of an open transaction are not part of the history yet.
    pub fn explain(&self, at: &Pointer) -> Explanation {
        let value = at.resolve(&self.document);
        let written_by = value.map(|_| Origin::from(self.owners.writer(at)));
        let mut parts = Vec::new();
        if let (Some(value), Some(writer)) = (value, &written_by)
            && self.owners.below(at).next().is_some()
        {
            collect_parts(&self.owners, value, &mut at.clone(), writer, &mut parts);
        }
        let history = self.history(at);
        Explanation { pointer: at.clone(), value: value.cloned(), written_by, history, parts }
    }

    /// The committed edits that touched the value now at `at`. Read backwards, since an index of a
    /// list means something else before each insertion into it or removal from it.
    fn history(&self, at: &Pointer) -> Vec<Edit> {
        let mut history = Vec::new();
        let mut at = at.clone();
        for edit in self.edits.iter().rev() {
            let inserted = edit.before.is_none();
            if at.starts_with(&edit.pointer) {
                if edit.in_list && edit.after.is_none() {
                    // Another element was removed here, and the one asked about moved into its place.
                    at = shifted(&at, &edit.pointer, 1).unwrap_or(at);
                    continue;
                }
                history.push(edit.clone());
                if edit.in_list && inserted {
                    break;
                }
            } else if edit.in_list && (inserted || edit.after.is_none()) {
                let by = if inserted { -1 } else { 1 };
                at = shifted(&at, &edit.pointer, by).unwrap_or(at);
            }
        }
        history.reverse();
        history
    }
}

/// `at` with the index that stands after `element`'s in the same list moved by `by`; none when `at`
/// is not in that list or stands before the element.
fn shifted(at: &Pointer, element: &Pointer, by: isize) -> Option<Pointer> {
    let list = element.parent()?;
    let changed = index(&element.last()?)?;
    let depth = list.depth();
    if !at.starts_with(&list) || at.depth() <= depth {
        return None;
    }
    let position = index(&at.tokens().nth(depth)?)?;
    if position < changed {
        return None;
    }
    let mut moved = list;
    moved.push(&position.checked_add_signed(by)?.to_string());
    at.raw_tokens().skip(depth + 1).for_each(|token| moved.push_raw(token));
    Some(moved)
}

/// Walks the document and not the marks, so that the parts come in its order.
fn collect_parts(
    owners: &Owners,
    value: &Value,
    at: &mut Pointer,
    around: &Origin,
    parts: &mut Vec<Part>,
) {
    let mut visit = |token: &str, value: &Value| {
        at.push(token);
        let writer = owners.mark(at).map(|writer| Origin::Plugin(writer.clone()));
        match writer.filter(|writer| writer != around) {
            Some(writer) => {
                parts.push(Part { pointer: at.clone(), written_by: writer.clone() });
                collect_parts(owners, value, at, &writer, parts);
            }
            None => collect_parts(owners, value, at, around, parts),
        }
        at.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| visit(name, value)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                visit(&index.to_string(), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
