//! The CloudFormation template: read in `template-decorate`, `template-validate` and
//! `post-provision`, edited in `template-decorate`.
//!
//! Work by pointer: reading one property of a large template costs a microsecond, the whole document
//! milliseconds. A plugin that calls none of the editing functions does not import them, so its type
//! shows that it cannot edit.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Failure, Pointer, Result, wire};

/// Logical ids of all resources, in document order.
#[must_use]
pub fn logical_ids() -> Vec<String> {
    wire::template_view::logical_ids(None)
}

/// Logical ids of the resources of one type, such as `AWS::SQS::Queue`, in document order.
#[must_use]
pub fn resources_of_type(resource_type: &str) -> Vec<String> {
    wire::template_view::logical_ids(Some(resource_type))
}

/// The type of a resource; none when there is no such resource.
#[must_use]
pub fn resource_type(logical_id: &str) -> Option<String> {
    let json = wire::template_view::get(Pointer::resource(logical_id).join("Type").as_str())?;
    // Types hold no character that JSON escapes: the text between the quotes is the type.
    Some(json.trim_matches('"').to_owned())
}

/// The value at `pointer`, or none.
///
/// # Errors
/// When the value is not a `T`; the failure names the place.
pub fn get<T: DeserializeOwned>(pointer: impl AsRef<str>) -> Result<Option<T>> {
    let pointer = pointer.as_ref();
    let Some(json) = wire::template_view::get(pointer) else { return Ok(None) };
    serde_json::from_str(&json).map(Some).map_err(|error| {
        Failure::new(
            "unexpected-value",
            format!("the template's `{pointer}` is not what this plugin reads: {error}"),
        )
    })
}

/// True when there is a value at `pointer`.
#[must_use]
pub fn has(pointer: impl AsRef<str>) -> bool {
    wire::template_view::get(pointer.as_ref()).is_some()
}

/// The whole document. Costs an order of magnitude more than [`get`].
///
/// # Errors
/// Never in practice: the host sends JSON.
pub fn document() -> Result<Value> {
    Ok(serde_json::from_str(&wire::template_view::document())?)
}

/// Sets the value at `pointer`, creating missing parent objects; [`Pointer::end`] appends to a list.
///
/// # Errors
/// When it would change a value that another plugin wrote, or leads through a text or number.
pub fn set(pointer: impl AsRef<str>, value: &(impl Serialize + ?Sized)) -> Result {
    let json = serde_json::to_string(value)?;
    wire::template_edit::set(pointer.as_ref(), &json).map_err(Failure::from_wire)
}

/// Sets many values, all or none.
///
/// # Errors
/// As [`set`], for the first that fails.
pub fn set_all(edits: impl IntoIterator<Item = (Pointer, impl Serialize)>) -> Result {
    let text =
        |(pointer, value): (Pointer, _)| Ok((pointer.into(), serde_json::to_string(&value)?));
    let edits: Vec<(String, String)> = edits.into_iter().map(text).collect::<Result<_>>()?;
    if edits.is_empty() {
        return Ok(());
    }
    wire::template_edit::set_all(&edits).map_err(Failure::from_wire)
}

/// Adds a resource.
///
/// # Errors
/// When the logical id is taken.
pub fn add_resource(logical_id: &str, resource: &impl Serialize) -> Result {
    add("Resources", logical_id, resource)
}

/// Adds an output.
///
/// # Errors
/// When the key is taken.
pub fn add_output(key: &str, output: &impl Serialize) -> Result {
    add("Outputs", key, output)
}

/// Adds an entry to any section: `Resources`, `Outputs`, `Parameters`, `Mappings`, `Conditions`.
///
/// # Errors
/// When the id is taken in the section.
pub fn add(section: &str, id: &str, value: &impl Serialize) -> Result {
    let json = serde_json::to_string(value)?;
    wire::template_edit::add(section, id, &json).map_err(Failure::from_wire)
}

/// Applies a JSON Merge Patch (RFC 7396) at `pointer`.
///
/// # Errors
/// As [`set`].
pub fn merge(pointer: impl AsRef<str>, patch: &impl Serialize) -> Result {
    let json = serde_json::to_string(patch)?;
    wire::template_edit::merge(pointer.as_ref(), &json).map_err(Failure::from_wire)
}

/// Removes the value at `pointer`; true when it was there.
///
/// # Errors
/// When another plugin wrote it.
pub fn remove(pointer: impl AsRef<str>) -> Result<bool> {
    wire::template_edit::remove(pointer.as_ref()).map_err(Failure::from_wire)
}

/// Replaces the whole document; the host journals the difference. Prefer the other edits.
///
/// # Errors
/// As [`set`].
pub fn replace(document: &impl Serialize) -> Result {
    let json = serde_json::to_string(document)?;
    wire::template_edit::replace(&json).map_err(Failure::from_wire)
}
