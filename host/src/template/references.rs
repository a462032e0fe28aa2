//! Every place where a template names something else in it: `Ref`, `Fn::GetAtt`, `Fn::Sub`,
//! `DependsOn`, conditions and mappings.
//!
//! Finds and tells; whether the named thing exists is a check's matter. Names that are computed
//! (`Fn::GetAtt` with a `Ref` as attribute) are told as far as they are known.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::pointer::Pointer;
use super::substitution::{Piece, pieces, split_attribute};

/// One place that names something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reference {
    /// How it is named.
    pub kind: Kind,
    /// What is named: a logical id, a parameter, a pseudo parameter, a condition or a mapping.
    pub target: String,
    /// The attribute, for `Fn::GetAtt` and `${Resource.Attribute}`.
    pub attribute: Option<String>,
    /// The place of the naming text itself, such as `/Outputs/Url/Value/Fn::Sub`.
    pub at: Pointer,
}

impl Reference {
    /// True for `AWS::Region` and its like, which are always there.
    pub fn is_pseudo(&self) -> bool {
        self.target.starts_with("AWS::")
    }
}

/// How something is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    /// `Ref`: a parameter or a resource.
    Ref,
    /// `Fn::GetAtt`: a resource.
    #[serde(rename = "Fn::GetAtt")]
    GetAtt,
    /// `${…}` in `Fn::Sub`: a resource when there is an attribute, else a parameter or a resource.
    #[serde(rename = "Fn::Sub")]
    Sub,
    /// `DependsOn`: a resource.
    DependsOn,
    /// `Condition`, or the first argument of `Fn::If`: a condition.
    Condition,
    /// `Fn::FindInMap`: a mapping.
    #[serde(rename = "Fn::FindInMap")]
    FindInMap,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ref => "Ref",
            Self::GetAtt => "Fn::GetAtt",
            Self::Sub => "Fn::Sub",
            Self::DependsOn => "DependsOn",
            Self::Condition => "Condition",
            Self::FindInMap => "Fn::FindInMap",
        })
    }
}

/// All references of a template, in document order. Template `Metadata`, `Parameters` and `Mappings`
/// cannot hold any.
pub fn of_template(document: &Value) -> impl Iterator<Item = Reference> + use<> {
    let mut found = Vec::new();
    for (section, value) in document.as_object().into_iter().flatten() {
        let at = Pointer::of([section]);
        match (section.as_str(), value) {
            ("Metadata" | "Parameters" | "Mappings", _) => {}
            ("Resources" | "Outputs", Value::Object(entries)) => {
                for (id, entry) in entries {
                    collect_attributes(entry, &at.child(id), section == "Resources", &mut found);
                    collect(entry, &mut at.child(id), &mut found);
                }
            }
            _ => collect(value, &mut at.clone(), &mut found),
        }
    }
    found.into_iter()
}

/// The references by functions in a value that stands at `at`: no `DependsOn`, which is an attribute
/// of a resource.
pub fn in_value(value: &Value, at: &Pointer) -> impl Iterator<Item = Reference> + use<> {
    let mut found = Vec::new();
    collect(value, &mut at.clone(), &mut found);
    found.into_iter()
}

/// `DependsOn` and `Condition` of a resource, `Condition` of an output.
fn collect_attributes(entry: &Value, at: &Pointer, resource: bool, found: &mut Vec<Reference>) {
    let mut name = |kind, value: &Value, at: Pointer| {
        if let Some(target) = value.as_str() {
            found.push(Reference { kind, target: target.to_owned(), attribute: None, at });
        }
    };
    if resource && let Some(on) = entry.get("DependsOn") {
        let at = at.child("DependsOn");
        match on {
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    name(Kind::DependsOn, value, at.child(&index.to_string()));
                }
            }
            one => name(Kind::DependsOn, one, at),
        }
    }
    // With one key only, the walk through the functions takes it for one and finds it by itself.
    if let Some(map) = entry.as_object()
        && map.len() > 1
        && let Some(condition) = map.get("Condition")
    {
        name(Kind::Condition, condition, at.child("Condition"));
    }
}

