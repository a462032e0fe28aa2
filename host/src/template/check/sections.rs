//! The top level: known sections, each an object, and their simplest entries.

use serde_json::Value;

use super::{Findings, Scan, is_macro_key};
use crate::hint::nearest;
use crate::template::Pointer;

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Resources",
    "Outputs",
];

const FORMAT_VERSION: &str = "2010-09-09";

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    for (name, section) in scan.sections {
        let at = Pointer::of([name]);
        match name.as_str() {
            "AWSTemplateFormatVersion" if section != FORMAT_VERSION => findings.error(
                "format-version",
                at,
                format!("`AWSTemplateFormatVersion` is {section}"),
                Some(format!("write `{FORMAT_VERSION}`, the only version there is")),
            ),
            "AWSTemplateFormatVersion" | "Transform" => {}
            "Description" if section.is_string() => {}
            "Description" => {
                let message = "`Description` is not a string".to_owned();
                findings.error("not-an-object", at, message, None);
            }
            known if SECTIONS.contains(&known) => {
                if !section.is_object() {
                    let message = format!("section `{name}` is not a JSON object");
                    findings.error("not-an-object", at, message, None);
                }
            }
            unknown => findings.error(
                "unknown-section",
                at,
                format!("CloudFormation has no section `{unknown}`"),
                Some(match nearest(unknown, SECTIONS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "a resource belongs into `Resources`".to_owned(),
                }),
            ),
        }
    }
    if scan.resources.is_none_or(serde_json::Map::is_empty) {
        findings.error(
            "no-resources",
            Pointer::of(["Resources"]),
            "the template has no resources".to_owned(),
            Some("CloudFormation needs one at least: add a function or a resource".to_owned()),
        );
    }
    entries(scan, findings, "Outputs", "an output", "Value", "output-shape");
    entries(scan, findings, "Parameters", "a parameter", "Type", "parameter-shape");
}

/// Finds entries of a section without the one key that each must have.
fn entries(
    scan: &Scan<'_>,
    findings: &mut Findings,
    section: &str,
    kind: &str,
    key: &str,
    rule: &str,
) {
    let entries = scan.sections.get(section).and_then(Value::as_object);
    for (id, entry) in entries.into_iter().flatten() {
        if !is_macro_key(id) && entry.get(key).is_none() {
            let message = format!("`{id}` has no `{key}`, which {kind} must have");
            findings.error(rule, Pointer::of([section, id]), message, None);
        }
    }
}
