//! Every function with its forms and its refusals.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A service with a queue, a few parameters and one mapping.
struct Sample;

impl Scope for Sample {
    fn parameter(&self, name: &str) -> Option<Value> {
        match name {
            "Stage" => Some(json!("prod")),
            "Subnets" => Some(json!(["a", "b"])),
            "Count" => Some(json!(2)),
            _ => None,
        }
    }

    fn resource_ref(&self, logical_id: &str) -> Option<Value> {
        (logical_id == "Queue").then(|| json!("https://sqs/queue"))
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        (logical_id == "Queue" && attribute == "Arn").then(|| json!("arn:queue"))
    }

    fn mapping(&self, name: &str, first_key: &str, second_key: &str) -> Option<Value> {
        ((name, first_key, second_key) == ("Sizes", "prod", "Memory")).then(|| json!(512))
    }

    fn condition(&self, name: &str) -> Option<bool> {
        match name {
            "Yes" => Some(true),
            "No" => Some(false),
            _ => None,
        }
    }

    fn pseudo(&self, name: &str) -> Option<Value> {
        match name {
            "AWS::Region" => Some(json!("eu-central-1")),
            "AWS::AccountId" => Some(json!("123456789012")),
            _ => None,
        }
    }

    fn export(&self, name: &str) -> Option<Value> {
        (name == "shared-prod").then(|| json!("vpc-1"))
    }

    fn zones(&self, region: &str) -> Option<Vec<String>> {
        (region == "eu-central-1").then(|| vec!["eu-central-1a".into(), "eu-central-1b".into()])
    }
}

fn resolved(value: &Value) -> Value {
    resolve(value, &Sample).unwrap()
}

fn refused(value: &Value) -> String {
    resolve(value, &Sample).unwrap_err().to_string()
}

#[test]
fn names_come_from_the_scope() {
    assert_eq!(resolved(&json!({"a": {"Ref": "Stage"}})), json!({"a": "prod"}));
    assert_eq!(resolved(&json!([{"Ref": "Queue"}])), json!(["https://sqs/queue"]));
    assert_eq!(resolved(&json!({"Ref": "Subnets"})), json!(["a", "b"]));
    assert_eq!(resolved(&json!({"Ref": "AWS::Region"})), json!("eu-central-1"));
    assert_eq!(resolved(&json!({"Fn::GetAtt": ["Queue", "Arn"]})), json!("arn:queue"));
    assert_eq!(resolved(&json!({"Fn::GetAtt": "Queue.Arn"})), json!("arn:queue"));
    assert_eq!(
        resolved(&json!({"Fn::ImportValue": {"Fn::Sub": "shared-${Stage}"}})),
        json!("vpc-1")
    );
    insta::assert_snapshot!(refused(&json!({"a": [{"Ref": "Quue"}]})), @"`Ref` at `/a/0/Ref` names `Quue`, which is not a parameter or a resource");
    insta::assert_snapshot!(refused(&json!({"Fn::GetAtt": "Queue.Name"})), @"`Fn::GetAtt` at `/Fn::GetAtt` names `Queue.Name`, which is not an attribute of a resource");
    insta::assert_snapshot!(refused(&json!({"Fn::GetAtt": "Queue"})), @"`Fn::GetAtt` at `/Fn::GetAtt` takes `Resource.Attribute` or a list of both");
    insta::assert_snapshot!(refused(&json!({"Ref": "AWS::Reign"})), @"`Ref` at `/Ref` names `AWS::Reign`, which is not a pseudo parameter");
}

#[test]
fn texts_are_substituted() {
    assert_eq!(
        resolved(&json!({"Fn::Sub": "${Queue}/${Queue.Arn}/${AWS::Region}/${Count}/${!Stage}"})),
        json!("https://sqs/queue/arn:queue/eu-central-1/2/${Stage}")
    );
    assert_eq!(
        resolved(&json!({"Fn::Sub": ["${Own}-${Stage}", {"Own": {"Ref": "Queue"}}]})),
        json!("https://sqs/queue-prod")
    );
    insta::assert_snapshot!(refused(&json!({"Fn::Sub": "${A:-b}"})), @"`Fn::Sub` at `/Fn::Sub` has `${A:-b}`, which is not a name");
    insta::assert_snapshot!(refused(&json!({"Fn::Sub": "${Subnets}"})), @"`Fn::Sub` at `/Fn::Sub` needs a text and got a list");
    insta::assert_snapshot!(refused(&json!({"Fn::Sub": {}})), @"`Fn::Sub` at `/Fn::Sub` takes a text, or a list of a text and an object");
}

