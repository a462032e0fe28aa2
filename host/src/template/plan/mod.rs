//! The plan: what a deployment would change, resource by resource, and who caused it.
//!
//! [`plan`] compares the template that is deployed with the one that is to be. It works on texts: what
//! functions and parameters come to is the cloud's to say. What replaces a resource is told by a
//! [`Spec`]. How a plan is shown is the binary's matter.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

mod cause;
mod compare;
mod replace;
#[cfg(test)]
mod tests;
mod values;
mod verdict;

pub use values::depends_on_more;
pub use verdict::Verdict;

use cause::Causes;
use compare::{Difference, differences};

use super::journal::Edit;
use super::pointer::Pointer;

/// What replaces a resource, by its type.
pub trait Spec {
    /// Whether changing the property replaces the resource. The path is that of names below
    /// `Properties`; `*` stands for an element of a list. A path nobody knows is `Never`.
    fn replacement(&self, resource_type: &str, property_path: &[&str]) -> Replacement;
    /// Whether a resource of this type keeps data that dies with it.
    fn stateful(&self, resource_type: &str) -> bool;
}

/// Whether a change replaces its resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// It does not.
    #[default]
    Never,
    /// The cloud decides when it carries out the change.
    Conditional,
    /// It does.
    Always,
}

/// What a deployment would change. In the order of the new template, removals last.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// Changes of resources.
    pub resources: Vec<ResourceChange>,
    /// Changes of outputs.
    pub outputs: Vec<EntryChange>,
    /// Changes of parameters.
    pub parameters: Vec<EntryChange>,
    /// Changes of everything else, such as conditions and the description.
    pub other: Vec<EntryChange>,
    /// Changes of the parameters' values, of a stack that is there.
    pub values: Vec<EntryChange>,
    /// Changes of the stack's tags, of a stack that is there.
    pub tags: Vec<EntryChange>,
    /// Plugins in the order in which they worked on the template.
    #[serde(skip)]
    plugins: Vec<Arc<str>>,
}

/// What happens to a resource or another entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is new.
    Add,
    /// It changes and stays.
    Modify,
    /// A new one takes its place.
    Replace,
    /// It goes.
    Remove,
}

/// What happens to one resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResourceChange {
    /// Its logical id.
    pub logical_id: String,
    /// Its type: the new one, when that changes.
    pub resource_type: String,
    /// What happens.
    pub action: Action,
    /// What changes of it. Empty when it is added or removed.
    pub properties: Vec<PropertyChange>,
    /// True when a Lambda function's code changes.
    pub code: bool,
    /// Whether it is replaced.
    pub replacement: Replacement,
    /// The paths of the changes that replace it, or may.
    pub replaced_by: Vec<String>,
    /// True when data is lost: a resource that keeps data is removed or replaced, and its policy for
    /// that is neither `Retain` nor `Snapshot`.
    pub destructive: bool,
    /// `service`, or the plugins that wrote what changes; in order of appearance.
    pub caused_by: Vec<String>,
}

impl ResourceChange {
    /// A change of a resource of which nothing has changed yet.
    fn unchanged(logical_id: &str, resource_type: &str) -> Self {
        Self {
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            action: Action::Modify,
            properties: Vec::new(),
            code: false,
            replacement: Replacement::Never,
            replaced_by: Vec::new(),
            destructive: false,
            caused_by: Vec::new(),
        }
    }
}

/// What changes of a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PropertyChange {
    /// Where below the resource, such as `Properties.Tags.0.Value` or `DeletionPolicy`.
    pub path: String,
    /// The old value; none when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The new value; none when it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// True when this change certainly replaces the resource.
    pub replaces: bool,
    /// The resource whose replacement changes this value, although the text is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// `service`, or the plugin that wrote it.
    pub caused_by: String,
}

/// What happens to an entry that is no resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EntryChange {
    /// Its name; with its section in front where it is not clear, such as `Conditions.IsProd`.
    pub name: String,
    /// What happens.
    pub action: Action,
    /// The old value; none when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The new value; none when it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// `service`, or the plugin that wrote it.
    pub caused_by: String,
}

