//! The HTTP API that all functions of the service with HTTP events share.

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
    made.output(
        "HttpApiUrl",
        "the address of the HTTP API".to_owned(),
        "Address of the HTTP API",
        &attribute(API, "ApiEndpoint"),
    );
}

fn add_function(made: &mut Generated, function: &Function) {
    let integration = format!("{}HttpIntegration", function.logical_id);
    for (number, route) in routes(function).enumerate() {
        if number == 0 {
            made.origin(Pointer::of(["Resources", &integration]), function, []);
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
        add_route(made, function, &integration, &route);
    }
}

fn add_route(made: &mut Generated, function: &Function, integration: &str, route: &Route<'_>) {
    let Route { event, method, path } = *route;
    let key = format!("{method} {path}");
    let mut id = ids::route(function, method, path);
    if made.resources.contains_key(&id) {
        // `/a-b` and `/aB` read alike; the first keeps the readable id.
        id.push_str(&Digest::of(&key).short());
    }
    for id in [id.clone(), format!("{id}Permission")] {
        made.origin(Pointer::of(["Resources", &id]), function, ["events", &event.to_string()]);
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

/// An HTTP event.
struct Route<'a> {
    /// Its number among the events of the function.
    event: usize,
    method: &'a str,
    path: &'a str,
}

fn routes(function: &Function) -> impl Iterator<Item = Route<'_>> {
    function.events.iter().enumerate().filter_map(|(event, source)| match source {
        EventSource::Http { method, path } => Some(Route { event, method, path }),
        _ => None,
    })
}
