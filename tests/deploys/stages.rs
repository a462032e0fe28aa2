//! Stages with overrides, parameters, conditions, mappings and included files, as far as they show in
//! what is deployed.

use serde_json::{Value, json};

use super::BOOTSTRAP;
use crate::support::Project;

const MANIFEST: &str = r#"
include = ["infra/*.yaml", "infra/topic.json"]

[service]
name = "orders"
region = "eu-central-1"
tags = { team = "shop" }

[functions.hello]
code = "bootstrap"
memory = 128
environment = { TABLE = "${Table}", SIZE = "${Size}", VERSION = "1", QUEUE_URL = "none" }

[parameters.Size]
Type = "String"
Default = "small"
AllowedValues = ["small", "large"]

[conditions]
IsLarge = { "Fn::Equals" = [{ Ref = "Size" }, "large"] }

[mappings.Retention]
small = { Seconds = 60 }
large = { Seconds = 600 }

[resources.Jobs]
Type = "AWS::SQS::Queue"
Properties = { MessageRetentionPeriod = { "Fn::FindInMap" = ["Retention", { Ref = "Size" }, "Seconds"] } }

[resources.Extra]
Type = "AWS::SQS::Queue"
Condition = "IsLarge"

[outputs.Retention]
Value = { "Fn::FindInMap" = ["Retention", { Ref = "Size" }, "Seconds"] }

[outputs.Where]
Value = "${AWS::Region} ${Topic.TopicName}"

[stages.prod]
region = "eu-west-1"
tags = { cost = "7" }
parameters = { Size = "large" }
functions = { hello = { memory = 512 } }
"#;

const TABLE: &str = "\
Conditions:
  IsBig: !Equals [!Ref Size, large]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions:
        - { AttributeName: id, AttributeType: S }
      KeySchema:
        - { AttributeName: id, KeyType: HASH }
      BillingMode: !If [IsBig, PROVISIONED, PAY_PER_REQUEST]
Outputs:
  TableArn:
    Value: !GetAtt Table.Arn
  Joined:
    Value: !Join [\"-\", [!Sub \"${AWS::StackName}\", !Select [1, !Split [\",\", \"a,b\"]]]]
  BigOnly:
    Condition: IsBig
    Value: big
";

const TOPIC: &str = r#"{
  "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": "news" } } }
}"#;

fn service() -> Project {
    Project::new(MANIFEST)
        .script("bootstrap", BOOTSTRAP)
        .file("infra/table.yaml", TABLE)
        .file("infra/topic.json", TOPIC)
}

fn status(project: &Project, stage: &str) -> Value {
    let command = format!("status --local --output json --stage {stage}");
    project.phalanx(&command).succeeds().json()["stack"].clone()
}

#[test]
fn a_stage_overrides_what_it_names_and_nothing_else() {
    let project = service();
    let dev = project.phalanx("deploy --local --output json").succeeds().json();
    let prod = project.phalanx("deploy --local --output json --stage prod").succeeds().json();
    assert_eq!((&dev["stack"], &prod["stack"]), (&json!("orders-dev"), &json!("orders-prod")));
    assert_eq!(
        dev["outputs"],
        json!({
            "Retention": "60",
            "Where": "eu-central-1 news",
            "TableArn": dev["outputs"]["TableArn"],
            "Joined": "orders-dev-b",
        })
    );
    assert_eq!(
        prod["outputs"],
        json!({
            "Retention": "600",
            "Where": "eu-west-1 news",
            "TableArn": prod["outputs"]["TableArn"],
            "Joined": "orders-prod-b",
            "BigOnly": "big",
        })
    );
    let arn = |result: &Value| result["outputs"]["TableArn"].as_str().unwrap().to_owned();
    assert!(arn(&dev).starts_with("arn:aws:dynamodb:eu-central-1:"), "{}", arn(&dev));
    assert!(arn(&prod).starts_with("arn:aws:dynamodb:eu-west-1:"), "{}", arn(&prod));

    let (dev, prod) = (status(&project, "dev"), status(&project, "prod"));
    assert_eq!(dev["tags"], json!({ "team": "shop" }));
    assert_eq!(prod["tags"], json!({ "team": "shop", "cost": "7" }));
    assert_eq!(dev["parameters"], json!({ "Size": "small" }));
    assert_eq!(prod["parameters"], json!({ "Size": "large" }));
    let memory =
        |stack: &Value| stack["template"]["Resources"]["Hello"]["Properties"]["MemorySize"].clone();
    assert_eq!((memory(&dev), memory(&prod)), (json!(128), json!(512)));
    let has_extra = |stack: &Value| {
        let resources = stack["resources"].as_array().unwrap().iter();
        resources.filter(|resource| resource["logical-id"] == "Extra").count() == 1
    };
    assert!(!has_extra(&dev) && has_extra(&prod));

    let call = project.phalanx("invoke hello --local --stage prod").succeeds();
    assert_eq!(call.json()["version"], "1");
    // Stages are deleted one by one.
    project.phalanx("delete --local --stage prod").succeeds();
    project.phalanx("status --local --stage prod").exits(1).says("no stack `orders-prod`");
    project.phalanx("status --local").succeeds();
}