#[test]
fn lists_are_joined_split_and_selected() {
    assert_eq!(
        resolved(&json!({"Fn::Join": ["-", ["a", 1, true, {"Ref": "Stage"}]]})),
        json!("a-1-true-prod")
    );
    assert_eq!(resolved(&json!({"Fn::Join": [",", {"Ref": "Subnets"}]})), json!("a,b"));
    assert_eq!(resolved(&json!({"Fn::Split": ["/", "a/b/"]})), json!(["a", "b", ""]));
    assert_eq!(resolved(&json!({"Fn::Select": ["1", {"Fn::Split": ["/", "a/b"]}]})), json!("b"));
    assert_eq!(resolved(&json!({"Fn::Select": [0, {"Ref": "Subnets"}]})), json!("a"));
    assert_eq!(resolved(&json!({"Fn::Length": {"Ref": "Subnets"}})), json!(2));
    assert_eq!(
        resolved(&json!({"Fn::ToJsonString": {"a": {"Ref": "Count"}}})),
        json!(r#"{"a":2}"#)
    );
    assert_eq!(resolved(&json!({"Fn::Base64": "hello"})), json!("aGVsbG8="));
    assert_eq!(resolved(&json!({"Fn::GetAZs": ""})), json!(["eu-central-1a", "eu-central-1b"]));
    assert_eq!(
        resolved(&json!({"Fn::Cidr": ["10.0.0.0/16", 2, "8"]})),
        json!(["10.0.0.0/24", "10.0.1.0/24"])
    );
    insta::assert_snapshot!(refused(&json!({"Fn::Select": [5, ["a"]]})), @"`Fn::Select` at `/Fn::Select` selects `5` from a list of 1");
    insta::assert_snapshot!(refused(&json!({"Fn::Join": "x"})), @"`Fn::Join` at `/Fn::Join` takes a list of a delimiter and a list of values");
    insta::assert_snapshot!(refused(&json!({"Fn::GetAZs": "mars-1"})), @"`Fn::GetAZs` at `/Fn::GetAZs` names `mars-1`, which is not a region");
    insta::assert_snapshot!(refused(&json!({"Fn::Cidr": ["10.0.0.0", 2, 8]})), @"`Fn::Cidr` at `/Fn::Cidr` got `10.0.0.0`, which is not an address block like `10.0.0.0/16`");
}

#[test]
fn mappings_may_have_a_default() {
    assert_eq!(
        resolved(&json!({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]})),
        json!(512)
    );
    assert_eq!(
        resolved(
            &json!({"Fn::FindInMap": ["Sizes", "dev", "Memory", {"DefaultValue": {"Ref": "Count"}}]})
        ),
        json!(2)
    );
    insta::assert_snapshot!(refused(&json!({"Fn::FindInMap": ["Sizes", "dev", "Memory"]})), @"`Fn::FindInMap` at `/Fn::FindInMap` names `Sizes.dev.Memory`, which is not in a mapping");
}

#[test]
fn no_value_removes_keys_and_elements() {
    assert_eq!(
        resolved(
            &json!({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Fn::If": ["No", 2, {"Ref": "AWS::NoValue"}]}]})
        ),
        json!({"b": [1]})
    );
    assert_eq!(resolved(&json!({"Ref": "AWS::NoValue"})), Value::Null);
}

#[test]
fn only_the_branch_that_is_taken_is_evaluated() {
    assert_eq!(resolved(&json!({"Fn::If": ["Yes", "a", {"Ref": "Unknown"}]})), json!("a"));
    insta::assert_snapshot!(refused(&json!({"Fn::If": ["Maybe", 1, 2]})), @"`Fn::If` at `/Fn::If` names `Maybe`, which is not a condition");
}

#[test]
fn unknown_functions_are_refused_with_the_nearest_name() {
    let error = resolve(&json!({"Fn::Jion": []}), &Sample).unwrap_err();
    use crate::hint::Explain;
    insta::assert_snapshot!(error, @"`Fn::Jion` at `/Fn::Jion` cannot be evaluated here");
    assert_eq!(error.hints(), ["did you mean `Fn::Join`?"]);
}

#[test]
fn texts_cannot_grow_without_end() {
    let value = (0..30).fold(json!(["\"\\"]), |inner, _| json!([{"Fn::ToJsonString": inner}]));
    assert!(refused(&value).contains("makes a text larger than 1.0 MiB"));
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    assert!(refused(&deep).contains("nests deeper than 128 levels"));
}

#[test]
fn conditions_use_each_other_in_any_order() {
    let document = json!({"Conditions": {
        "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Not": [{"Condition": "Small"}]}]},
        "Small": {"Fn::Equals": [{"Ref": "Count"}, "1"]},
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Either": {"Fn::Or": [{"Condition": "Small"}, {"Fn::Equals": ["a", "b"]}]},
    }});
    let conditions: Vec<_> = evaluate_conditions(&document, &Sample).unwrap().into_iter().collect();
    let expected = [("Both", true), ("Small", false), ("IsProd", true), ("Either", false)];
    assert_eq!(conditions, expected.map(|(name, holds)| (name.to_owned(), holds)));
}

#[test]
fn circles_of_conditions_are_shown() {
    let document = json!({"Conditions": {
        "Start": {"Fn::Not": [{"Condition": "A"}]},
        "A": {"Fn::Not": [{"Condition": "B"}]},
        "B": {"Fn::Not": [{"Condition": "A"}]},
    }});
    let error = evaluate_conditions(&document, &Sample).unwrap_err();
    insta::assert_snapshot!(error, @"conditions depend on each other: A → B → A");
    let unknown = json!({"Conditions": {"A": {"Fn::Not": [{"Condition": "Gone"}]}}});
    let error = evaluate_conditions(&unknown, &Sample).unwrap_err();
    insta::assert_snapshot!(error, @"`Condition` at `/Conditions/A/Fn::Not/0` names `Gone`, which is not a condition");
}

/// Values with functions of all kinds, mostly malformed.
fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..300).prop_map(Value::from),
        prop::sample::select(vec![
            "Stage",
            "Queue",
            "Queue.Arn",
            "AWS::NoValue",
            "Yes",
            "${Stage}${",
            "10.0.0.0/16",
            "::/0",
            "",
            ",",
        ])
        .prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 4, |inner| {
        let function = prop::sample::select(error::FUNCTIONS.to_vec());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            (function, prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(name, arguments)| json!({name: arguments})),
            (prop::sample::select(error::FUNCTIONS.to_vec()), inner)
                .prop_map(|(name, argument)| json!({name: argument})),
        ]
    })
}

proptest! {
    #[test]
    fn resolving_never_panics_and_leaves_plain_values_alone(value in any_value()) {
        if let Ok(once) = resolve(&value, &Sample) {
            let _ = resolve(&once, &Sample);
        }
        let _ = evaluate_conditions(&json!({"Conditions": {"A": value}}), &Sample);
    }
}
