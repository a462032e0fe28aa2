//! The values of a template's parameters: what was given, the defaults, and whether they may be used.
//! All problems are told at once.

use fancy_regex::Regex;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::LocalError;
use crate::hint::nearest;

/// Every parameter's value as text, in template order.
pub(super) fn values(
    stack: &str,
    template: &Value,
    given: &IndexMap<String, String>,
) -> Result<IndexMap<String, String>, LocalError> {
    let mut values = IndexMap::new();
    let mut problems = Vec::new();
    let declared = template.get("Parameters").and_then(Value::as_object);
    for (name, declaration) in declared.into_iter().flatten() {
        let default = declaration.get("Default").and_then(text);
        match given.get(name).cloned().or(default) {
            None => problems.push(format!("`{name}` has no value and no default")),
            Some(value) => {
                problems.extend(problem(declaration, &value).map(|why| format!("`{name}` {why}")));
                values.insert(name.clone(), value);
            }
        }
    }
    for name in given.keys().filter(|name| !values.contains_key(*name)) {
        if declared.is_some_and(|declared| declared.contains_key(name)) {
            continue;
        }
        let known = declared.into_iter().flat_map(|declared| declared.keys().map(String::as_str));
        let near = nearest(name, known).map(|near| format!(" (did you mean `{near}`?)"));
        problems.push(format!(
            "`{name}` is not a parameter of the template{}",
            near.unwrap_or_default()
        ));
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(LocalError::Parameters { stack: stack.to_owned(), problems })
    }
}

/// What `Ref` gives for a parameter: text, or a list of texts.
pub(super) fn referenced(declaration: &Value, value: &str) -> Value {
    let kind = declaration.get("Type").and_then(Value::as_str).unwrap_or("String");
    if kind == "CommaDelimitedList" || kind.contains("List<") {
        if value.is_empty() {
            return json!([]);
        }
        return value.split(',').map(|item| json!(item.trim())).collect();
    }
    json!(value)
}

fn problem(declaration: &Value, value: &str) -> Option<String> {
    let kind = declaration.get("Type").and_then(Value::as_str).unwrap_or("String");
    // A secret must not be shown.
    let hidden = declaration.get("NoEcho").and_then(text).is_some_and(|text| text == "true");
    let shown = if hidden {
        "its value".to_owned()
    } else {
        format!("`{}`", crate::text::safe_line(&crate::text::shorten(value, 80)))
    };
    let items: Vec<&str> = match kind {
        "CommaDelimitedList" | "List<Number>" => value.split(',').map(str::trim).collect(),
        _ => vec![value],
    };
    if let Some(Value::Array(allowed)) = declaration.get("AllowedValues") {
        let allowed: Vec<String> = allowed.iter().filter_map(text).collect();
        if !items.iter().all(|item| allowed.iter().any(|allowed| allowed == item)) {
            return Some(format!("must be one of {}, and {shown} is not", allowed.join(", ")));
        }
    }
    let limit = |key: &str| declaration.get(key).and_then(text)?.parse::<f64>().ok();
    if kind == "Number" || kind == "List<Number>" {
        for item in &items {
            let Ok(number) = item.parse::<f64>() else {
                return Some(format!("must be a number, and {shown} is not"));
            };
            if limit("MinValue").is_some_and(|least| number < least) {
                return Some(format!("must be at least {}", limit("MinValue")?));
            }
            if limit("MaxValue").is_some_and(|most| number > most) {
                return Some(format!("must be at most {}", limit("MaxValue")?));
            }
        }
    }
    if kind == "String" {
        let length = value.chars().count() as f64;
        if limit("MinLength").is_some_and(|least| length < least) {
            return Some(format!("must have at least {} characters", limit("MinLength")?));
        }
        if limit("MaxLength").is_some_and(|most| length > most) {
            return Some(format!("must have at most {} characters", limit("MaxLength")?));
        }
    }
    let pattern = declaration.get("AllowedPattern").and_then(Value::as_str)?;
    let matches = |item: &&str| {
        // A pattern that only Java understands is CloudFormation's to judge.
        Regex::new(&format!("^(?:{pattern})$"))
            .map_or(true, |regex| regex.is_match(item).unwrap_or(true))
    };
    (!items.iter().all(matches)).then(|| format!("must match `{pattern}`, and {shown} does not"))
}

/// A scalar as CloudFormation sees it: parameters are texts always.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&str, &str)]) -> Result<IndexMap<String, String>, String> {
        let template = json!({ "Parameters": {
            "Size": { "Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 9 },
            "Kind": { "Type": "String", "AllowedValues": ["big", "small"] },
            "Key": { "Type": "String", "NoEcho": true, "AllowedPattern": "[a-z]+", "Default": "a" },
        }});
        let given = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        values("s", &template, &given).map_err(|error| error.to_string())
    }

    #[test]
    fn given_values_win_over_defaults() {
        let values = check(&[("Kind", "big")]).unwrap();
        assert_eq!(values["Size"], "3");
        assert_eq!(values["Kind"], "big");
    }

    #[test]
    fn all_problems_are_told_at_once_and_secrets_are_not() {
        let error = check(&[("Size", "12"), ("Key", "S3CRET"), ("Kinds", "x")]).unwrap_err();
        insta::assert_snapshot!(error, @"parameters of stack `s` cannot be used: `Size` must be at most 9; `Kind` has no value and no default; `Key` must match `[a-z]+`, and its value does not; `Kinds` is not a parameter of the template (did you mean `Kind`?)");
    }

    #[test]
    fn lists_are_lists() {
        let list = json!({ "Type": "List<AWS::EC2::Subnet::Id>" });
        assert_eq!(referenced(&list, "a, b"), json!(["a", "b"]));
        assert_eq!(referenced(&json!({ "Type": "String" }), "a, b"), json!("a, b"));
    }
}