#[test]
fn a_region_on_the_command_line_wins() {
    let project = service();
    let deployed = project.phalanx("deploy --local --region us-west-2 --output json").succeeds();
    assert_eq!(deployed.json()["outputs"]["Where"], "us-west-2 news");
    project.phalanx("status --local").exits(1).says("there is no stack");
    project.phalanx("status --local --region us-west-2").succeeds();
}

#[test]
fn a_change_of_a_parameter_alone_is_an_update() {
    let project = service();
    project.phalanx("deploy --local").succeeds();
    let manifest = project.read("phalanx.toml");
    project.write(
        "phalanx.toml",
        manifest.replace(
            "[stages.prod]",
            "[stages.dev]\nparameters = { Size = \"large\" }\n[stages.prod]",
        ),
    );
    let deployed = project.phalanx("deploy --local --output json").succeeds().json();
    assert_eq!(deployed["change"], "updated");
    assert_eq!(deployed["outputs"]["Retention"], "600");
}

#[test]
fn refused_parameters() {
    let project = service();
    let manifest = project.read("phalanx.toml");
    project.write("phalanx.toml", manifest.replace("{ Size = \"large\" }", "{ Size = \"huge\" }"));
    let refused = project.phalanx("deploy --local --stage prod").exits(2);
    insta::assert_snapshot!(refused.error(), @r"
    error: a parameter of stack `orders-prod` cannot be used: `Size` must be one of small, large, and `huge` is not

    hint: set values in the manifest: `[parameters]`, or `[stages.NAME.parameters]`
    ");
    project.write("phalanx.toml", manifest.replace("Default = \"small\"\n", ""));
    let missing = project.phalanx("deploy --local").exits(2);
    insta::assert_snapshot!(missing.error(), @r"
    error: a parameter of stack `orders-dev` cannot be used: `Size` has no value and no default

    hint: set values in the manifest: `[parameters]`, or `[stages.NAME.parameters]`
    ");
    project.phalanx("status --local").exits(1).says("there is no stack");
}

#[test]
fn explain_shows_the_included_files_line() {
    let project = service();
    let yaml = project.phalanx("explain Table.Properties.BillingMode").succeeds();
    assert!(yaml.stdout.contains("infra/table.yaml:11"), "{}", yaml.stdout);
    let json = project.phalanx("explain Topic").succeeds();
    assert!(json.stdout.contains("infra/topic.json:2"), "{}", json.stdout);
    let own = project.phalanx("explain Jobs").succeeds();
    assert!(own.stdout.contains("phalanx.toml:"), "{}", own.stdout);
}

#[test]
fn mistakes_in_included_files_are_shown_where_they_are() {
    let project = service();
    project.write("infra/table.yaml", TABLE.replace("!GetAtt Table.Arn", "!GetAtt Tabel.Arn"));
    let dangling = project.phalanx("package").exits(2);
    insta::assert_snapshot!(dangling.error(), @r"
    error: the template has 1 error
      dangling-reference: `Fn::GetAtt` in output `TableArn` refers to `Tabel`, which is not a resource
        at /Outputs/TableArn/Value/Fn::GetAtt, written at infra/table.yaml:14:12
        hint: did you mean `Table`?
    ");
    project.write("infra/table.yaml", TABLE.replace("!If [IsBig", "!Iff [IsBig"));
    let tag = project.phalanx("package").exits(2);
    insta::assert_snapshot!(tag.error(), @r"
    error: `phalanx.toml` has 1 problem
    unknown short tag `!Iff`
      --> infra/table.yaml:11:20
       |
    11 |       BillingMode: !Iff [IsBig, PROVISIONED, PAY_PER_REQUEST]
       |                    ^^^^^^
       = help: did you mean `If`?
    ");
    project.write("infra/table.yaml", "Resources: [unclosed\n");
    let syntax = project.phalanx("package").exits(2);
    insta::assert_snapshot!(syntax.error(), @r"
    error: `phalanx.toml` has 1 problem
    this is not YAML: while parsing a flow sequence, expected ',' or ']'
     --> infra/table.yaml:2:1
      |
    2 | 
      | ^
    ");
    let unknown = project.phalanx("package --stage pord").exits(2);
    insta::assert_snapshot!(unknown.error(), @r"
    error: `phalanx.toml` has no stage `pord`

    hint: did you mean `prod`?
    hint: the stages are `prod`; add `[stages.pord]` for another one
    ");
}
