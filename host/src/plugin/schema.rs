//! The config of a plugin, checked against the JSON Schema that the plugin tells.

use serde_json::Value;

use super::error::Problem;
use crate::text::{safe_line, shorten};

/// Reads a JSON Schema. References to other documents are not followed.
pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    let bad = |reason: String| Problem::BadSchema {
        reason: shorten(&safe_line(&reason), 500).into_owned(),
    };
    let schema: Value =
        serde_json::from_str(text).map_err(|error| bad(format!("it is not JSON: {error}")))?;
    if !schema.is_object() {
        return Err(bad("it is not a JSON object".to_owned()));
    }
    jsonschema::draft202012::new(&schema).map_err(|error| {
        bad(match error.instance_path().to_string() {
            place if place.is_empty() => error.to_string(),
            place => format!("at `{place}`: {error}"),
        })
    })?;
    Ok(schema)
}

/// Everything that is wrong with `config`: JSON Pointers into it, each with one sentence, in the order
/// of the schema. Empty when it is fine.
///
/// A part of the schema may have the sentence in `errorMessage`: what a rule about several keys means,
/// no general words can say.
pub fn check_config(schema: &Value, config: &Value) -> Vec<(String, String)> {
    let validator = match jsonschema::draft202012::new(schema) {
        Ok(validator) => validator,
        Err(error) => return vec![(String::new(), format!("the schema is not usable: {error}"))],
    };
    let message = |error: jsonschema::ValidationError<'_>| {
        let own = own_message(schema, error.schema_path().as_str());
        let message = own.map_or_else(|| error.to_string(), str::to_owned);
        (error.instance_path().to_string(), shorten(&safe_line(&message), 500).into_owned())
    };
    validator.iter_errors(config).map(message).collect()
}

/// The `errorMessage` beside the keyword at `keyword`, a JSON Pointer into the schema.
fn own_message<'a>(schema: &'a Value, keyword: &str) -> Option<&'a str> {
    let (part, _) = keyword.rsplit_once('/')?;
    schema.pointer(part)?.get("errorMessage")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_mistakes_are_told_with_their_places() {
        let schema = parse(
            r#"{"type": "object", "required": ["topic"], "additionalProperties": false,
                "properties": {"tags": {"additionalProperties": {"type": "string"}}, "topic": {}}}"#,
        )
        .unwrap();
        assert_eq!(check_config(&schema, &json!({"topic": 1})), []);
        let mut problems = check_config(&schema, &json!({"tags": {"a": 1, "b": "x"}, "topik": 1}));
        problems.sort();
        insta::assert_debug_snapshot!(problems, @r#"
[
    (
        "",
        "\"topic\" is a required property",
    ),
    (
        "",
        "Additional properties are not allowed ('topik' was unexpected)",
    ),
    (
        "/tags/a",
        "1 is not of type \"string\"",
    ),
]
"#);
    }

    #[test]
    fn a_rule_may_say_itself_what_is_wrong() {
        let schema = parse(
            r#"{"properties": {"size": {"enum": [1, 2], "errorMessage": "one or two"}},
                "allOf": [{"if": {"required": ["key"]}, "then": {
                    "required": ["size"], "errorMessage": "`key` needs `size`",
                    "properties": {"lock": {"not": {}, "errorMessage": "no `lock` with `key`"}}}}]}"#,
        )
        .unwrap();
        let problems = |config| {
            let mut problems = check_config(&schema, &config);
            problems.sort();
            problems
        };
        let told = |at: &str, message: &str| (at.to_owned(), message.to_owned());
        assert_eq!(problems(json!({"size": 3})), [told("/size", "one or two")]);
        assert_eq!(
            problems(json!({"key": 1, "lock": 1})),
            [told("", "`key` needs `size`"), told("/lock", "no `lock` with `key`")]
        );
    }

    #[test]
    fn schemas_that_lead_in_a_circle_come_to_an_end() {
        for text in [r##"{"$ref": "#"}"##, r##"{"allOf": [{"$ref": "#"}]}"##] {
            // Refused or of no effect; either is fine.
            let _ = parse(text).map(|schema| check_config(&schema, &json!({"a": 1})));
        }
        let slow = parse(r#"{"properties": {"a": {"pattern": "^(a+)+$"}}}"#).unwrap();
        check_config(&slow, &json!({"a": format!("{}b", "a".repeat(100))}));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for (text, reason) in [
            ("{", "it is not JSON"),
            ("true", "it is not a JSON object"),
            (r#"{"type": "nonsense"}"#, "nonsense"),
            (r#"{"$ref": "https://example.com/schema.json"}"#, "example.com"),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.contains(reason), "{problem}");
        }
    }
}
