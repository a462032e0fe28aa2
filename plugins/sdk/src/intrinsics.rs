//! CloudFormation's intrinsic functions as values.

use serde_json::{Value, json};

pub use crate::substitution::{Piece, Sub, pieces};

/// `{"Ref": logical_id}`
#[must_use]
pub fn reference(logical_id: &str) -> Value {
    json!({ "Ref": logical_id })
}

/// `{"Fn::GetAtt": [logical_id, attribute]}`
#[must_use]
pub fn get_att(logical_id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [logical_id, attribute] })
}

/// `{"Fn::Sub": text}`: `${Queue}`, `${Queue.Arn}` and `${AWS::Region}` are replaced. See [`Sub`] for
/// values of your own and text that is left alone.
#[must_use]
pub fn sub(text: impl Into<String>) -> Value {
    json!({ "Fn::Sub": text.into() })
}

/// The text itself, or `Fn::Sub` of it when it holds `${`.
#[must_use]
pub fn text(text: impl Into<String>) -> Value {
    let text = text.into();
    if text.contains("${") { sub(text) } else { Value::String(text) }
}

/// What a text of the manifest means: `Ref` or `Fn::GetAtt` when it is nothing but `${Queue}` or
/// `${Queue.Arn}`, `Fn::Sub` when it holds `${…}`, otherwise the text.
///
/// ```
/// use phalanx_plugin::{intrinsics, json};
///
/// assert_eq!(intrinsics::value("${Queue}"), json!({ "Ref": "Queue" }));
/// assert_eq!(intrinsics::value("${Queue.Arn}"), json!({ "Fn::GetAtt": ["Queue", "Arn"] }));
/// assert_eq!(intrinsics::value("${Queue}/x"), json!({ "Fn::Sub": "${Queue}/x" }));
/// assert_eq!(intrinsics::value("plain"), json!("plain"));
/// ```
#[must_use]
pub fn value(text: &str) -> Value {
    match sole_variable(text) {
        Some((id, None)) => reference(id),
        Some((id, Some(attribute))) => get_att(id, attribute),
        None => Sub::new(text).value(),
    }
}

/// The logical id, and the attribute, when `text` is nothing but `${Queue}` or `${Queue.Arn}`.
#[must_use]
pub fn sole_variable(text: &str) -> Option<(&str, Option<&str>)> {
    let mut pieces = pieces(text);
    let (Some(Piece::Variable(name)), None) = (pieces.next(), pieces.next()) else { return None };
    Some(name.split_once('.').map_or((name, None), |(id, attribute)| (id, Some(attribute))))
}

/// `{"Fn::Join": [separator, parts]}`
#[must_use]
pub fn join(separator: &str, parts: impl IntoIterator<Item = Value>) -> Value {
    json!({ "Fn::Join": [separator, parts.into_iter().collect::<Vec<_>>()] })
}

/// `{"Fn::Select": [index, list]}`
#[must_use]
pub fn select(index: usize, list: impl Into<Value>) -> Value {
    json!({ "Fn::Select": [index, list.into()] })
}

/// `{"Fn::GetAZs": ""}`: the availability zones of the stack's region.
#[must_use]
pub fn availability_zones() -> Value {
    json!({ "Fn::GetAZs": "" })
}

/// `{"Fn::Base64": value}`
#[must_use]
pub fn base64(value: impl Into<Value>) -> Value {
    json!({ "Fn::Base64": value.into() })
}

/// `{"Fn::ImportValue": name}`
#[must_use]
pub fn import_value(name: impl Into<Value>) -> Value {
    json!({ "Fn::ImportValue": name.into() })
}

/// `{"Fn::If": [condition, yes, no]}`
#[must_use]
pub fn choose(condition: &str, yes: impl Into<Value>, no: impl Into<Value>) -> Value {
    json!({ "Fn::If": [condition, yes.into(), no.into()] })
}

/// Escapes `text` for use inside [`sub`]: `${` becomes `${!`.
#[must_use]
pub fn sub_literal(text: &str) -> String {
    crate::substitution::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_with_a_placeholder_becomes_sub() {
        assert_eq!(text("plain $5"), json!("plain $5"));
        assert_eq!(text("${AWS::StackName}-x"), json!({ "Fn::Sub": "${AWS::StackName}-x" }));
    }

    #[test]
    fn join_keeps_order() {
        let joined = join(":", [json!("a"), reference("B")]);
        assert_eq!(joined, json!({ "Fn::Join": [":", ["a", { "Ref": "B" }]] }));
    }

    #[test]
    fn a_text_of_the_manifest_becomes_the_shortest_value() {
        assert_eq!(value("${AWS::Region}"), json!({ "Ref": "AWS::Region" }));
        assert_eq!(value("${Db.Endpoint.Port}"), json!({ "Fn::GetAtt": ["Db", "Endpoint.Port"] }));
        assert_eq!(value("${A}${B}"), json!({ "Fn::Sub": "${A}${B}" }));
        assert_eq!(value("${!A}"), json!("${A}"));
        assert_eq!(value(""), json!(""));
    }

    #[test]
    fn functions_nest() {
        assert_eq!(
            select(1, availability_zones()),
            json!({ "Fn::Select": [1, { "Fn::GetAZs": "" }] })
        );
        assert_eq!(
            choose("IsProd", base64("a"), import_value(reference("Name"))),
            json!({ "Fn::If": [
                "IsProd", { "Fn::Base64": "a" }, { "Fn::ImportValue": { "Ref": "Name" } },
            ] })
        );
    }
}
