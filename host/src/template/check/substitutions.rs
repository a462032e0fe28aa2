//! `Fn::Sub` texts: names in `${…}` that cannot be names.

use serde_json::Value;

use super::{Findings, Scan};
use crate::template::Pointer;
use crate::template::substitution::{Piece, pieces};

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    for section in ["Conditions", "Resources", "Outputs"] {
        if let Some(value) = scan.sections.get(section) {
            walk(value, &mut Pointer::of([section]), findings);
        }
    }
}

fn walk(value: &Value, at: &mut Pointer, findings: &mut Findings) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                at.push(key);
                if key == "Fn::Sub" {
                    let text = value.as_str().or_else(|| value.get(0)?.as_str());
                    text.into_iter().for_each(|text| names(text, at, findings));
                }
                walk(value, at, findings);
                at.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push(&index.to_string());
                walk(value, at, findings);
                at.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn names(text: &str, at: &Pointer, findings: &mut Findings) {
    for piece in pieces(text) {
        if let Piece::Invalid(name) = piece {
            findings.error(
                "invalid-substitution",
                at.clone(),
                format!("`${{{name}}}` names nothing: a name has letters, digits and `_.:` only"),
                Some(format!("for the text itself write `${{!{name}}}`")),
            );
        }
    }
}
