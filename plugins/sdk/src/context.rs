//! The shared context: one map from key to JSON, kept for one run and handed to every hook of every
//! plugin in order.
//!
//! By convention a key begins with the name of the plugin that writes it: `image.reference`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Failure, Result, wire};

/// The value of `key`, or none.
///
/// # Errors
/// When the value is not a `T`; the failure names the key.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    let Some(json) = wire::context::get(key) else { return Ok(None) };
    serde_json::from_str(&json).map(Some).map_err(|error| {
        Failure::new(
            "unexpected-value",
            format!("the context's `{key}` is not what this plugin reads: {error}"),
        )
    })
}

/// Sets `key`.
///
/// # Errors
/// When it would change a value that another plugin wrote, or over the size limit.
pub fn set(key: &str, value: &(impl Serialize + ?Sized)) -> Result {
    let json = serde_json::to_string(value)?;
    wire::context::set(key, &json).map_err(Failure::from_wire)
}

/// Removes `key`; true when it was there.
///
/// # Errors
/// When another plugin wrote it.
pub fn remove(key: &str) -> Result<bool> {
    wire::context::remove(key).map_err(Failure::from_wire)
}

/// All keys, sorted.
#[must_use]
pub fn keys() -> Vec<String> {
    wire::context::keys()
}

/// The value that another plugin left at `path`: a key, or a key and a dotted path into its value.
/// `image.reference` is the value of the key `image.reference`, or else the member `reference` of the
/// value of `image`.
///
/// ```
/// use phalanx_plugin::{Result, context, json, testing::Host};
///
/// let image = json!({ "reference": "registry.example.com/orders:1" });
/// let mut host = Host::new().context_value("image", image);
/// let read = || -> Result<String> { context::require("image.reference") };
/// let reference = host.run(|_: &phalanx_plugin::Value| read()).unwrap();
/// assert_eq!(reference, "registry.example.com/orders:1");
/// ```
///
/// # Errors
/// When there is no such value, which mostly means that the plugin which sets it comes later in the
/// manifest, or when it is not a `T`.
pub fn require<T: DeserializeOwned>(path: &str) -> Result<T> {
    // The longest key wins: a key may itself have dots.
    let ends = path.rmatch_indices('.').map(|(end, _)| end);
    let keys = std::iter::once(path.len()).chain(ends).map(|end| &path[..end]);
    for key in keys {
        let Some(value) = get::<Value>(key)? else { continue };
        let rest = path[key.len()..].trim_start_matches('.');
        let found = member(&value, rest).map_err(|problem| {
            Failure::new("no-context-value", format!("the context's `{key}` {problem}"))
                .with_hint(format!("`{path}` names a key of the context and a path in its value"))
        })?;
        return serde_json::from_value(found.clone()).map_err(|error| {
            Failure::new(
                "unexpected-value",
                format!("the context's `{path}` is not what this plugin reads: {error}"),
            )
        });
    }
    let first = path.split('.').next().unwrap_or(path);
    let known = match keys_in_words() {
        words if words.is_empty() => "it is empty".to_owned(),
        words => format!("it has {words}"),
    };
    Err(Failure::new("no-context-value", format!("the context has no `{path}`; {known}"))
        .with_hint(format!(
            "plugins run in the order of the manifest: the one that sets `{first}` must come before \
             this one"
        )))
}

/// The member of `value` at a dotted path, or the rest of a sentence that says what is missing.
fn member<'a>(value: &'a Value, path: &str) -> Result<&'a Value, String> {
    let mut value = value;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let inner = match value {
            Value::Object(members) => members.get(name),
            Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        value = inner.ok_or_else(|| match value {
            Value::Object(members) => {
                format!("has no `{name}`; it has {}", in_words(members.keys().map(String::as_str)))
            }
            Value::Array(items) => format!("has no `{name}`: it is a list of {}", items.len()),
            other => format!("has no `{name}`: it is {other}"),
        })?;
    }
    Ok(value)
}

fn keys_in_words() -> String {
    let keys = keys();
    in_words(keys.iter().map(String::as_str))
}

/// `` `a`, `b` ``
fn in_words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::testing::Host;

    fn read(host: Host, path: &str) -> Result<Value> {
        let mut host = host;
        host.run(|_: &Value| require(path))
    }

    fn host() -> Host {
        Host::new()
            .context_value("image", json!({ "reference": "a/b:1", "layers": [{ "id": 7 }] }))
            .context_value("image.tag", json!("dotted"))
    }

    #[test]
    fn a_path_leads_into_the_value_of_the_longest_key() {
        assert_eq!(read(host(), "image.reference").unwrap(), "a/b:1");
        assert_eq!(read(host(), "image.layers.0.id").unwrap(), 7);
        assert_eq!(read(host(), "image.tag").unwrap(), "dotted");
        assert_eq!(read(host(), "image").unwrap()["reference"], "a/b:1");
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_there() {
        let told = |host, path| format!("{:?}", read(host, path).unwrap_err());
        assert_eq!(
            told(Host::new(), "image.reference"),
            "[no-context-value] the context has no `image.reference`; it is empty (hint: plugins run \
             in the order of the manifest: the one that sets `image` must come before this one)"
        );
        assert_eq!(
            told(host(), "picture"),
            "[no-context-value] the context has no `picture`; it has `image`, `image.tag` (hint: \
             plugins run in the order of the manifest: the one that sets `picture` must come before \
             this one)"
        );
        assert_eq!(
            told(host(), "image.digest"),
            "[no-context-value] the context's `image` has no `digest`; it has `reference`, `layers` \
             (hint: `image.digest` names a key of the context and a path in its value)"
        );
        assert_eq!(
            told(host(), "image.reference.x"),
            "[no-context-value] the context's `image` has no `x`: it is \"a/b:1\" (hint: \
             `image.reference.x` names a key of the context and a path in its value)"
        );
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        let failure = host().run(|_: &Value| require::<u32>("image.reference")).unwrap_err();
        assert_eq!(
            failure.message(),
            "the context's `image.reference` is not what this plugin reads: invalid type: string \
             \"a/b:1\", expected u32"
        );
    }
}
