//! Edits of a JSON document by pointer.

use serde_json::{Map, Value};

/// Sets the value at `pointer`, creating missing parent objects; `-` appends to a list.
pub(super) fn set(document: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let mut target = document;
    for token in tokens(pointer)? {
        if target.is_null() {
            *target = Value::Object(Map::new());
        }
        target = match target {
            Value::Object(members) => members.entry(token).or_insert(Value::Null),
            Value::Array(items) => {
                let index = if token == "-" { Some(items.len()) } else { token.parse().ok() };
                let length = items.len();
                if index == Some(length) {
                    items.push(Value::Null);
                }
                index
                    .and_then(|index| items.get_mut(index))
                    .ok_or_else(|| format!("`{pointer}`: a list of {length} has no `{token}`"))?
            }
            _ => return Err(format!("`{pointer}` leads through a value without members")),
        };
    }
    *target = value;
    Ok(())
}

/// Removes the value at `pointer`; true when it was there.
pub(super) fn remove(document: &mut Value, pointer: &str) -> Result<bool, String> {
    let mut path = tokens(pointer)?;
    let Some(last) = path.pop() else { return Err("the root cannot be removed".to_owned()) };
    let parent = &pointer[..pointer.rfind('/').unwrap_or_default()];
    Ok(match document.pointer_mut(parent) {
        Some(Value::Object(members)) => members.shift_remove(&last).is_some(),
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    })
}

/// JSON Merge Patch (RFC 7396).
pub(super) fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            members.shift_remove(&key);
        } else {
            merge(members.entry(key).or_insert(Value::Null), value);
        }
    }
}

fn tokens(pointer: &str) -> Result<Vec<String>, String> {
    match pointer.strip_prefix('/') {
        Some(rest) => {
            Ok(rest.split('/').map(|t| t.replace("~1", "/").replace("~0", "~")).collect())
        }
        None if pointer.is_empty() => Ok(Vec::new()),
        None => Err(format!("`{pointer}` is no JSON Pointer: it must begin with `/`")),
    }
}
