use phalanx_plugin::testing::Host;

use super::*;

fn host(resource: &Value, config: Value) -> Host {
    Host::with_template(json!({ "Resources": { "X": resource } })).config(config)
}

fn tagged(resource: &Value, config: Value) -> (Value, Vec<String>) {
    let mut host = host(resource, config);
    host.run(StackTags::decorate_service).unwrap();
    let warnings = host.logged("warn").into_iter().map(str::to_owned).collect();
    (host.template()["Resources"]["X"]["Properties"]["Tags"].clone(), warnings)
}

fn config() -> Value {
    json!({ "tags": { "team": "orders", "stage": "${Stage}" } })
}

#[test]
fn a_resource_without_tags_gets_all() {
    let (tags, _) = tagged(&json!({ "Type": "AWS::SQS::Queue" }), config());
    assert_eq!(
        tags,
        json!([
            { "Key": "stage", "Value": { "Fn::Sub": "${Stage}" } },
            { "Key": "team", "Value": "orders" },
        ])
    );
}

#[test]
fn a_type_that_writes_its_tags_as_a_map_gets_a_map() {
    let (tags, _) = tagged(&json!({ "Type": "AWS::SSM::Parameter" }), config());
    assert_eq!(tags, json!({ "stage": { "Fn::Sub": "${Stage}" }, "team": "orders" }));
}

#[test]
fn other_tags_stay_and_equal_ones_are_not_repeated() {
    let queue = json!({ "Type": "AWS::SQS::Queue", "Properties": { "Tags": [
        { "Key": "cost", "Value": "1" },
        { "Key": "team", "Value": "orders" },
    ] } });
    let (tags, warnings) = tagged(&queue, json!({ "tags": { "team": "orders", "a": "b" } }));
    assert_eq!(
        tags,
        json!([
            { "Key": "cost", "Value": "1" },
            { "Key": "team", "Value": "orders" },
            { "Key": "a", "Value": "b" },
        ])
    );
    assert!(warnings.is_empty());
}

#[test]
fn another_value_of_the_service_stays_with_a_warning() {
    let queue = json!({ "Type": "AWS::SQS::Queue", "Properties": { "Tags": [
        { "Key": "team", "Value": "billing" },
    ] } });
    let (tags, warnings) = tagged(&queue, json!({ "tags": { "team": "orders" } }));
    assert_eq!(tags, json!([{ "Key": "team", "Value": "billing" }]));
    assert_eq!(
        warnings,
        [
            "kept tag `team` of `X`: it is \"billing\", not the configured \"orders\"; set `overwrite \
          = true` to change it"
        ]
    );
}

#[test]
fn overwrite_changes_the_value_only() {
    let config = json!({ "tags": { "team": "orders" }, "overwrite": true });
    let queue = json!({ "Type": "AWS::SQS::Queue", "Properties": { "Tags": [
        { "Key": "team", "Value": "billing" },
    ] } });
    assert_eq!(tagged(&queue, config.clone()).0, json!([{ "Key": "team", "Value": "orders" }]));
    let parameter =
        json!({ "Type": "AWS::SSM::Parameter", "Properties": { "Tags": { "team": "billing" } } });
    assert_eq!(tagged(&parameter, config).0, json!({ "team": "orders" }));
}

#[test]
fn computed_tags_are_left_alone() {
    for (resource_type, tags) in [
        ("AWS::SQS::Queue", json!({ "Fn::If": ["C", [], []] })),
        ("AWS::SSM::Parameter", json!({ "Fn::If": ["C", {}, {}] })),
    ] {
        let resource = json!({ "Type": resource_type, "Properties": { "Tags": tags } });
        let (after, warnings) = tagged(&resource, config());
        assert_eq!(after, tags);
        assert_eq!(warnings, ["left the tags of `X` alone: they are computed at deployment"]);
    }
}

#[test]
fn other_types_are_untouched() {
    let permission = json!({ "Type": "AWS::Lambda::Permission" });
    let mut host = host(&permission, config());
    host.run(StackTags::decorate_service).unwrap();
    assert_eq!(host.template()["Resources"]["X"], permission);
}
