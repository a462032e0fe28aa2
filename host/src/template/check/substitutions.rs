//! `Fn::Sub` texts: names in `${…}` that cannot be names.

use std::borrow::Cow;

use serde_json::Value;

use super::{Findings, Scan};
use crate::template::Pointer;
use crate::template::substitution::{Piece, pieces};

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    for section in ["Conditions", "Resources", "Outputs"] {
        if let Some(value) = scan.sections.get(section) {
            walk(value, &mut vec![Token::Name(section)], findings);
        }
    }
}

/// A step into the document. Nearly no walk ends in a finding, so no pointer is made on the way.
enum Token<'a> {
    Name(&'a str),
    Index(usize),
}

fn walk<'a>(value: &'a Value, at: &mut Vec<Token<'a>>, findings: &mut Findings) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                at.push(Token::Name(key));
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
                at.push(Token::Index(index));
                walk(value, at, findings);
                at.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn names(text: &str, at: &[Token<'_>], findings: &mut Findings) {
    for piece in pieces(text) {
        if let Piece::Invalid(name) = piece {
            findings.error(
                "invalid-substitution",
                pointer(at),
                format!("`${{{name}}}` names nothing: a name has letters, digits and `_.:` only"),
                Some(format!("for the text itself write `${{!{name}}}`")),
            );
        }
    }
}

fn pointer(tokens: &[Token<'_>]) -> Pointer {
    Pointer::of(tokens.iter().map(|token| match token {
        Token::Name(name) => Cow::Borrowed(*name),
        Token::Index(index) => Cow::Owned(index.to_string()),
    }))
}
