//! Each resource for itself: its shape, its type and what its type requires.

use serde_json::{Map, Value};

use super::{Findings, Scan, is_macro_key};
use crate::hint::nearest;
use crate::template::{Pointer, Severity, spec};

/// The keys that CloudFormation gives a resource.
const KEYS: [&str; 9] = [
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
    "Metadata",
];

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    for (id, resource) in scan.resources.into_iter().flatten() {
        if is_macro_key(id) {
            continue;
        }
        let at = Pointer::of(["Resources", id]);
        let Some(resource) = resource.as_object() else {
            let message = format!("resource `{id}` is not a JSON object");
            findings.error("resource-shape", at, message, None);
            continue;
        };
        if !scan.macros {
            known_keys(id, resource, &at, findings);
        }
        match resource.get("Type") {
            Some(Value::String(name)) => typed(scan, id, resource, name, &at, findings),
            Some(_) => {
                let message = format!("the `Type` of resource `{id}` is not a string");
                findings.error("resource-shape", at.child("Type"), message, None);
            }
            None => findings.error(
                "resource-shape",
                at,
                format!("resource `{id}` has no `Type`"),
                Some("add the CloudFormation type, such as `AWS::SQS::Queue`".to_owned()),
            ),
        }
    }
}

fn known_keys(id: &str, resource: &Map<String, Value>, at: &Pointer, findings: &mut Findings) {
    for key in resource.keys() {
        if KEYS.contains(&key.as_str()) || is_macro_key(key) {
            continue;
        }
        let hint = match nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("if `{key}` is a property, move it into `Properties`"),
        };
        let message = format!("resource `{id}` has a key `{key}`, which resources do not have");
        findings.error("resource-shape", at.child(key), message, Some(hint));
    }
}

fn typed(
    scan: &Scan<'_>,
    id: &str,
    resource: &Map<String, Value>,
    name: &str,
    at: &Pointer,
    findings: &mut Findings,
) {
    let Some(spec) = scan.spec(name) else {
        if name.starts_with("AWS::") && !is_known_elsewhere(scan, name) {
            // A warning: AWS may have more types by now than the table.
            findings.add(
                Severity::Warning,
                "unknown-type",
                at.child("Type"),
                format!("resource `{id}` has the type `{name}`, which Phalanx does not know"),
                nearest(name, spec::types()).map(|near| format!("did you mean `{near}`?")),
            );
        }
        return;
    };
    let properties = resource.get("Properties");
    if properties.is_some_and(|properties| !properties.is_object()) {
        let message = format!("the `Properties` of resource `{id}` are not a JSON object");
        findings.error("resource-shape", at.child("Properties"), message, None);
        return;
    }
    let properties = properties.and_then(Value::as_object);
    if properties.is_some_and(|properties| properties.keys().any(|key| is_macro_key(key))) {
        return;
    }
    for required in spec.required() {
        if !properties.is_some_and(|properties| properties.contains_key(required)) {
            let message = format!("resource `{id}` has no `{required}`, which {name} requires");
            findings.error("required-property", at.child("Properties"), message, None);
        }
    }
}

/// Types that have no schema of their own: custom resources, and those that a macro replaces.
fn is_known_elsewhere(scan: &Scan<'_>, name: &str) -> bool {
    name == "AWS::CloudFormation::CustomResource"
        || name.ends_with("::MODULE")
        || (scan.macros && name.starts_with("AWS::Serverless::"))
}
