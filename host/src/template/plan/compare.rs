//! Where two values differ, as deep as that can be told.

use std::borrow::Cow;

use serde_json::Value;

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference<'a> {
    /// Names and indices from the compared values down to it.
    pub(super) path: Vec<Cow<'a, str>>,
    pub(super) before: Option<&'a Value>,
    pub(super) after: Option<&'a Value>,
}

/// All differences, in the order of `after`, removals last at each level.
///
/// Lists of equal length are compared element by element; others differ as a whole, since which
/// element became which cannot be told. So do functions: `{"Ref": "A"}` is one value.
pub(super) fn differences<'a>(before: &'a Value, after: &'a Value) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(&mut Vec::new(), before, after, &mut found);
    found
}

fn compare<'a>(
    path: &mut Vec<Cow<'a, str>>,
    before: &'a Value,
    after: &'a Value,
    found: &mut Vec<Difference<'a>>,
) {
    match (before, after) {
        // Most of two templates is equal, in the same order: no key needs to be looked up.
        (Value::Object(old), Value::Object(new))
            if old.keys().eq(new.keys()) && !is_function(before) =>
        {
            for ((name, old), new) in old.iter().zip(new.values()) {
                path.push(Cow::Borrowed(name));
                compare(path, old, new, found);
                path.pop();
            }
        }
        (Value::Object(old), Value::Object(new)) if !is_function(before) && !is_function(after) => {
            for (name, old, new) in super::pairs(Some(old), Some(new)) {
                path.push(Cow::Borrowed(name));
                match (old, new) {
                    (Some(old), Some(new)) => compare(path, old, new, found),
                    (before, after) => found.push(Difference { path: path.clone(), before, after }),
                }
                path.pop();
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                path.push(Cow::Owned(index.to_string()));
                compare(path, old, new, found);
                path.pop();
            }
        }
        (before, after) if before == after => {}
        (before, after) => {
            found.push(Difference { path: path.clone(), before: Some(before), after: Some(after) });
        }
    }
}

fn is_function(value: &Value) -> bool {
    value.as_object().is_some_and(|map| {
        map.len() == 1 && map.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
    })
}
