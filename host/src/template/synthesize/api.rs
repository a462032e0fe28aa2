//! The HTTP API that all functions of the service with HTTP events share.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Generated, attribute, ids, reference};
use crate::digest::Digest;
use crate::manifest::{EventSource, Function, Service};
use crate::template::Pointer;

const API: &str = "HttpApi";
const STAGE: &str = "HttpApiStage";

/// Adds API, stage and one integration a function, a route and a permission an event; nothing when
/// no function has an HTTP event.
pub(super) fn add(made: &mut Generated, service: &Service) {
    if !service.functions.values().any(|function| routes(function).next().is_some()) {
        return;
    }
    made.resource(
        API.to_owned(),
        "the HTTP API of the service".to_owned(),
        json!({
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": { "Name": reference("AWS::StackName"), "ProtocolType": "HTTP" },
        }),
    );
    made.resource(
        STAGE.to_owned(),
        "the stage of the HTTP API".to_owned(),
        json!({
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": { "ApiId": reference(API), "StageName": "$default", "AutoDeploy": true },
        }),
    );
    for function in service.functions.values() {
        add_function(made, function);
    }
    clashes(made, service);
    made.output(
        "HttpApiUrl",
        "the address of the HTTP API".to_owned(),
        "Address of the HTTP API",
        &attribute(API, "ApiEndpoint"),
    );
}

fn add_function(made: &mut Generated, function: &Function) {
    let integration = format!("{}HttpIntegration", function.logical_id);
    for (number, (method, path)) in routes(function).enumerate() {
        if number == 0 {
            made.resource(
                integration.clone(),
                format!("the HTTP integration of function `{}`", function.name),
                json!({
                    "Type": "AWS::ApiGatewayV2::Integration",
                    "Properties": {
                        "ApiId": reference(API),
                        "IntegrationType": "AWS_PROXY",
                        "IntegrationUri": attribute(&function.logical_id, "Arn"),
                        "PayloadFormatVersion": "2.0",
                    },
                }),
            );
        }
        add_route(made, function, &integration, method, path);
    }
}

fn add_route(
    made: &mut Generated,
    function: &Function,
    integration: &str,
    method: &str,
    path: &str,
) {
    let key = format!("{method} {path}");
    let mut id = ids::route(function, method, path);
    if made.resources.contains_key(&id) {
        // `/a-b` and `/aB` read alike; the first keeps the readable id.
        id.push_str(&Digest::of(&key).short());
    }
    made.resource(
        id.clone(),
        format!("the route `{key}` of function `{}`", function.name),
        json!({
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": reference(API),
                "RouteKey": key,
                "Target": { "Fn::Sub": format!("integrations/${{{integration}}}") },
            },
        }),
    );
    // API Gateway calls with the route as it is written, `{parameters}` included.
    let method = if method == "ANY" { "*" } else { method };
    let source = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{API}}}/*/{method}{path}"
    );
    made.resource(
        format!("{id}Permission"),
        format!("the permission of route `{key}` to call function `{}`", function.name),
        json!({
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": attribute(&function.logical_id, "Arn"),
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": { "Fn::Sub": source },
            },
        }),
    );
}

/// Two functions that want the same route: API Gateway refuses the second one late and unclearly.
fn clashes(made: &mut Generated, service: &Service) {
    let mut owners = BTreeMap::new();
    for function in service.functions.values() {
        for (method, path) in routes(function) {
            let first = *owners.entry((method, path)).or_insert(function.name.as_str());
            if first != function.name {
                let at = Pointer::of(["Resources", &ids::route(function, method, path)]);
                let message = format!(
                    "functions `{first}` and `{}` both want `{method} {path}`",
                    function.name
                );
                let hint = "give one of them another route".to_owned();
                made.clashes.push(super::clash("duplicate-route", at, message, hint));
            }
        }
    }
}

fn routes(function: &Function) -> impl Iterator<Item = (&str, &str)> {
    function.events.iter().filter_map(|event| match event {
        EventSource::Http { method, path } => Some((method.as_str(), path.as_str())),
        _ => None,
    })
}
