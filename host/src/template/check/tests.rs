//! One bad template a group of rules, with the words that people see.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::template::Author;

#[test]
fn a_good_template_has_no_findings() {
    insta::assert_snapshot!(found(json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "fine",
        "Parameters": {"Size": {"Type": "String"}},
        "Mappings": {"Sizes": {"eu-west-1": {"small": "1"}}},
        "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Big", "Properties": {
                "QueueName": {"Fn::Sub": "${AWS::StackName}-${Size}-${!literal}"},
                "DelaySeconds": {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]},
            }},
            "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}},
            "Own": {"Type": "Custom::Thing", "DependsOn": ["Queue"]},
            "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {"Statement": [{"Condition": {"ArnLike": {"a": "b"}}}]}}},
        },
        "Outputs": {
            "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}},
            "Inner": {"Value": {"Fn::GetAtt": "Nested.Outputs.Url"}},
            "Custom": {"Value": {"Fn::GetAtt": ["Own", "Whatever"]}},
        },
    })), @"");
}

#[test]
fn references_to_nothing_are_found_with_the_likely_name() {
    insta::assert_snapshot!(found(json!({
        "Parameters": {"Size": {"Type": "String"}},
        "Mappings": {"Sizes": {"small": {"cpu": "1"}}},
        "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Queue"}, "big"]}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Bigg", "DependsOn": ["Quue"], "Properties": {
                "QueueName": {"Ref": "AWS::StackNam"},
                "Tags": [{"Key": "a", "Value": {"Fn::Sub": "${Sizze}-${Nothing.Arn}-${VAR:-x}"}}],
                "DelaySeconds": {"Fn::FindInMap": ["Sizes", "smal", "cpu"]},
                "VisibilityTimeout": {"Fn::FindInMap": ["Sizes", "small", "cpus"]},
                "MaximumMessageSize": {"Fn::FindInMap": ["Zises", "small", "cpu"]},
            }},
        },
        "Outputs": {
            "A": {"Value": {"Fn::GetAtt": ["Queue", "ARN"]}},
            "B": {"Value": {"Fn::GetAtt": ["Size", "Arn"]}},
            "C": {"Value": {"Fn::Sub": "${Queue.Colour}"}},
        },
    })), @"
    error[misplaced-reference] /Conditions/Big/Fn::Equals/0/Ref: `Ref` in condition `Big` refers to resource `Queue`, but `Conditions` can use parameters only
      hint: let a parameter decide
    error[dangling-depends-on] /Resources/Queue/DependsOn/0: `DependsOn` in resource `Queue` refers to `Quue`, which is not a resource
      hint: did you mean `Queue`?
    error[dangling-condition] /Resources/Queue/Condition: `Condition` in resource `Queue` refers to `Bigg`, which is not a condition of the template
      hint: did you mean `Big`?
    error[dangling-reference] /Resources/Queue/Properties/QueueName/Ref: `Ref` in resource `Queue` refers to `AWS::StackNam`, which is neither a resource nor a parameter
      hint: did you mean `AWS::StackName`?
    error[dangling-reference] /Resources/Queue/Properties/Tags/0/Value/Fn::Sub: `Fn::Sub` in resource `Queue` refers to `Sizze`, which is neither a resource nor a parameter
      hint: did you mean `Size`?
    error[dangling-reference] /Resources/Queue/Properties/Tags/0/Value/Fn::Sub: `Fn::Sub` in resource `Queue` refers to `Nothing`, which is not a resource
      hint: declare `Nothing`, or correct the name
    error[dangling-mapping] /Resources/Queue/Properties/DelaySeconds/Fn::FindInMap/0: mapping `Sizes` has no key `smal`
      hint: did you mean `small`?
    error[dangling-mapping] /Resources/Queue/Properties/VisibilityTimeout/Fn::FindInMap/…: mapping `Sizes` has no key `cpus` in `small`
      hint: did you mean `cpu`?
    error[dangling-mapping] /Resources/Queue/Properties/MaximumMessageSize/Fn::FindInMap…: `Fn::FindInMap` in resource `Queue` refers to `Zises`, which is not a mapping of the template
      hint: declare `Zises`, or correct the name
    error[unknown-attribute] /Outputs/A/Value/Fn::GetAtt: `Fn::GetAtt` in output `A` wants `ARN` of `Queue`, but AWS::SQS::Queue has no such attribute
      hint: did you mean `Arn`?
    error[dangling-reference] /Outputs/B/Value/Fn::GetAtt: `Fn::GetAtt` in output `B` refers to `Size`, which is a parameter; only resources have attributes
      hint: declare `Size`, or correct the name
    error[unknown-attribute] /Outputs/C/Value/Fn::Sub: `Fn::Sub` in output `C` wants `Colour` of `Queue`, but AWS::SQS::Queue has no such attribute
      hint: it has `Arn`, `ContentBasedDeduplication`, `DeduplicationScope`, `DelaySeconds`, `FifoQueue`, `FifoThroughputLimit`, `KmsDataKeyReusePeriodSeconds`, `KmsMasterKeyId` and 10 more
    error[invalid-substitution] /Resources/Queue/Properties/Tags/0/Value/Fn::Sub: `${VAR:-x}` names nothing: a name has letters, digits and `_.:` only
      hint: for the text itself write `${!VAR:-x}`
    ");
}

