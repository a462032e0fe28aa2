//! CloudFormation's intrinsic functions as values.

use serde_json::{Value, json};

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

/// `{"Fn::Sub": text}`: `${Queue}`, `${Queue.Arn}` and `${AWS::Region}` are replaced.
#[must_use]
pub fn sub(text: impl Into<String>) -> Value {
    json!({ "Fn::Sub": text.into() })
}

/// The text itself, or `Fn::Sub` of it when it holds `${`: the rule for texts in the manifest.
#[must_use]
pub fn text(text: impl Into<String>) -> Value {
    let text = text.into();
    if text.contains("${") { sub(text) } else { Value::String(text) }
}

/// `{"Fn::Join": [separator, parts]}`
#[must_use]
pub fn join(separator: &str, parts: impl IntoIterator<Item = Value>) -> Value {
    json!({ "Fn::Join": [separator, parts.into_iter().collect::<Vec<_>>()] })
}

/// Escapes `text` for use inside [`sub`]: `${` becomes `${!`.
#[must_use]
pub fn sub_literal(text: &str) -> String {
    text.replace("${", "${!")
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
}
