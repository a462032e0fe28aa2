//! The shared context: one map from key to JSON, kept for one run and handed to every hook of every
//! plugin in order.
//!
//! By convention a key begins with the name of the plugin that writes it: `image.reference`.

use serde::Serialize;
use serde::de::DeserializeOwned;

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
