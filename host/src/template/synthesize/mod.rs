//! From the service to its CloudFormation template: pure, deterministic, no clock and no files.
//!
//! Every function becomes a log group, a role with only what it needs, the function itself and what
//! its events need; HTTP events share one API. Order is the manifest's order, the service's own
//! resources come after the generated ones. Logical ids are readable and never depend on the order
//! of the manifest, except where one function has several events of a kind that has no name.
//!
//! A function's physical name is `<stack>-<function>` when that fits Lambda's 64 characters and is
//! left to CloudFormation when it does not. Its logs go to `/aws/lambda/<stack>-<function>` in either
//! case: the function is told the group's name, so nothing ever writes to a group without retention.
//!
//! It does not judge what the service wrote; [`crate::template::check`] does.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::manifest::{Function, Location, Service};
use crate::template::{Finding, Pointer, Severity};

mod api;
mod events;
mod function;
mod ids;
mod role;
mod sub;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use sub::Scope;

/// Where the package of a function is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLocation {
    /// The S3 bucket.
    pub bucket: String,
    /// The key in it.
    pub key: String,
}

/// What [`synthesize`] made.
#[derive(Debug, Clone)]
pub struct Synthesis {
    /// The template.
    pub document: Value,
    /// Ids that are wanted twice (rule `duplicate-id`, all errors), which only synthesis can see: a
    /// JSON object holds each id once.
    pub findings: Vec<Finding>,
    /// The service's locations, and for each generated part of the template the location of the
    /// manifest's key that asked for it. For [`crate::template::check::check`].
    pub locations: BTreeMap<String, Location>,
}

/// Makes the service's template. `code` has the package of each function by the function's name; a
/// function without one gets no `Code`. `stamp` becomes `Metadata.Phalanx`.
pub fn synthesize(
    service: &Service,
    code: &IndexMap<String, CodeLocation>,
    stamp: &Value,
) -> Synthesis {
    let scope = Scope::new(service);
    let mut made = Generated::default();
    for function in service.functions.values() {
        function::add(&mut made, &scope, service, function, code.get(&function.name));
        events::add(&mut made, &scope, function);
    }
    api::add(&mut made, service);

    let mut document = Map::new();
    document.insert("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09"));
    if let Some(description) = &service.description {
        document.insert("Description".to_owned(), json!(description));
    }
    let mut metadata = service.section("Metadata").cloned().unwrap_or_default();
    metadata.insert("Phalanx".to_owned(), stamp.clone());
    document.insert("Metadata".to_owned(), Value::Object(metadata));
    for (name, section) in &service.sections {
        if !matches!(name.as_str(), "Metadata" | "Resources" | "Outputs") {
            document.insert(name.clone(), section.clone());
        }
    }

    let locations = locations(service, &made);
    let mut findings = made.clashes;
    for finding in &mut findings {
        finding.location = locations.get(finding.at.as_str()).cloned();
    }
    let resources = merge(service, "Resources", made.resources, &mut findings, |own| own.clone());
    document.insert("Resources".to_owned(), resources);
    let outputs = merge(service, "Outputs", made.outputs, &mut findings, |own| scope.output(own));
    if outputs.as_object().is_some_and(|outputs| !outputs.is_empty()) {
        document.insert("Outputs".to_owned(), outputs);
    }
    Synthesis { document: Value::Object(document), findings, locations }
}

/// What was made so far, and for what.
#[derive(Default)]
struct Generated {
    resources: Entries,
    outputs: Entries,
    clashes: Vec<Finding>,
    /// Which keys of the manifest asked for which places of the template.
    origins: Vec<(Pointer, Pointer)>,
}

/// Values by id, each with words for what it is, such as "the role of function `hello`".
type Entries = IndexMap<String, (Value, String)>;

impl Generated {
    /// Adds a resource. Two that want the same id are an error of the service: an event written twice,
    /// or functions whose names are too much alike.
    fn resource(&mut self, id: String, what: String, value: Value) {
        if let Some((_, first)) = self.resources.get(&id) {
            let (message, hint) = if *first == what {
                (format!("{what} is there twice"), "remove one of the two events")
            } else {
                let message = format!("{first} and {what} both need the logical id `{id}`");
                (message, "rename one of the functions")
            };
            let at = Pointer::of(["Resources", &id]);
            self.clashes.push(clash(at, message, hint.to_owned()));
            return;
        }
        self.resources.insert(id, (value, what));
    }

    /// Notes that the key `key` of function `function`, such as `["environment", "A"]`, asked for what
    /// is at `at`.
    fn origin<const N: usize>(&mut self, at: Pointer, function: &Function, key: [&str; N]) {
        let mut origin = Pointer::of(["functions", &function.name]);
        key.into_iter().for_each(|token| origin.push(token));
        self.origins.push((at, origin));
    }

    fn output(&mut self, id: &str, what: String, description: &str, value: &Value) {
        let value = json!({ "Description": description, "Value": value });
        self.outputs.insert(id.to_owned(), (value, what));
    }
}

/// The locations of the service's files, those of the keys that asked for generated parts included.
fn locations(service: &Service, made: &Generated) -> BTreeMap<String, Location> {
    let mut locations = service.locations.clone();
    for (at, key) in &made.origins {
        let key = format!("#{key}");
        if let Some(location) = nearest_location(&service.locations, &key) {
            locations.insert(at.to_string(), location);
        }
    }
    locations
}

/// Where `key`, or the nearest key above it, was written.
fn nearest_location(locations: &BTreeMap<String, Location>, key: &str) -> Option<Location> {
    let ends = key.match_indices('/').map(|(at, _)| at).chain([key.len()]).rev();
    ends.map(|end| &key[..end]).find_map(|key| locations.get(key)).cloned()
}

/// A section with the generated entries first; the service's own follow.
fn merge(
    service: &Service,
    section: &str,
    generated: Entries,
    findings: &mut Vec<Finding>,
    own: impl Fn(&Value) -> Value,
) -> Value {
    let written = match service.sections.get(section) {
        None => None,
        Some(Value::Object(written)) => Some(written),
        // Not an object: the service's error, which the check reports when it can see it.
        Some(other) => return other.clone(),
    };
    let mut entries = Map::with_capacity(generated.len());
    for (id, (value, what)) in generated {
        if written.is_some_and(|written| written.contains_key(&id)) {
            let at = Pointer::of([section, &id]);
            let message = format!("`{id}` is the id of {what}, which Phalanx generates");
            let hint = format!("rename `{id}` in the service's own {}", section.to_lowercase());
            let location = service.locations.get(&at.to_string()).cloned();
            findings.push(Finding { location, ..clash(at, message, hint) });
        }
        entries.insert(id, value);
    }
    for (id, value) in written.into_iter().flatten() {
        entries.entry(id.clone()).or_insert_with(|| own(value));
    }
    Value::Object(entries)
}

fn clash(at: Pointer, message: String, hint: String) -> Finding {
    Finding {
        severity: Severity::Error,
        rule: "duplicate-id".to_owned(),
        at,
        message,
        hint: Some(hint),
        by: None,
        found_by: None,
        location: None,
    }
}

impl Service {
    /// One of the template sections that the service wrote, when it is an object.
    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.sections.get(name).and_then(Value::as_object)
    }
}

/// `{"Ref": id}`
fn reference(id: &str) -> Value {
    json!({ "Ref": id })
}

/// `{"Fn::GetAtt": [id, attribute]}`
fn attribute(id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [id, attribute] })
}
