//! What calls a function, besides the HTTP API: rules, event source mappings, subscriptions, URLs.

use serde_json::{Map, Value, json};

use super::sub::Scope;
use super::{Generated, attribute, ids};
use crate::manifest::{EventSource, Function};
use crate::template::Pointer;

pub(super) fn add(made: &mut Generated, scope: &Scope<'_>, function: &Function) {
    let events = Events { scope, function };
    let (mut schedules, mut patterns) = (0, 0);
    for (index, event) in function.events.iter().enumerate() {
        let first = made.resources.len();
        match event {
            // `api` makes these: all functions share one API.
            EventSource::Http { .. } => {}
            EventSource::Schedule(expression) => {
                schedules += 1;
                let rule = json!({ "ScheduleExpression": expression });
                events.rule(made, &numbered("Schedule", schedules), rule);
            }
            EventSource::Pattern { pattern, bus } => {
                patterns += 1;
                let mut rule = json!({ "EventPattern": pattern });
                if let Some(bus) = bus {
                    rule["EventBusName"] = scope.value(bus);
                }
                events.rule(made, &numbered("Pattern", patterns), rule);
            }
            EventSource::Queue { arn, batch_size } => {
                events.mapping(made, arn, *batch_size, None);
            }
            EventSource::Stream { arn, starting_position, batch_size } => {
                events.mapping(made, arn, *batch_size, Some(starting_position));
            }
            EventSource::Topic(arn) => events.subscription(made, arn),
            EventSource::Url { iam } => events.url(made, *iam),
        }
        let ids: Vec<_> = made.resources.keys().skip(first).cloned().collect();
        for id in ids {
            let at = Pointer::of(["Resources", &id]);
            made.origin(at, function, ["events", &index.to_string()]);
        }
    }
}

/// The events of one function.
struct Events<'a> {
    scope: &'a Scope<'a>,
    function: &'a Function,
}

impl Events<'_> {
    fn rule(&self, made: &mut Generated, suffix: &str, mut properties: Value) {
        let id = self.id(suffix);
        let what = format!("the event rule {}", self.of_function());
        properties["State"] = json!("ENABLED");
        properties["Targets"] = json!([{ "Arn": self.arn(), "Id": self.function.logical_id }]);
        let rule = json!({ "Type": "AWS::Events::Rule", "Properties": properties });
        made.resource(id.clone(), what, rule);
        self.permission(made, &id, "events.amazonaws.com", &attribute(&id, "Arn"));
    }

    fn mapping(
        &self,
        made: &mut Generated,
        arn: &str,
        batch_size: Option<u32>,
        starting_position: Option<&String>,
    ) {
        let mut properties = Map::new();
        properties.insert("EventSourceArn".to_owned(), self.scope.value(arn));
        properties.insert("FunctionName".to_owned(), self.arn());
        if let Some(position) = starting_position {
            properties.insert("StartingPosition".to_owned(), json!(position));
        }
        if let Some(size) = batch_size {
            properties.insert("BatchSize".to_owned(), json!(size));
        }
        made.resource(
            self.id(&format!("{}Mapping", ids::source(arn))),
            format!("the event source mapping of `{arn}` {}", self.of_function()),
            json!({ "Type": "AWS::Lambda::EventSourceMapping", "Properties": properties }),
        );
    }

    fn subscription(&self, made: &mut Generated, arn: &str) {
        let topic = self.scope.value(arn);
        let id = self.id(&format!("{}Subscription", ids::source(arn)));
        made.resource(
            id.clone(),
            format!("the subscription to `{arn}` {}", self.of_function()),
            json!({
                "Type": "AWS::SNS::Subscription",
                "Properties": { "Protocol": "lambda", "TopicArn": topic, "Endpoint": self.arn() },
            }),
        );
        self.permission(made, &id, "sns.amazonaws.com", &topic);
    }

    fn url(&self, made: &mut Generated, iam: bool) {
        let id = self.id("Url");
        let auth = if iam { "AWS_IAM" } else { "NONE" };
        made.resource(
            id.clone(),
            format!("the URL {}", self.of_function()),
            json!({
                "Type": "AWS::Lambda::Url",
                "Properties": { "AuthType": auth, "TargetFunctionArn": self.arn() },
            }),
        );
        // With IAM, callers bring their own permission. Without, Lambda wants both of these.
        if !iam {
            self.public(
                made,
                "UrlPermission",
                "lambda:InvokeFunctionUrl",
                "FunctionUrlAuthType",
                &json!(auth),
            );
            let via_url = "InvokedViaFunctionUrl";
            self.public(
                made,
                "UrlInvokePermission",
                "lambda:InvokeFunction",
                via_url,
                &json!(true),
            );
        }
        made.output(
            &id,
            format!("the URL {}", self.of_function()),
            &format!("Address of function {}", self.function.name),
            &attribute(&id, "FunctionUrl"),
        );
    }

    /// Lets everybody do `action`, under one condition.
    fn public(
        &self,
        made: &mut Generated,
        suffix: &str,
        action: &str,
        condition: &str,
        is: &Value,
    ) {
        made.resource(
            self.id(suffix),
            format!("the public permission {}", self.of_function()),
            json!({
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": action,
                    "FunctionName": self.arn(),
                    "Principal": "*",
                    condition: is,
                },
            }),
        );
    }

    /// Lets `principal` call the function on behalf of `source` only.
    fn permission(&self, made: &mut Generated, caller: &str, principal: &str, source: &Value) {
        made.resource(
            format!("{caller}Permission"),
            format!("the permission of `{caller}` {}", self.of_function()),
            json!({
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": self.arn(),
                    "Principal": principal,
                    "SourceArn": source,
                },
            }),
        );
    }

    fn id(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.function.logical_id)
    }

    fn arn(&self) -> Value {
        attribute(&self.function.logical_id, "Arn")
    }

    fn of_function(&self) -> String {
        format!("of function `{}`", self.function.name)
    }
}

/// `Schedule`, `Schedule2`, …
fn numbered(kind: &str, number: u32) -> String {
    if number == 1 { kind.to_owned() } else { format!("{kind}{number}") }
}
