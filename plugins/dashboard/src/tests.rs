use phalanx_plugin::testing::Host;

use super::*;

fn dashboard(config: Value) -> Option<Value> {
    let mut host = Host::with_template(json!({ "Resources": {
        "Hello": { "Type": "AWS::Lambda::Function" },
        "Worker": { "Type": "AWS::Lambda::Function" },
        "Jobs": { "Type": "AWS::SQS::Queue" },
    } }))
    .config(config);
    host.run(Dashboard::decorate_service).unwrap();
    host.template().pointer("/Resources/Dashboard/Properties").cloned()
}

fn widgets(config: Value) -> Vec<Value> {
    let dashboard = dashboard(config).expect("a dashboard");
    let body = dashboard["DashboardBody"]["Fn::Sub"].as_str().expect("a text").to_owned();
    let mut body: Value = serde_json::from_str(&body).expect("the body is JSON");
    body["widgets"].as_array_mut().map(std::mem::take).expect("widgets")
}

#[test]
fn every_metric_has_a_widget_in_a_grid_of_two_columns() {
    let widgets = widgets(json!({}));
    let titles: Vec<_> =
        widgets.iter().map(|w| w["properties"]["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Invocations",
            "Errors",
            "Duration (p50, p95)",
            "Throttles",
            "Concurrent executions",
            "Messages visible",
            "Age of oldest message",
            "Messages sent, received",
        ]
    );
    let places: Vec<_> = widgets.iter().map(|w| (w["x"].clone(), w["y"].clone())).take(3).collect();
    assert_eq!(places, [(json!(0), json!(0)), (json!(12), json!(0)), (json!(0), json!(6))]);
}

#[test]
fn names_are_left_to_cloudformation() {
    let widgets = widgets(json!({ "period": 60 }));
    assert_eq!(widgets[0]["properties"]["period"], 60);
    assert_eq!(
        widgets[2]["properties"]["metrics"][1],
        json!([
            "AWS/Lambda",
            "Duration",
            "FunctionName",
            "${Hello}",
            { "stat": "p95", "label": "Hello p95" },
        ])
    );
    assert_eq!(
        widgets[7]["properties"]["metrics"][0],
        json!([
            "AWS/SQS",
            "NumberOfMessagesSent",
            "QueueName",
            "${Jobs.QueueName}",
            { "stat": "Sum", "label": "Jobs Sent" },
        ])
    );
}

#[test]
fn widgets_can_be_switched_off() {
    let widgets = widgets(json!({ "widgets": { "queues": false, "errors": false } }));
    assert_eq!(widgets.len(), 4);
}

#[test]
fn the_name_is_the_stacks_unless_named() {
    let name = |config| dashboard(config).expect("a dashboard")["DashboardName"].clone();
    assert_eq!(name(json!({})), json!({ "Fn::Sub": "${AWS::StackName}" }));
    assert_eq!(name(json!({ "name": "orders" })), json!("orders"));
}

#[test]
fn with_nothing_to_show_there_is_no_dashboard() {
    let mut host = Host::with_template(json!({ "Resources": {} }));
    host.run(Dashboard::decorate_service).unwrap();
    assert_eq!(host.template(), &json!({ "Resources": {} }));
    assert_eq!(host.logged("info"), ["added no dashboard: there is nothing to show"]);
}
