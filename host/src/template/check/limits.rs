//! CloudFormation's quotas, as its user guide lists them.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value};

use super::{Findings, Scan, keys};
use crate::template::Pointer;
use crate::text;

/// Bytes of a template that is passed in an S3 object.
const TEMPLATE_BYTES: u64 = 1_000_000;
const DESCRIPTION_BYTES: usize = 1_024;
const NAME_CHARACTERS: usize = 255;
const PARAMETER_BYTES: usize = 4_096;
const MAPPING_ATTRIBUTES: usize = 200;

pub(super) fn check(document: &Value, scan: &Scan<'_>, findings: &mut Findings) {
    size(document, findings);
    count(findings, "resource", "resource-count", "Resources", scan.resources, 500);
    count(findings, "output", "output-count", "Outputs", scan.outputs, 200);
    count(findings, "parameter", "parameter-count", "Parameters", scan.parameters, 200);
    count(findings, "mapping", "mapping-count", "Mappings", scan.mappings, 200);
    mappings(scan, findings);
    names(scan, findings);
    parameters(scan, findings);
    description(scan, findings);
}

fn size(document: &Value, findings: &mut Findings) {
    let length = length_of(document);
    if length <= TEMPLATE_BYTES {
        return;
    }
    let mut largest: Vec<_> = document["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, resource)| (length_of(resource), id))
        .collect();
    largest.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let largest: Vec<_> =
        largest.iter().take(3).map(|(bytes, id)| format!("`{id}` ({bytes} bytes)")).collect();
    findings.error(
        "template-size",
        Pointer::root(),
        format!("the template has {length} bytes, CloudFormation takes {TEMPLATE_BYTES} at most"),
        Some(match largest.as_slice() {
            [] => "move large texts out of the template".to_owned(),
            largest => format!("the largest resources are {}", largest.join(", ")),
        }),
    );
}

fn count(
    findings: &mut Findings,
    noun: &str,
    rule: &str,
    section: &str,
    entries: Option<&Map<String, Value>>,
    limit: usize,
) {
    let number = entries.map_or(0, Map::len);
    if number > limit {
        findings.error(
            rule,
            Pointer::of([section]),
            format!(
                "the template has {}, CloudFormation takes {limit} at most",
                text::count(number, noun)
            ),
            Some(format!("move a part of them to another service{}", most_frequent(entries))),
        );
    }
}

/// What the most of them are, when they have types: where there is something to save.
fn most_frequent(entries: Option<&Map<String, Value>>) -> String {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in entries.into_iter().flatten().filter_map(|(_, entry)| entry["Type"].as_str()) {
        *numbers.entry(kind).or_default() += 1;
    }
    // Parameters have types too, but `String` says nothing.
    let mut numbers: Vec<_> = numbers.into_iter().filter(|(kind, _)| kind.contains("::")).collect();
    numbers.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let shown = numbers.iter().take(3).map(|(kind, number)| format!("{number} {kind}"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    if shown.is_empty() { shown } else { format!("; most are {shown}") }
}

fn mappings(scan: &Scan<'_>, findings: &mut Findings) {
    for (id, mapping) in scan.mappings.into_iter().flatten() {
        let number = mapping.as_object().map_or(0, Map::len);
        if number > MAPPING_ATTRIBUTES {
            let message = format!(
                "mapping `{id}` has {number} keys, CloudFormation takes {MAPPING_ATTRIBUTES} at most"
            );
            findings.error("mapping-attributes", Pointer::of(["Mappings", id]), message, None);
        }
    }
}

fn names(scan: &Scan<'_>, findings: &mut Findings) {
    let sections = [
        ("Parameters", scan.parameters),
        ("Mappings", scan.mappings),
        ("Conditions", scan.conditions),
        ("Resources", scan.resources),
        ("Outputs", scan.outputs),
    ];
    for (section, entries) in sections {
        // Characters are never more than bytes, and bytes are known without counting.
        for id in keys(entries).filter(|id| id.len() > NAME_CHARACTERS) {
            let number = id.chars().count();
            if number > NAME_CHARACTERS {
                let message = format!(
                    "`{}` in `{section}` has {number} characters, CloudFormation takes {NAME_CHARACTERS} at most",
                    text::shorten(id, 40)
                );
                findings.error("name-length", Pointer::of([section, id]), message, None);
            }
        }
    }
}

fn parameters(scan: &Scan<'_>, findings: &mut Findings) {
    for (id, parameter) in scan.parameters.into_iter().flatten() {
        let length = parameter.get("Default").and_then(Value::as_str).map_or(0, str::len);
        if length > PARAMETER_BYTES {
            let message = format!(
                "the default of parameter `{id}` has {length} bytes, CloudFormation takes {PARAMETER_BYTES} at most"
            );
            let at = Pointer::of(["Parameters", id, "Default"]);
            findings.error("parameter-length", at, message, None);
        }
    }
}

fn description(scan: &Scan<'_>, findings: &mut Findings) {
    let length = scan.sections.get("Description").and_then(Value::as_str).map_or(0, str::len);
    if length > DESCRIPTION_BYTES {
        let message = format!(
            "the description has {length} bytes, CloudFormation takes {DESCRIPTION_BYTES} at most"
        );
        findings.error("description-length", Pointer::of(["Description"]), message, None);
    }
}

/// Bytes of the compact text, which is what is uploaded.
fn length_of(value: &Value) -> u64 {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value).expect("a JSON value has a text");
    length.0
}

/// Counts what is written, since the text itself is not needed.
struct Length(u64);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
