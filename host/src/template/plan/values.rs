//! What goes into a stack beside its template: values of parameters, and tags.

use indexmap::IndexMap;
use serde_json::Value;

use super::{Action, EntryChange, Plan, SERVICE};

/// Texts by name.
type Texts = IndexMap<String, String>;

impl Plan {
    /// Adds what changes of the values that `template` gets. A value that is not given is the template's
    /// default, or stays as it is. Values that CloudFormation does not show are left out.
    pub fn compare_values(&mut self, template: &Value, before: &Texts, given: &Texts) {
        let declared = template["Parameters"].as_object().into_iter().flatten();
        for (name, declaration) in declared.filter(|(_, declaration)| !is_secret(declaration)) {
            let default = || declaration.get("Default").map(text);
            let Some(after) = given.get(name).cloned().or_else(default) else { continue };
            // A parameter that is new is told as such, with its declaration.
            let Some(before) = before.get(name).filter(|before| **before != after) else {
                continue;
            };
            self.values.push(EntryChange {
                name: name.clone(),
                action: Action::Modify,
                before: Some(before.as_str().into()),
                after: Some(after.into()),
                caused_by: SERVICE.to_owned(),
            });
        }
    }

    /// Adds what changes of the stack's tags.
    pub fn compare_tags(&mut self, before: &Texts, after: &Texts) {
        let removed = before.keys().filter(|key| !after.contains_key(*key));
        for key in after.keys().chain(removed) {
            let (old, new) = (before.get(key), after.get(key));
            let action = match (old, new) {
                (old, new) if old == new => continue,
                (None, _) => Action::Add,
                (_, None) => Action::Remove,
                _ => Action::Modify,
            };
            self.tags.push(EntryChange {
                name: key.clone(),
                action,
                before: old.map(|text| text.as_str().into()),
                after: new.map(|text| text.as_str().into()),
                caused_by: SERVICE.to_owned(),
            });
        }
    }
}

/// True when equal texts need not mean equal stacks: what a macro, a dynamic reference, a stored
/// parameter or a hidden value comes to is known to the cloud only.
pub fn depends_on_more(template: &Value) -> bool {
    let parameters = template["Parameters"].as_object().into_iter().flatten();
    template.get("Transform").is_some()
        || parameters.into_iter().any(|(_, declaration)| {
            let kind = declaration["Type"].as_str().unwrap_or_default();
            is_secret(declaration) || kind.starts_with("AWS::SSM::Parameter::Value")
        })
        || has_reference(&template["Resources"])
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{resolve:"),
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(map) => map.contains_key("Fn::Transform") || map.values().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_secret(declaration: &Value) -> bool {
    match &declaration["NoEcho"] {
        Value::Bool(hidden) => *hidden,
        other => other.as_str() == Some("true"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn values_change_when_they_are_given_or_fall_back() {
        let template = json!({ "Parameters": {
            "Size": { "Type": "Number", "Default": 1 },
            "Name": { "Type": "String" },
            "Kept": { "Type": "String" },
            "Secret": { "Type": "String", "NoEcho": true },
        }});
        let before = texts(&[("Size", "2"), ("Name", "a"), ("Kept", "k"), ("Secret", "****")]);
        let mut plan = Plan::default();
        plan.compare_values(&template, &before, &texts(&[("Name", "b"), ("Secret", "x")]));
        let told: Vec<_> =
            plan.values.iter().map(|one| (one.name.as_str(), one.after.clone())).collect();
        assert_eq!(told, [("Size", Some(json!("1"))), ("Name", Some(json!("b")))]);
        assert!(!plan.is_empty());
    }

    #[test]
    fn tags_come_change_and_go() {
        let mut plan = Plan::default();
        plan.compare_tags(&texts(&[("a", "1"), ("b", "2")]), &texts(&[("b", "3"), ("c", "4")]));
        let told: Vec<_> = plan.tags.iter().map(|one| (one.name.as_str(), one.action)).collect();
        assert_eq!(told, [("b", Action::Modify), ("c", Action::Add), ("a", Action::Remove)]);
    }

    #[test]
    fn what_only_the_cloud_can_resolve_is_known() {
        assert!(!depends_on_more(&json!({ "Resources": { "Q": { "Type": "AWS::SQS::Queue" } } })));
        for more in [
            json!({ "Transform": "AWS::Serverless-2016-10-31" }),
            json!({ "Parameters": { "Secret": { "Type": "String", "NoEcho": "true" } } }),
            json!({ "Parameters": { "Image": { "Type": "AWS::SSM::Parameter::Value<String>" } } }),
            json!({ "Resources": { "Q": { "Properties": { "Name": ["{{resolve:ssm:name}}"] } } } }),
        ] {
            assert!(depends_on_more(&more), "{more}");
        }
    }
}
