use phalanx_plugin::testing::Host;

use super::*;

fn host(config: Value) -> Host {
    Host::with_template(json!({
        "Parameters": { "OpsTopic": { "Type": "String" } },
        "Resources": {
            "Hello": { "Type": "AWS::Lambda::Function" },
            "Nightly": { "Type": "AWS::Lambda::Function", "Condition": "IsProd" },
            "Alerts": { "Type": "AWS::SNS::Topic" },
            "Jobs": { "Type": "AWS::SQS::Queue" },
        },
    }))
    .config(config)
}

fn alarms(host: &Host) -> Vec<&str> {
    let resources = host.template()["Resources"].as_object().expect("resources");
    resources.keys().filter(|id| id.ends_with("Alarm")).map(String::as_str).collect()
}

#[test]
fn every_function_gets_an_alarm() {
    let mut host = host(json!({ "threshold": 3 }));
    host.run(ErrorAlarms::decorate_service).unwrap();
    assert_eq!(alarms(&host), ["HelloErrorsAlarm", "NightlyErrorsAlarm"]);
    assert_eq!(
        host.template()["Resources"]["HelloErrorsAlarm"],
        json!({
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmDescription": "Hello failed 3 or more times in 300 seconds",
                "Namespace": "AWS/Lambda",
                "MetricName": "Errors",
                "Dimensions": [{ "Name": "FunctionName", "Value": { "Ref": "Hello" } }],
                "Statistic": "Sum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": 3,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
            },
        })
    );
}

#[test]
fn an_alarm_has_the_condition_of_its_function() {
    let mut host = host(json!({}));
    host.run(ErrorAlarms::decorate_service).unwrap();
    assert_eq!(host.template()["Resources"]["NightlyErrorsAlarm"]["Condition"], "IsProd");
}

#[test]
fn a_function_that_names_the_plugin_is_not_watched_twice() {
    let decorate = |host: &mut Host| {
        host.run(|plugin: &ErrorAlarms| {
            plugin.decorate_service()?;
            plugin.decorate_function("hello", "Hello")
        })
    };
    let mut all = host(json!({}));
    decorate(&mut all).unwrap();
    assert_eq!(alarms(&all).len(), 2);
    let mut decorated = host(json!({ "scope": "decorated", "throttles": true }));
    decorate(&mut decorated).unwrap();
    assert_eq!(alarms(&decorated), ["HelloErrorsAlarm", "HelloThrottlesAlarm"]);
}

#[test]
fn the_topic_is_an_arn_a_topic_or_a_parameter() {
    for (topic, action) in [
        ("arn:aws:sns:eu-west-1:1:a", json!("arn:aws:sns:eu-west-1:1:a")),
        ("arn:aws:sns:${AWS::Region}:1:a", json!({ "Fn::Sub": "arn:aws:sns:${AWS::Region}:1:a" })),
        ("Alerts", json!({ "Ref": "Alerts" })),
        ("OpsTopic", json!({ "Ref": "OpsTopic" })),
    ] {
        let mut host = host(json!({ "topic": topic }));
        host.run(ErrorAlarms::decorate_service).unwrap();
        let alarm = &host.template()["Resources"]["HelloErrorsAlarm"]["Properties"];
        assert_eq!(alarm["AlarmActions"], json!([action]), "{topic}");
    }
}

#[test]
fn a_topic_that_is_none_is_refused_with_what_to_do() {
    let failure =
        |topic| host(json!({ "topic": topic })).run(ErrorAlarms::decorate_service).unwrap_err();
    assert_eq!(
        format!("{:?}", failure("Alarms")),
        "[unknown-topic] `topic` names `Alarms`, which is neither in the template nor an ARN (hint: \
         add `[resources.Alarms]` with `Type = \"AWS::SNS::Topic\"` to the manifest)"
    );
    assert_eq!(
        failure("Jobs").message(),
        "`topic` names the resource `Jobs`, which is an `AWS::SQS::Queue`"
    );
}