#[test]
fn circles_are_shown_with_what_makes_them() {
    insta::assert_snapshot!(found(json!({
        "Conditions": {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}},
        "Resources": {
            "Self": {"Type": "Custom::X", "Properties": {"Me": {"Ref": "Self"}}},
            "A": {"Type": "Custom::X", "Properties": {"To": {"Fn::GetAtt": ["B", "Arn"]}}},
            "B": {"Type": "Custom::X", "DependsOn": "C"},
            "C": {"Type": "Custom::X", "Properties": {"Text": {"Fn::Sub": "x${A}"}, "B": {"Ref": "B"}}},
            "Leaf": {"Type": "Custom::X", "DependsOn": "A"},
        },
    })), @"
    error[cycle] /Resources/Self/Properties/Me/Ref: a resource depends on itself: Self -> Self (`Self` needs `Self` in `Properties.Me`)
      hint: remove one of these references, or move it into a resource of its own
    error[cycle] /Resources/A: resources depend on each other in a circle: A -> B -> C -> A (`A` needs `B` in `Properties.To`, `B` needs `C` in `DependsOn`, `C` needs `A` in `Properties.Text`)
      hint: remove one of these references, or move it into a resource of its own
    error[cycle] /Conditions/A: conditions depend on each other in a circle: A -> B -> A (`A` needs `B` in `Condition`, `B` needs `A` in `Fn::Not.0.Condition`)
      hint: remove one of these references, or move it into a resource of its own
    ");
}