/// The changes that one plugin, or the service, caused.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CauseGroup<'a> {
    /// `service`, or the plugin's name.
    pub cause: &'a str,
    /// Resources in whose change it has a part.
    pub resources: Vec<&'a ResourceChange>,
    /// Other entries that it changes.
    pub entries: Vec<&'a EntryChange>,
}

/// The cause of what no plugin wrote.
pub const SERVICE: &str = "service";

impl Plan {
    /// True when nothing would change.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.entries().next().is_none()
    }

    /// True when data would be lost.
    pub fn is_destructive(&self) -> bool {
        self.resources.iter().any(|change| change.destructive)
    }

    /// Outputs, parameters and the rest.
    pub fn entries(&self) -> impl Iterator<Item = &EntryChange> {
        let Self { outputs, parameters, other, values, tags, .. } = self;
        outputs.iter().chain(parameters).chain(values).chain(tags).chain(other)
    }

    /// The changes by who caused them: the service first, then plugins in the order in which they
    /// worked on the template. A resource with several causes is in each of their groups.
    pub fn by_cause(&self) -> Vec<CauseGroup<'_>> {
        let mut groups =
            vec![CauseGroup { cause: SERVICE, resources: Vec::new(), entries: Vec::new() }];
        for change in &self.resources {
            for cause in &change.caused_by {
                group(&mut groups, cause).resources.push(change);
            }
        }
        for change in self.entries() {
            group(&mut groups, &change.caused_by).entries.push(change);
        }
        groups.retain(|group| !group.resources.is_empty() || !group.entries.is_empty());
        // None, which is the service, comes first.
        groups.sort_by_key(|group| self.plugins.iter().position(|name| **name == *group.cause));
        groups
    }
}

fn group<'a, 'b>(groups: &'b mut Vec<CauseGroup<'a>>, cause: &'a str) -> &'b mut CauseGroup<'a> {
    let position = groups.iter().position(|group| group.cause == cause).unwrap_or_else(|| {
        groups.push(CauseGroup { cause, resources: Vec::new(), entries: Vec::new() });
        groups.len() - 1
    });
    &mut groups[position]
}

/// What deploying `after` over `before` (none: nothing is deployed) would change. `edits` is the
/// journal of `after`, which tells who caused what; what nobody wrote, or what a plugin wrote that is
/// no longer used, is the service's.
///
/// Neither the order of keys nor the stamp at `/Metadata/Phalanx` is a change.
pub fn plan(before: Option<&Value>, after: &Value, edits: &[Edit], spec: &dyn Spec) -> Plan {
    let causes = Causes::new(edits);
    let nothing = Value::Null;
    let before = before.unwrap_or(&nothing);

    let mut resources: Vec<_> = pairs(section(before, "Resources"), section(after, "Resources"))
        .filter_map(|(id, old, new)| resource_change(id, old, new, &causes, spec))
        .collect();
    replace::follow(before, after, &mut resources, &causes, spec);
    let places: HashMap<&str, usize> =
        pairs(section(before, "Resources"), section(after, "Resources"))
            .enumerate()
            .map(|(place, (id, ..))| (id, place))
            .collect();
    resources.sort_by_key(|change| places.get(change.logical_id.as_str()));

    let entries = |name: &str| section_changes(name, before, after, &causes, false);
    let other = pairs(before.as_object(), after.as_object()).flat_map(|(name, old, new)| {
        match (name, old, new) {
            ("Resources" | "Outputs" | "Parameters", _, _) => Vec::new(),
            // There is one version only: that a new template names it is no news.
            ("AWSTemplateFormatVersion", None, _) => Vec::new(),
            // Sections are maps of entries, each of which is told by itself.
            (_, None | Some(Value::Object(_)), None | Some(Value::Object(_))) => {
                section_changes(name, before, after, &causes, true)
            }
            _ => entry_change(&[name], name.to_owned(), old, new, &causes).into_iter().collect(),
        }
    });
    let mut plugins: Vec<Arc<str>> = Vec::new();
    for edit in edits {
        if !plugins.contains(&edit.plugin) {
            plugins.push(Arc::clone(&edit.plugin));
        }
    }
    Plan {
        plugins,
        outputs: entries("Outputs"),
        parameters: entries("Parameters"),
        other: other.collect(),
        values: Vec::new(),
        tags: Vec::new(),
        resources,
    }
}

