//! What a change means for its resource, and for the resources that refer to a replaced one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::cause::Causes;
use super::compare::Difference;
use super::{PropertyChange, Replacement, ResourceChange, Spec, section};
use crate::template::pointer::{Pointer, index};
use crate::template::references::{self, Kind, Reference};

/// Adds a difference to a resource's change.
pub(super) fn judge(
    change: &mut ResourceChange,
    difference: &Difference<'_>,
    caused_by: String,
    spec: &dyn Spec,
) {
    let resource_type = change.resource_type.as_str();
    let path: Vec<&str> = difference.path.iter().map(AsRef::as_ref).collect();
    let replacement = match path.as_slice() {
        ["Type"] => Replacement::Always,
        ["Properties", property @ ..] => {
            let values = [difference.before, difference.after];
            values.into_iter().flatten().fold(
                of_ancestors(spec, resource_type, property),
                |so_far, value| {
                    so_far.max(of_parts(spec, resource_type, &mut names(property), value))
                },
            )
        }
        _ => Replacement::Never,
    };
    let in_code = matches!(path.as_slice(), ["Properties"] | ["Properties", "Code", ..]);
    if resource_type == "AWS::Lambda::Function" && in_code {
        change.code = true;
    }
    let (before, after) = (difference.before.cloned(), difference.after.cloned());
    let replaces = replacement == Replacement::Always;
    let path = path.join(".");
    add(
        change,
        replacement,
        PropertyChange { path, before, after, replaces, through: None, caused_by },
    );
}

/// Marks what refers to replaced resources: the text is the same, what it comes to is not. Goes on to
/// what refers to those that may be replaced for that reason, and so on.
pub(super) fn follow(
    before: &Value,
    after: &Value,
    resources: &mut Vec<ResourceChange>,
    causes: &Causes<'_>,
    spec: &dyn Spec,
) {
    let mut waiting: Vec<String> = resources
        .iter()
        .filter(|change| change.replacement > Replacement::Never)
        .map(|change| change.logical_id.clone())
        .collect();
    if waiting.is_empty() {
        return;
    }
    let users = users(after);
    let old = section(before, "Resources");
    let mut known: HashMap<String, usize> = (resources.iter().enumerate())
        .map(|(position, change)| (change.logical_id.clone(), position))
        .collect();
    // Each resource enters at most once: when its replacement first becomes possible.
    let mut next = 0;
    while next < waiting.len() {
        let replaced = waiting[next].clone();
        next += 1;
        for (id, reference) in users.get(&replaced).into_iter().flatten() {
            // A new resource has no old value of the reference.
            if *id == replaced || !old.is_some_and(|old| old.contains_key(id)) {
                continue;
            }
            let position = *known.entry(id.clone()).or_insert_with(|| {
                resources.push(unchanged(id, after));
                resources.len() - 1
            });
            let change = &mut resources[position];
            let possible = change.replacement > Replacement::Never;
            refer(change, reference, &replaced, after, causes, spec);
            if !possible && change.replacement > Replacement::Never {
                waiting.push(id.clone());
            }
        }
    }
}

/// Adds to `change` that one of its references comes to something new.
fn refer(
    change: &mut ResourceChange,
    reference: &Reference,
    replaced: &str,
    after: &Value,
    causes: &Causes<'_>,
    spec: &dyn Spec,
) {
    // `/Resources/Id/Properties/Name/Fn::Sub/0`: the value is what stands above the function.
    let tokens: Vec<Cow<'_, str>> = reference.at.tokens().skip(2).collect();
    let end = tokens.iter().position(|token| token == "Ref" || token.starts_with("Fn::"));
    let path: Vec<&str> = tokens[..end.unwrap_or(tokens.len())].iter().map(AsRef::as_ref).collect();
    let name = path.join(".");
    if change.properties.iter().any(|known| known.path == name) {
        return;
    }
    let property = path.get(1..).unwrap_or_default();
    // Whether the value really becomes another is known only when the cloud has made it.
    let replacement =
        of_ancestors(spec, &change.resource_type, property).min(Replacement::Conditional);
    let value = reference.at.truncated(2 + path.len());
    let caused_by = causes.writer(&value).to_owned();
    let value = value.resolve(after).cloned();
    add(
        change,
        replacement,
        PropertyChange {
            path: name,
            before: value.clone(),
            after: value,
            replaces: false,
            through: Some(replaced.to_owned()),
            caused_by,
        },
    );
}

fn add(change: &mut ResourceChange, replacement: Replacement, property: PropertyChange) {
    if replacement > Replacement::Never {
        change.replaced_by.push(property.path.clone());
    }
    change.replacement = change.replacement.max(replacement);
    if !change.caused_by.contains(&property.caused_by) {
        change.caused_by.push(property.caused_by.clone());
    }
    change.properties.push(property);
}

/// For each resource, who refers to it in its properties.
fn users(after: &Value) -> BTreeMap<String, Vec<(String, Reference)>> {
    let mut users: BTreeMap<String, Vec<(String, Reference)>> = BTreeMap::new();
    for (id, resource) in section(after, "Resources").into_iter().flatten() {
        let at = Pointer::of(["Resources", id, "Properties"]);
        for reference in references::in_value(&resource["Properties"], &at) {
            if matches!(reference.kind, Kind::Ref | Kind::GetAtt | Kind::Sub) {
                users.entry(reference.target.clone()).or_default().push((id.clone(), reference));
            }
        }
    }
    users
}

fn unchanged(id: &str, after: &Value) -> ResourceChange {
    let resource_type = after["Resources"][id]["Type"].as_str().unwrap_or_default();
    ResourceChange::unchanged(id, resource_type)
}

/// What a change at `property` means by it and by each property round it.
fn of_ancestors(spec: &dyn Spec, resource_type: &str, property: &[&str]) -> Replacement {
    let names = names(property);
    (1..=names.len())
        .map(|end| spec.replacement(resource_type, &names[..end]))
        .max()
        .unwrap_or_default()
}

/// What the coming or going of `value` means by the parts of it.
fn of_parts<'a>(
    spec: &dyn Spec,
    resource_type: &str,
    path: &mut Vec<&'a str>,
    value: &'a Value,
) -> Replacement {
    let mut part = |name: &'a str, value: &'a Value| {
        path.push(name);
        let found =
            spec.replacement(resource_type, path).max(of_parts(spec, resource_type, path, value));
        path.pop();
        found
    };
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| part(name, value)).max(),
        Value::Array(list) => list.iter().map(|value| part("*", value)).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
    .unwrap_or_default()
}

/// A path as a [`Spec`] wants it.
fn names<'a>(property: &[&'a str]) -> Vec<&'a str> {
    property.iter().map(|name| if index(name).is_some() { "*" } else { name }).collect()
}