#[test]
fn shapes_and_names_are_checked() {
    insta::assert_snapshot!(found(json!({
        "AWSTemplateFormatVersion": "2010-9-9",
        "Resource": {},
        "Mappings": [],
        "Parameters": {"AWS::Mine": {"Type": "String"}, "Queue": {"Type": "String"}, "X": {}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queu", "Properties": {}},
            "my-topic": {"Type": "AWS::SNS::Topic", "Propertys": {}, "TopicName": "x"},
            "NoType": {"Properties": {}},
            "Number": 5,
            "BadType": {"Type": 5},
            "Role": {"Type": "AWS::IAM::Role"},
            "List": {"Type": "AWS::IAM::Role", "Properties": []},
        },
        "Outputs": {"\u{1b}[31m": {"Value": "x"}, "NoValue": {}},
    })), @r#"
    error[format-version] /AWSTemplateFormatVersion: `AWSTemplateFormatVersion` is "2010-9-9"
      hint: write `2010-09-09`, the only version there is
    error[unknown-section] /Resource: CloudFormation has no section `Resource`
      hint: did you mean `Resources`?
    error[not-an-object] /Mappings: section `Mappings` is not a JSON object
    error[output-shape] /Outputs/NoValue: `NoValue` has no `Value`, which an output must have
    error[parameter-shape] /Parameters/X: `X` has no `Type`, which a parameter must have
    warning[unknown-type] /Resources/Queue/Type: resource `Queue` has the type `AWS::SQS::Queu`, which Phalanx does not know
      hint: did you mean `AWS::SQS::Queue`?
    error[resource-shape] /Resources/my-topic/Propertys: resource `my-topic` has a key `Propertys`, which resources do not have
      hint: did you mean `Properties`?
    error[resource-shape] /Resources/my-topic/TopicName: resource `my-topic` has a key `TopicName`, which resources do not have
      hint: if `TopicName` is a property, move it into `Properties`
    error[resource-shape] /Resources/NoType: resource `NoType` has no `Type`
      hint: add the CloudFormation type, such as `AWS::SQS::Queue`
    error[resource-shape] /Resources/Number: resource `Number` is not a JSON object
    error[resource-shape] /Resources/BadType/Type: the `Type` of resource `BadType` is not a string
    error[required-property] /Resources/Role/Properties: resource `Role` has no `AssumeRolePolicyDocument`, which AWS::IAM::Role requires
    error[resource-shape] /Resources/List/Properties: the `Properties` of resource `List` are not a JSON object
    error[reserved-name] /Parameters/AWS::Mine: parameter `AWS::Mine` has the name of a pseudo parameter
      hint: names that begin with `AWS::` are CloudFormation's; choose another
    error[illegal-id] /Resources/my-topic: `my-topic` in `Resources` is not made of ASCII letters and digits only
      hint: call it `mytopic`
    error[illegal-id] /Outputs/\u{1b}[31m: `\u{1b}[31m` in `Outputs` is not made of ASCII letters and digits only
      hint: call it `31m`
    error[duplicate-id] /Parameters/Queue: `Queue` is both a parameter and a resource
      hint: rename one of the two: `Ref` could mean either
    "#);
    insta::assert_snapshot!(found(json!([])), @"error[not-an-object] : the template is not a JSON object");
    insta::assert_snapshot!(found(json!({})), @"
    error[no-resources] /Resources: the template has no resources
      hint: CloudFormation needs one at least: add a function or a resource
    ");
}

#[test]
fn a_macro_may_still_add_what_is_missing() {
    insta::assert_snapshot!(found(json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Fn::ForEach::Queues": ["Name", ["A"], {"Queue${Name}": {"Type": "AWS::SQS::Queue"}}],
            "Hello": {"Type": "AWS::Serverless::Function", "Connectors": {}},
        },
        "Outputs": {"Role": {"Value": {"Ref": "HelloRole"}}},
    })), @"
    warning[dangling-reference] /Outputs/Role/Value/Ref: `Ref` in output `Role` refers to `HelloRole`, which is neither a resource nor a parameter
      hint: did you mean `Hello`?
    ");
}

#[test]
fn the_quotas_of_cloudformation_hold() {
    let many = |number: usize, value: Value| -> Value {
        (0..number).map(|index| (format!("A{index}"), value.clone())).collect::<Map<_, _>>().into()
    };
    let long = "x".repeat(256);
    insta::assert_snapshot!(found(json!({
        "Description": "é".repeat(513),
        "Parameters": {"P": {"Type": "String", "Default": "x".repeat(4097)}},
        "Mappings": {"M": many(201, json!({"a": "b"}))},
        "Resources": many(501, json!({"Type": "Custom::X", "Properties": {"Text": "y".repeat(2000)}})),
        "Outputs": {long: {"Value": "x"}},
    })), @"
    error[template-size] : the template has 1037259 bytes, CloudFormation takes 1000000 at most
      hint: the largest resources are `A0` (2045 bytes), `A1` (2045 bytes), `A2` (2045 bytes)
    error[resource-count] /Resources: the template has 501 resources, CloudFormation takes 500 at most
      hint: move a part of them to another service; most are 501 Custom::X
    error[mapping-attributes] /Mappings/M: mapping `M` has 201 keys, CloudFormation takes 200 at most
    error[name-length] /Outputs/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` in `Outputs` has 256 characters, CloudFormation takes 255 at most
    error[parameter-length] /Parameters/P/Default: the default of parameter `P` has 4097 bytes, CloudFormation takes 4096 at most
    error[description-length] /Description: the description has 1026 bytes, CloudFormation takes 1024 at most
    ");
    insta::assert_snapshot!(found(json!({
        "Parameters": many(201, json!({"Type": "String"})),
        "Mappings": many(201, json!({"a": {"b": "c"}})),
        "Resources": {"A": {"Type": "Custom::X"}},
        "Outputs": many(201, json!({"Value": "x"})),
    })).lines().filter(|line| line.contains("-count")).collect::<Vec<_>>().join("\n"), @"
    error[output-count] /Outputs: the template has 201 outputs, CloudFormation takes 200 at most
    error[parameter-count] /Parameters: the template has 201 parameters, CloudFormation takes 200 at most
    error[mapping-count] /Mappings: the template has 201 mappings, CloudFormation takes 200 at most
    ");
}

#[test]
fn a_finding_names_the_plugin_or_the_line_that_is_to_blame() {
    let document =
        json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "DependsOn": "Nope"}}});
    let location = Location { file: "phalanx.toml".into(), line: 3, column: 1 };
    let locations = BTreeMap::from([("/Resources/Queue".to_owned(), location)]);
    let mut template = Template::new(document);
    template.begin(Author {
        plugin: "tagger".into(),
        hook: "template-decorate",
        overrides: Vec::new(),
    });
    let at = Pointer::of(["Resources", "Queue", "Properties", "QueueName"]);
    template.set(&at, json!({"Ref": "Gone"})).expect("an edit");
    template.commit();
    let findings = check(template.document(), &locations, &template);
    let blamed: Vec<_> = findings
        .iter()
        .map(|finding| (finding.by.as_deref(), finding.location.as_ref().map(|at| at.line)))
        .collect();
    assert_eq!(blamed, [(None, Some(3)), (Some("tagger"), None)]);
}

proptest! {
    #[test]
    fn never_panics(document in any_template()) {
        let template = Template::new(document.clone());
        check(&document, &BTreeMap::new(), &template);
    }
}

/// JSON whose keys and texts are likely to mean something to a check.
fn any_template() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Resources",
        "Outputs",
        "Parameters",
        "Mappings",
        "Conditions",
        "Transform",
        "Description",
        "A",
        "B",
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "Value",
        "Ref",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::If",
        "Fn::FindInMap",
        "AWS::SQS::Queue",
        "AWS::IAM::Role",
        "A.Arn",
        "${A}${B.Arn}${",
        "AWS::Region",
        "",
        "é\u{1b}",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|entries| {
                entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect::<Map<_, _>>()
                    .into()
            }),
        ]
    })
}

/// Two lines a finding, as a person would read them.
fn found(document: Value) -> String {
    let template = Template::new(document);
    let line = |finding: Finding| {
        let hint = finding.hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        let (severity, rule) = (finding.severity, finding.rule);
        format!(
            "{severity}[{rule}] {}: {}{hint}",
            text::shorten(&text::safe_line(finding.at.as_str()), 60),
            finding.message
        )
    };
    let findings = check(template.document(), &BTreeMap::new(), &template);
    findings.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
