//! Who wrote this: `phalanx explain`, and the plan by plugin.

use super::Service;
use crate::support::Project;

/// Two plugins that work on what the service wrote.
fn service() -> Project {
    let first = r#"config = { set = { "/Metadata/Owner" = { team = "a" }, "/Resources/Jobs" = { Type = "AWS::SQS::Queue" }, "/Resources/Hello/Properties/MemorySize" = 512 } }"#;
    let second = r#"config = { set = { "/Metadata/Owner/room" = "b", "/Resources/Jobs/Properties" = { DelaySeconds = 5 }, "/Resources/Hello/Properties/MemorySize" = 1024 } }
overrides = ["/Resources/*/Properties/MemorySize"]"#;
    Service::without_functions()
        .function("hello", "memory = 256\ntimeout = \"7s\"")
        .with("[resources.Mail]\nType = \"AWS::SQS::Queue\"\nProperties = { DelaySeconds = 3 }")
        .plugin("first", "writer", first)
        .plugin("second", "writer", second)
        .project()
}

fn explain(project: &Project, subject: &str) -> String {
    project.phalanx_with(&["explain", subject]).succeeds().stdout
}

#[test]
fn the_services_values_are_told_with_their_line() {
    let project = service();
    insta::assert_snapshot!(explain(&project, "Hello.Properties.Timeout"), @r"
    /Resources/Hello/Properties/Timeout = 7
      written by the service, phalanx.toml:7:1
    ");
    insta::assert_snapshot!(explain(&project, "Mail.Properties.DelaySeconds"), @r"
    /Resources/Mail/Properties/DelaySeconds = 3
      written by the service, phalanx.toml:10:16
    ");
    insta::assert_snapshot!(explain(&project, "Hello.Properties.Role"), @r#"
    /Resources/Hello/Properties/Role = {"Fn::GetAtt":["HelloRole","Arn"]}
      written by the service, phalanx.toml:4:12
    "#);
}

#[test]
fn plugins_values_are_told_with_their_history() {
    let project = service();
    insta::assert_snapshot!(explain(&project, "Hello.Properties.MemorySize"), @r"
    /Resources/Hello/Properties/MemorySize = 1024
      written by plugin `second` in `template-decorate`
      history:
        plugin `first` in `template-decorate`: /Resources/Hello/Properties/MemorySize: 256 -> 512
        plugin `second` in `template-decorate`: /Resources/Hello/Properties/MemorySize: 512 -> 1024
    ");
    insta::assert_snapshot!(explain(&project, "/Metadata/Owner/room"), @r#"
    /Metadata/Owner/room = "b"
      written by plugin `second` in `template-decorate`
      history:
        plugin `first` in `template-decorate`: /Metadata/Owner: nothing -> {"team":"a"}
        plugin `second` in `template-decorate`: /Metadata/Owner/room: nothing -> "b"
    "#);
}

#[test]
fn parts_by_others_are_listed() {
    let project = service();
    insta::assert_snapshot!(explain(&project, "Jobs"), @r#"
    /Resources/Jobs = {"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":5}}
      written by plugin `first` in `template-decorate`
      /Resources/Jobs/Properties written by plugin `second` in `template-decorate`
      history:
        plugin `first` in `template-decorate`: /Resources/Jobs: nothing -> {"Type":"AWS::SQS::Queue"}
    "#);
    insta::assert_snapshot!(explain(&project, "/Metadata/Owner"), @r#"
    /Metadata/Owner = {"team":"a","room":"b"}
      written by plugin `first` in `template-decorate`
      /Metadata/Owner/room written by plugin `second` in `template-decorate`
      history:
        plugin `first` in `template-decorate`: /Metadata/Owner: nothing -> {"team":"a"}
    "#);
}

#[test]
fn the_answer_as_json() {
    let project = service();
    let json = |subject: &str| {
        let answer = project.phalanx_with(&["explain", subject, "--output", "json"]).succeeds();
        serde_json::to_string_pretty(&answer.json()).unwrap()
    };
    insta::assert_snapshot!(json("Hello.Properties.Timeout"), @r#"
    {
      "pointer": "/Resources/Hello/Properties/Timeout",
      "value": 7,
      "written-by": "service",
      "history": [],
      "parts": [],
      "location": {
        "file": "phalanx.toml",
        "line": 7,
        "column": 1
      }
    }
    "#);
    insta::assert_snapshot!(json("Jobs"), @r#"
    {
      "pointer": "/Resources/Jobs",
      "value": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
          "DelaySeconds": 5
        }
      },
      "written-by": {
        "plugin": {
          "plugin": "first",
          "hook": "template-decorate"
        }
      },
      "history": [
        {
          "plugin": "first",
          "hook": "template-decorate",
          "pointer": "/Resources/Jobs",
          "after": {
            "Type": "AWS::SQS::Queue"
          }
        }
      ],
      "parts": [
        {
          "pointer": "/Resources/Jobs/Properties",
          "written-by": {
            "plugin": {
              "plugin": "second",
              "hook": "template-decorate"
            }
          }
        }
      ],
      "location": null
    }
    "#);
}

#[test]
fn what_is_not_there_is_told_with_the_nearest() {
    let project = service();
    for (subject, nearest) in [
        ("Helo.Properties", "did you mean `Hello.Properties`?"),
        ("Jobs.Propertys", "did you mean `/Resources/Jobs/Properties`?"),
        ("/Metadata/Ownr", "did you mean `/Metadata/Owner`?"),
    ] {
        project.phalanx_with(&["explain", subject]).exits(2).says(nearest);
    }
    insta::assert_snapshot!(project.phalanx("explain Nothing").exits(2).error(), @r"
    error: the template has nothing at `Nothing`

    hint: name a logical id and a path, such as `Queue.Properties.Tags`, or a JSON Pointer, such as `/Outputs/Url`
    ");
}

#[test]
fn the_plan_is_grouped_by_plugin() {
    let project = service();
    insta::assert_snapshot!(project.phalanx("plan --local").succeeds().stdout, @r#"
    plan for stack orders-dev in the local cloud, which is new

    by service
      + HelloLogGroup  AWS::Logs::LogGroup
      + HelloRole      AWS::IAM::Role
      + Hello          AWS::Lambda::Function
      + Mail           AWS::SQS::Queue

    by first
      + Jobs           AWS::SQS::Queue
      ~ parts of 1 new resource
      + Metadata.Owner: {"team":"a","room":"b"}

    by second
      ~ parts of 2 new resources

    resources: 5 to add; 1 other change; by the service and 2 plugins
    "#);
    project.phalanx("deploy --local").succeeds();
    let manifest = project.read("phalanx.toml");
    let manifest = manifest.replace("timeout = \"7s\"", "timeout = \"8s\"");
    let manifest = manifest.replace("DelaySeconds = 5", "DelaySeconds = 6");
    project.write("phalanx.toml", manifest.replace("team = \"a\"", "team = \"c\""));
    insta::assert_snapshot!(project.phalanx("plan --local").succeeds().stdout, @r#"
    plan for stack orders-dev in the local cloud

    by service
      ~ Hello  AWS::Lambda::Function
          Properties.Timeout: 7 -> 8

    by first
      ~ Metadata.Owner: {"team":"a","room":"b"} -> {"team":"c","room":"b"}

    by second
      ~ Jobs   AWS::SQS::Queue
          Properties.DelaySeconds: 5 -> 6

    resources: 2 to modify; 1 other change; by the service and 2 plugins
    "#);
}