fn resource_change(
    id: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    causes: &Causes<'_>,
    spec: &dyn Spec,
) -> Option<ResourceChange> {
    let at = Pointer::of(["Resources", id]);
    let resource_type = new.or(old)?["Type"].as_str().unwrap_or_default();
    let mut change = ResourceChange::unchanged(id, resource_type);
    match (old, new) {
        (Some(old), Some(new)) => {
            for difference in differences(old, new) {
                let caused_by = causes.of(&at, &difference).to_owned();
                replace::judge(&mut change, &difference, caused_by, spec);
            }
            if change.properties.is_empty() {
                return None;
            }
            if change.replacement == Replacement::Always {
                change.action = Action::Replace;
                change.destructive = is_destructive(old, new, spec);
            }
        }
        (None, Some(_)) => {
            change.action = Action::Add;
            change.caused_by = causes.writers(&at);
        }
        (Some(old), None) => {
            change.action = Action::Remove;
            change.destructive =
                spec.stateful(resource_type) && !keeps_data(old, resource_type, "DeletionPolicy");
            let gone = Difference { path: Vec::new(), before: Some(old), after: None };
            change.caused_by = vec![causes.of(&at, &gone).to_owned()];
        }
        (None, None) => return None,
    }
    Some(change)
}

/// Whether replacing `old` by `new` loses data.
fn is_destructive(old: &Value, new: &Value, spec: &dyn Spec) -> bool {
    let old_type = old["Type"].as_str().unwrap_or_default();
    spec.stateful(old_type) && !keeps_data(new, old_type, "UpdateReplacePolicy")
}

/// Whether a resource's policy keeps its data when it goes.
fn keeps_data(resource: &Value, resource_type: &str, policy: &str) -> bool {
    match resource[policy].as_str() {
        Some(policy) => matches!(policy, "Retain" | "RetainExceptOnCreate" | "Snapshot"),
        // CloudFormation's own default for these two, see its page on the attribute DeletionPolicy.
        None if policy == "DeletionPolicy" => match resource_type {
            "AWS::RDS::DBCluster" => true,
            "AWS::RDS::DBInstance" => resource["Properties"]["DBClusterIdentifier"].is_null(),
            _ => false,
        },
        None => false,
    }
}

fn section_changes(
    name: &str,
    before: &Value,
    after: &Value,
    causes: &Causes<'_>,
    with_section: bool,
) -> Vec<EntryChange> {
    pairs(section(before, name), section(after, name))
        // Phalanx stamps every template with what made it; that changes nothing by itself.
        .filter(|(entry, ..)| (name, *entry) != ("Metadata", "Phalanx"))
        .filter_map(|(entry, old, new)| {
            let shown = if with_section { format!("{name}.{entry}") } else { entry.to_owned() };
            entry_change(&[name, entry], shown, old, new, causes)
        })
        .collect()
}

fn entry_change(
    path: &[&str],
    name: String,
    before: Option<&Value>,
    after: Option<&Value>,
    causes: &Causes<'_>,
) -> Option<EntryChange> {
    let action = match (before, after) {
        (before, after) if before == after => return None,
        (None, _) => Action::Add,
        (_, None) => Action::Remove,
        _ => Action::Modify,
    };
    let whole = Difference { path: Vec::new(), before, after };
    let caused_by = causes.of(&Pointer::of(path), &whole).to_owned();
    let (before, after) = (before.cloned(), after.cloned());
    Some(EntryChange { name, action, before, after, caused_by })
}

fn section<'a>(document: &'a Value, name: &str) -> Option<&'a Map<String, Value>> {
    document.get(name).and_then(Value::as_object)
}

/// Names with their old and new values: in the order of the new map, then what is only in the old.
fn pairs<'a>(
    before: Option<&'a Map<String, Value>>,
    after: Option<&'a Map<String, Value>>,
) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
    let kept = after.into_iter().flatten().map(move |(name, new)| {
        (name.as_str(), before.and_then(|before| before.get(name)), Some(new))
    });
    let removed = before
        .into_iter()
        .flatten()
        .filter(move |(name, _)| after.is_none_or(|after| !after.contains_key(*name)))
        .map(|(name, old)| (name.as_str(), Some(old), None));
    kept.chain(removed)
}
