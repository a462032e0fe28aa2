//! From what somebody wants to what changes: differences of values, and JSON Merge Patch (RFC 7396).
//!
//! Both give elementary [`Change`]s at the leaves, so that the conflict rule judges exactly what
//! changes and equal parts are no edit.

use serde_json::{Map, Value};

use super::pointer::Pointer;

/// An elementary change of a document. A list of them is applied in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// Adds what is not there: a key, or an element before the one with this index.
    Insert(Pointer, Value),
    /// Replaces the value.
    Replace(Pointer, Value),
    /// Removes the value.
    Remove(Pointer),
}

/// What turns `before`, which stands at `at`, into `after`.
pub(super) fn difference(
    at: &mut Pointer,
    before: &Value,
    after: Value,
    changes: &mut Vec<Change>,
) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for name in before.keys().filter(|name| !after.contains_key(*name)) {
                changes.push(Change::Remove(at.child(name)));
            }
            for (name, value) in after {
                at.push(&name);
                match before.get(&name) {
                    Some(old) => difference(at, old, value, changes),
                    None => changes.push(Change::Insert(at.clone(), value)),
                }
                at.pop();
            }
        }
        (Value::Array(before), Value::Array(after)) => list_difference(at, before, after, changes),
        (before, after) if *before == after => {}
        (_, after) => changes.push(Change::Replace(at.clone(), after)),
    }
}

/// Keeps the common beginning and end of both lists, pairs what lies between and inserts or removes
/// the rest: an element added by somebody at either end is then nobody else's change.
fn list_difference(
    at: &mut Pointer,
    before: &[Value],
    after: Vec<Value>,
    changes: &mut Vec<Change>,
) {
    let shorter = before.len().min(after.len());
    let start = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let end = (before.iter().rev().zip(after.iter().rev()))
        .take(shorter - start)
        .take_while(|(old, new)| old == new)
        .count();
    let (old_end, new_end) = (before.len() - end, after.len() - end);

    // From the back, so that the indices of what is still to be removed stay right.
    for index in (start..old_end).skip(new_end - start).rev() {
        changes.push(Change::Remove(at.child(&index.to_string())));
    }
    let middle = after.into_iter().enumerate().take(new_end).skip(start);
    for (index, value) in middle {
        at.push(&index.to_string());
        if index < old_end {
            difference(at, &before[index], value, changes);
        } else {
            changes.push(Change::Insert(at.clone(), value));
        }
        at.pop();
    }
}

/// What applying the JSON Merge Patch `patch` to `target`, which stands at `at`, changes.
pub(super) fn patch_changes(at: &Pointer, target: &Value, patch: Value, changes: &mut Vec<Change>) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                match (target.get(&name), value) {
                    (None, Value::Null) => {}
                    (Some(_), Value::Null) => changes.push(Change::Remove(at.child(&name))),
                    (Some(old), value) => patch_changes(&at.child(&name), old, value, changes),
                    (None, value) => {
                        changes.push(Change::Insert(at.child(&name), patched_nothing(value)));
                    }
                }
            }
        }
        (target, patch) => difference(&mut at.clone(), target, patched_nothing(patch), changes),
    }
}

/// The result of a merge patch where nothing is: the patch without its removals.
pub(super) fn patched_nothing(patch: Value) -> Value {
    match patch {
        Value::Object(patch) => Value::Object(
            patch
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, patched_nothing(value)))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn difference_of(before: &Value, after: Value) -> Vec<String> {
        let mut changes = Vec::new();
        difference(&mut Pointer::root(), before, after, &mut changes);
        let shown = |change| match change {
            Change::Insert(at, value) => format!("+{at} {value}"),
            Change::Replace(at, value) => format!("~{at} {value}"),
            Change::Remove(at) => format!("-{at}"),
        };
        changes.into_iter().map(shown).collect()
    }

    #[test]
    fn differences_are_as_deep_as_can_be() {
        let before = json!({"a": {"x": 1, "y": [1]}, "b": 2});
        assert_eq!(difference_of(&before, before.clone()), Vec::<String>::new());
        assert_eq!(
            difference_of(&before, json!({"a": {"y": [2], "x": 1}, "c": {}})),
            ["-/b", "~/a/y/0 2", "+/c {}"]
        );
        assert_eq!(difference_of(&before, json!([])), ["~ []"]);
    }

    #[test]
    fn lists_keep_what_is_equal_at_both_ends() {
        assert_eq!(difference_of(&json!([1, 2, 3]), json!([1, 3])), ["-/1"]);
        assert_eq!(difference_of(&json!([1, 2]), json!([0, 1, 2])), ["+/0 0"]);
        assert_eq!(difference_of(&json!([1, 2, 9]), json!([1, 3, 4, 9])), ["~/1 3", "+/2 4"]);
        assert_eq!(difference_of(&json!([1, 2, 3, 4]), json!([5])), ["-/3", "-/2", "-/1", "~/0 5"]);
        assert_eq!(difference_of(&json!([1, 1, 1]), json!([1, 1])), ["-/2"]);
    }
}
