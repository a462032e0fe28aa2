//! The built-in checks of the finished template: what CloudFormation would refuse, found before
//! anything is uploaded. Never panics, whatever JSON a plugin left behind, and changes nothing.
//!
//! | rule | finds |
//! |---|---|
//! | `not-an-object` | a template or section that is not a JSON object |
//! | `unknown-section` | a top-level key that CloudFormation does not know |
//! | `format-version` | an `AWSTemplateFormatVersion` other than `2010-09-09` |
//! | `no-resources` | a template without resources |
//! | `resource-shape` | a resource without `Type`, or with a key that resources do not have |
//! | `output-shape` | an output without `Value` |
//! | `parameter-shape` | a parameter without `Type` |
//! | `unknown-type` | (warning) a type in AWS's own namespace that the table does not have |
//! | `required-property` | a required property that is not there |
//! | `illegal-id` | an id that is not made of ASCII letters and digits |
//! | `reserved-name` | a parameter in the namespace of the pseudo parameters, `AWS::` |
//! | `duplicate-id` | an id that both a parameter and a resource have |
//! | `dangling-reference` | `Ref`, `Fn::GetAtt` or `Fn::Sub` of something that is not there |
//! | `dangling-depends-on` | `DependsOn` a resource that is not there |
//! | `dangling-condition` | a condition that is not there |
//! | `dangling-mapping` | `Fn::FindInMap` in a mapping, or of a key, that is not there |
//! | `unknown-attribute` | `Fn::GetAtt` of an attribute that the resource's type does not have |
//! | `invalid-substitution` | `${…}` in `Fn::Sub` with something that cannot be a name |
//! | `misplaced-reference` | a condition or rule that refers to a resource |
//! | `cycle` | resources, or conditions, that depend on each other in a circle |
//! | `template-size`, `resource-count`, `output-count`, `parameter-count`, `mapping-count`, `mapping-attributes`, `name-length`, `parameter-length`, `description-length` | CloudFormation's quotas |
//!
//! A template with a macro (`Transform`) is checked before the macro runs, which may add what is
//! missing: dangling references are warnings then.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::references::{self, Reference};
use super::spec::{self, ResourceSpec};
use super::{Finding, Pointer, Severity, Template};
use crate::manifest::Location;
use crate::text;

mod cycles;
mod limits;
mod names;
mod resources;
mod sections;
mod substitutions;
mod targets;

#[cfg(test)]
mod tests;

/// Everything wrong with `document`, in the order of the groups of rules and then of the document.
///
/// `locations` says where the service's files have the parts of the template, by pointer, and
/// `template` which plugin wrote them.
pub fn check(
    document: &Value,
    locations: &BTreeMap<String, Location>,
    template: &Template,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    match document.as_object() {
        Some(sections) => check_sections(document, sections, &mut findings),
        None => findings.error(
            "not-an-object",
            Pointer::root(),
            "the template is not a JSON object".to_owned(),
            None,
        ),
    }
    findings.0.into_iter().map(|finding| attributed(finding, locations, template)).collect()
}

fn check_sections(document: &Value, sections: &Map<String, Value>, findings: &mut Findings) {
    let scan = Scan::new(document, sections);
    sections::check(&scan, findings);
    resources::check(&scan, findings);
    names::check(&scan, findings);
    targets::check(&scan, findings);
    substitutions::check(&scan, findings);
    cycles::check(&scan, findings);
    limits::check(document, &scan, findings);
}

/// The template taken apart once for all rules.
struct Scan<'a> {
    sections: &'a Map<String, Value>,
    resources: Option<&'a Map<String, Value>>,
    parameters: Option<&'a Map<String, Value>>,
    conditions: Option<&'a Map<String, Value>>,
    mappings: Option<&'a Map<String, Value>>,
    outputs: Option<&'a Map<String, Value>>,
    /// Whether a macro will still change the template.
    macros: bool,
    /// What is known of the types of the resources; few types make up most templates.
    specs: HashMap<&'a str, Option<ResourceSpec>>,
    /// All references, in document order.
    references: Vec<Reference>,
}

impl<'a> Scan<'a> {
    fn new(document: &Value, sections: &'a Map<String, Value>) -> Self {
        let section = |name: &str| sections.get(name).and_then(Value::as_object);
        let resources = section("Resources");
        let mut specs = HashMap::new();
        for resource in resources.into_iter().flat_map(|entries| entries.values()) {
            if let Some(name) = resource.get("Type").and_then(Value::as_str) {
                specs.entry(name).or_insert_with(|| spec::lookup(name));
            }
        }
        Self {
            sections,
            resources,
            specs,
            parameters: section("Parameters"),
            conditions: section("Conditions"),
            mappings: section("Mappings"),
            outputs: section("Outputs"),
            macros: sections.contains_key("Transform"),
            references: references::of_template(document).collect(),
        }
    }

    fn resource(&self, id: &str) -> Option<&'a Value> {
        self.resources?.get(id)
    }

    fn spec(&self, resource_type: &str) -> Option<ResourceSpec> {
        self.specs.get(resource_type).copied().flatten()
    }

    fn resource_ids(&self) -> impl Iterator<Item = &'a str> {
        keys(self.resources)
    }
}

/// The ids of a section that may be missing.
fn keys(section: Option<&Map<String, Value>>) -> impl Iterator<Item = &str> {
    section.into_iter().flat_map(|entries| entries.keys().map(String::as_str))
}

/// Whether the key of an entry is an instruction, such as `Fn::Transform` or `Fn::ForEach::Loop`, that
/// a macro replaces by real entries.
fn is_macro_key(key: &str) -> bool {
    key.starts_with("Fn::")
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, rule: &str, at: Pointer, message: String, hint: Option<String>) {
        self.add(Severity::Error, rule, at, message, hint);
    }

    fn add(
        &mut self,
        severity: Severity,
        rule: &str,
        at: Pointer,
        message: String,
        hint: Option<String>,
    ) {
        let rule = rule.to_owned();
        let (by, found_by, location) = (None, None, None);
        self.0.push(Finding { severity, rule, at, message, hint, by, found_by, location });
    }
}

/// Characters of a message that are shown; ids come from plugins too.
const MESSAGE_LIMIT: usize = 1_000;

/// The finding with who wrote its place and where, and its words made safe.
pub fn attributed(
    finding: Finding,
    locations: &BTreeMap<String, Location>,
    template: &Template,
) -> Finding {
    let by = template.owners.writer(&finding.at).map(|writer| writer.plugin.to_string());
    let location = match by {
        // The service's file has no line for what a plugin wrote.
        Some(_) => None,
        None => location(locations, &finding.at),
    };
    let safe = |words: &str| text::shorten(&text::safe_line(words), MESSAGE_LIMIT).into_owned();
    Finding {
        message: safe(&finding.message),
        hint: finding.hint.as_deref().map(safe),
        by,
        location,
        ..finding
    }
}

/// Where the service's files have `at`, or the nearest place above it.
fn location(locations: &BTreeMap<String, Location>, at: &Pointer) -> Option<Location> {
    let mut at = at.clone();
    loop {
        if let Some(location) = locations.get(at.as_str()) {
            return Some(location.clone());
        }
        at = at.parent()?;
    }
}