fn collect(value: &Value, at: &mut Pointer, found: &mut Vec<Reference>) {
    match value {
        Value::Object(map) => {
            if let Some((name, argument)) = single(map) {
                at.push(name);
                collect_function(name, argument, at, found);
                at.pop();
            }
            for (name, child) in map {
                at.push(name);
                collect(child, at, found);
                at.pop();
            }
        }
        Value::Array(list) => {
            for (index, child) in list.iter().enumerate() {
                at.push(&index.to_string());
                collect(child, at, found);
                at.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What the function `name` itself names; its arguments are walked by the caller.
fn collect_function(name: &str, argument: &Value, at: &Pointer, found: &mut Vec<Reference>) {
    let first = || argument.get(0).and_then(Value::as_str);
    let mut push = |kind, target: &str, attribute: Option<&str>, at: Pointer| {
        let (target, attribute) = (target.to_owned(), attribute.map(str::to_owned));
        found.push(Reference { kind, target, attribute, at });
    };
    match (name, argument) {
        ("Ref", Value::String(target)) => push(Kind::Ref, target, None, at.clone()),
        ("Fn::GetAtt", Value::String(dotted)) => {
            let (target, attribute) = split_attribute(dotted);
            push(Kind::GetAtt, target, attribute, at.clone());
        }
        ("Fn::GetAtt", Value::Array(_)) => {
            if let Some(target) = first() {
                push(Kind::GetAtt, target, argument.get(1).and_then(Value::as_str), at.clone());
            }
        }
        ("Fn::Sub", Value::String(text)) => {
            sub_names(text, None).for_each(|(id, attribute)| {
                push(Kind::Sub, id, attribute, at.clone());
            });
        }
        ("Fn::Sub", Value::Array(_)) => {
            let own_names = argument.get(1).and_then(Value::as_object);
            sub_names(first().unwrap_or_default(), own_names).for_each(|(id, attribute)| {
                push(Kind::Sub, id, attribute, at.child("0"));
            });
        }
        ("Condition", Value::String(target)) => push(Kind::Condition, target, None, at.clone()),
        ("Fn::If", Value::Array(_)) => {
            if let Some(target) = first() {
                push(Kind::Condition, target, None, at.child("0"));
            }
        }
        ("Fn::FindInMap", Value::Array(_)) => {
            if let Some(target) = first() {
                push(Kind::FindInMap, target, None, at.child("0"));
            }
        }
        _ => {}
    }
}

/// The names in a text for `Fn::Sub` but those that its own map defines.
fn sub_names<'a>(
    text: &'a str,
    own: Option<&Map<String, Value>>,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    pieces(text).filter_map(move |piece| match piece {
        Piece::Variable(name) if own.is_none_or(|own| !own.contains_key(name)) => {
            Some(split_attribute(name))
        }
        _ => None,
    })
}

fn single(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = map.iter().next()?;
    (map.len() == 1).then_some((name.as_str(), argument))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(references: impl Iterator<Item = Reference>) -> String {
        let line = |found: Reference| {
            let attribute = found.attribute.map(|name| format!(".{name}")).unwrap_or_default();
            format!("{} {}{attribute} at {}", found.kind, found.target, found.at)
        };
        references.map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn finds_every_way_to_name_something() {
        let template = json!({
            "Conditions": {"Both": {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": [{"Ref": "Stage"}, "x"]}]}},
            "Mappings": {"Sizes": {"Ref": {"Fn::GetAtt": "not.one"}}},
            "Resources": {
                "Hello": {
                    "Type": "AWS::Lambda::Function",
                    "Condition": "Both",
                    "DependsOn": ["Role", "Log"],
                    "Properties": {
                        "A": {"Fn::GetAtt": ["Role", "Arn"]},
                        "B": {"Fn::GetAtt": "Nested.Outputs.Name"},
                        "C": {"Fn::Sub": "${!Literal} ${Queue} ${Queue.Arn} ${AWS::Region}"},
                        "D": {"Fn::Sub": ["${Mine}-${Other}", {"Mine": {"Ref": "Deep"}}]},
                        "E": {"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "n"]}]},
                        "Statement": {"Effect": "Allow", "Condition": {"StringEquals": {"a": "b"}}},
                    },
                },
            },
            "Outputs": {"Url": {"Condition": "IsProd", "Value": {"Ref": "Hello"}}},
        });
        insta::assert_snapshot!(shown(of_template(&template)), @"
        Condition IsProd at /Conditions/Both/Fn::And/0/Condition
        Ref Stage at /Conditions/Both/Fn::And/1/Fn::Equals/0/Ref
        DependsOn Role at /Resources/Hello/DependsOn/0
        DependsOn Log at /Resources/Hello/DependsOn/1
        Condition Both at /Resources/Hello/Condition
        Fn::GetAtt Role.Arn at /Resources/Hello/Properties/A/Fn::GetAtt
        Fn::GetAtt Nested.Outputs.Name at /Resources/Hello/Properties/B/Fn::GetAtt
        Fn::Sub Queue at /Resources/Hello/Properties/C/Fn::Sub
        Fn::Sub Queue.Arn at /Resources/Hello/Properties/C/Fn::Sub
        Fn::Sub AWS::Region at /Resources/Hello/Properties/C/Fn::Sub
        Fn::Sub Other at /Resources/Hello/Properties/D/Fn::Sub/0
        Ref Deep at /Resources/Hello/Properties/D/Fn::Sub/1/Mine/Ref
        Condition IsProd at /Resources/Hello/Properties/E/Fn::If/0
        Ref AWS::NoValue at /Resources/Hello/Properties/E/Fn::If/1/Ref
        Fn::FindInMap Sizes at /Resources/Hello/Properties/E/Fn::If/2/Fn::FindInMap/0
        Ref Stage at /Resources/Hello/Properties/E/Fn::If/2/Fn::FindInMap/1/Ref
        Condition IsProd at /Outputs/Url/Condition
        Ref Hello at /Outputs/Url/Value/Ref
        ");
    }

    #[test]
    fn malformed_functions_name_nothing() {
        let value = json!([{"Ref": 1}, {"Fn::GetAtt": []}, {"Fn::Sub": {}}, {"Fn::If": "x"}, {"Ref": "A", "b": 1}]);
        assert_eq!(shown(in_value(&value, &Pointer::root())), "");
    }
}
