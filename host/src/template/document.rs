//! Elementary operations on a JSON document by pointer, and how each is undone.
//!
//! Knows nothing of plugins or conflicts. Every operation and its undoing keep the order of keys.

use serde_json::{Map, Value};

use super::error::EditError;
use super::merge::{Change, difference};
use super::pointer::{Pointer, index, step, step_mut};

/// Levels a template may have. CloudFormation itself stops earlier; this protects the recursion of
/// whoever walks the document, a guest's JSON reader included (`serde_json` stops at 128).
pub(super) const MAX_DEPTH: usize = 100;

/// What an addition or replacement at `at` changes in `document`: missing objects on the way are
/// made, `-` is the place after a list's end, and a missing list whose `-` is named is made too.
pub(super) fn changes_of_set(
    document: &Value,
    at: &Pointer,
    value: Value,
) -> Result<Vec<Change>, EditError> {
    let mut current = document;
    for (depth, token) in at.tokens().enumerate() {
        let next = match current {
            Value::Object(map) => map.get(token.as_ref()),
            Value::Array(list) => {
                let position = if token == "-" { Some(list.len()) } else { index(&token) };
                match position.filter(|position| *position <= list.len()) {
                    Some(position) if position == list.len() => {
                        let place = at.truncated(depth).child(&position.to_string());
                        return Ok(vec![Change::Insert(place, nested(at, depth + 1, value))]);
                    }
                    Some(position) => Some(&list[position]),
                    None => {
                        return Err(EditError::BadIndex {
                            pointer: at.clone(),
                            list: at.truncated(depth),
                            length: list.len(),
                            token: token.into_owned(),
                        });
                    }
                }
            }
            scalar => {
                return Err(EditError::ScalarParent {
                    pointer: at.clone(),
                    scalar: at.truncated(depth),
                    kind: kind(scalar),
                });
            }
        };
        match next {
            Some(next) => current = next,
            None => {
                let place = at.truncated(depth + 1);
                return Ok(vec![Change::Insert(place, nested(at, depth + 1, value))]);
            }
        }
    }
    let mut changes = Vec::new();
    difference(&mut at.clone(), current, value, &mut changes);
    Ok(changes)
}

/// `value` below new objects for the tokens of `at` from `depth` on.
fn nested(at: &Pointer, depth: usize, value: Value) -> Value {
    let missing: Vec<_> = at.tokens().skip(depth).collect();
    missing.into_iter().rev().fold(value, |inner, token| {
        if token == "-" {
            Value::Array(vec![inner])
        } else {
            Value::Object(Map::from_iter([(token.into_owned(), inner)]))
        }
    })
}

/// Where an added value came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// In an object.
    Key,
    /// At a list's end.
    Last,
    /// Before other elements of a list, which moved.
    Between,
}

/// Adds `value` at a place that [`changes_of_set`] found free.
pub(super) fn insert(document: &mut Value, at: &Pointer, value: Value) -> Added {
    let last = at.last().expect("the root is never inserted");
    match parent_mut(document, at) {
        Value::Array(list) => {
            let position = index(&last).expect("changes name list elements by index");
            list.insert(position, value);
            if position + 1 == list.len() { Added::Last } else { Added::Between }
        }
        Value::Object(map) => {
            map.insert(last.into_owned(), value);
            Added::Key
        }
        scalar => unreachable!("{} has no children", kind(scalar)),
    }
}

/// Puts `value` in place of the one at `at`, which is returned.
pub(super) fn swap(document: &mut Value, at: &Pointer, value: Value) -> Value {
    std::mem::replace(value_mut(document, at), value)
}

/// A value that was taken out of a document, with its place among its siblings.
pub(super) struct Taken {
    pub(super) value: Value,
    pub(super) position: usize,
    pub(super) in_list: bool,
    /// Whether it stood before other elements of a list, which moved.
    pub(super) between: bool,
}

/// Takes the value at `at`, which is there and not the root, out of the document.
pub(super) fn take(document: &mut Value, at: &Pointer) -> Taken {
    let last = at.last().expect("the root is never removed");
    match parent_mut(document, at) {
        Value::Array(list) => {
            let position = index(&last).expect("changes name list elements by index");
            let value = list.remove(position);
            Taken { value, position, in_list: true, between: position < list.len() }
        }
        Value::Object(map) => {
            let position = map.keys().position(|name| *name == last).expect("the key is there");
            let value = map.shift_remove(last.as_ref()).expect("the key is there");
            Taken { value, position, in_list: false, between: false }
        }
        scalar => unreachable!("{} has no children", kind(scalar)),
    }
}

/// Undoes [`take`]. True when it now stands before other elements of a list, which moved.
pub(super) fn put_back(document: &mut Value, at: &Pointer, position: usize, value: Value) -> bool {
    let last = at.last().expect("the root is never removed");
    match parent_mut(document, at) {
        Value::Array(list) => {
            list.insert(position, value);
            position + 1 < list.len()
        }
        Value::Object(map) => {
            map.shift_insert(position, last.into_owned(), value);
            false
        }
        scalar => unreachable!("{} has no children", kind(scalar)),
    }
}

fn parent_mut<'a>(document: &'a mut Value, at: &Pointer) -> &'a mut Value {
    at.tokens()
        .take(at.depth() - 1)
        .try_fold(document, |value, token| step_mut(value, &token))
        .expect("a change names a place whose parent is there")
}

fn value_mut<'a>(document: &'a mut Value, at: &Pointer) -> &'a mut Value {
    at.tokens()
        .try_fold(document, |value, token| step_mut(value, &token))
        .expect("a replacement names a place that is there")
}

/// Whether there is a value at `at`.
pub(super) fn contains(document: &Value, at: &Pointer) -> bool {
    at.tokens().try_fold(document, |value, token| step(value, &token)).is_some()
}

/// What a value is, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// How deep a value nests and about how many bytes it takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) depth: usize,
    pub(crate) bytes: usize,
}

/// Weighs `value`: near enough to its JSON text for limits, at no cost worth naming.
pub(crate) fn weigh(value: &Value) -> Weight {
    // A `Value` takes 32 bytes of memory where its text may take one, so each counts as that.
    let own = size_of::<Value>();
    let sum = |total: Weight, child: Weight| Weight {
        depth: total.depth.max(child.depth + 1),
        bytes: total.bytes + child.bytes,
    };
    let start = |bytes| Weight { depth: 0, bytes };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => start(own),
        Value::String(text) => start(own + text.len()),
        Value::Array(list) => list.iter().map(weigh).fold(start(own), sum),
        Value::Object(map) => map
            .iter()
            .map(|(name, child)| {
                let child = weigh(child);
                Weight { bytes: child.bytes + name.len() + size_of::<String>(), ..child }
            })
            .fold(start(own), sum),
    }
}
