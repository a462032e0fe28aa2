//! A function and its log group.

use serde_json::{Map, Value, json};

use super::sub::Scope;
use super::{CodeLocation, Generated, attribute, reference, role};
use crate::manifest::{Function, Service};
use crate::template::Pointer;

/// What Lambda allows in a function's name.
const FUNCTION_NAME_LIMIT: usize = 64;

pub(super) fn add(
    made: &mut Generated,
    scope: &Scope<'_>,
    service: &Service,
    function: &Function,
    code: Option<&CodeLocation>,
) {
    let log_group = log_group_id(function);
    made.resource(
        log_group.clone(),
        format!("the log group of function `{}`", function.name),
        json!({
            "Type": "AWS::Logs::LogGroup",
            // The default, said aloud: logs have a retention of their own and go with the stack.
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": { "Fn::Sub": format!("/aws/lambda/${{AWS::StackName}}-{}", function.name) },
                "RetentionInDays": function.log_retention,
            },
        }),
    );

    let role = match &function.role {
        Some(role) => scope.value(role),
        None => {
            let id = role::id(function);
            let what = format!("the role of function `{}`", function.name);
            let role = role::role(made, scope, function);
            made.resource(id.clone(), what, role);
            attribute(&id, "Arn")
        }
    };

    let mut resource = Map::new();
    resource.insert("Type".to_owned(), json!("AWS::Lambda::Function"));
    if !function.depends_on.is_empty() {
        let ids: Vec<_> = function.depends_on.iter().map(|name| scope.id(name)).collect();
        resource.insert("DependsOn".to_owned(), json!(ids));
    }
    let properties = properties(scope, service, function, code, role, &log_group);
    resource.insert("Properties".to_owned(), Value::Object(properties));
    made.resource(
        function.logical_id.clone(),
        format!("function `{}`", function.name),
        Value::Object(resource),
    );
    origins(made, function);
}

/// Notes which keys of the function asked for what.
fn origins(made: &mut Generated, function: &Function) {
    let at = Pointer::of(["Resources", &function.logical_id]);
    made.origin(at.clone(), function, []);
    made.origin(at.child("DependsOn"), function, ["depends-on"]);
    let properties = at.child("Properties");
    for (property, key) in [
        ("Description", "description"),
        ("Code", "code"),
        ("Handler", "handler"),
        ("Runtime", "runtime"),
        ("Architectures", "architecture"),
        ("MemorySize", "memory"),
        ("Timeout", "timeout"),
        ("Role", "role"),
        ("Environment", "environment"),
        ("Layers", "layers"),
        ("VpcConfig", "vpc"),
        ("TracingConfig", "tracing"),
        ("ReservedConcurrentExecutions", "reserved-concurrency"),
        ("DeadLetterConfig", "dead-letter"),
        ("EphemeralStorage", "ephemeral-storage"),
        ("Tags", "tags"),
    ] {
        made.origin(properties.child(property), function, [key]);
    }
    let variables = properties.child("Environment").child("Variables");
    for name in function.environment.keys() {
        made.origin(variables.child(name), function, ["environment", name]);
    }
    let log_group = Pointer::of(["Resources", &log_group_id(function)]);
    made.origin(log_group.clone(), function, []);
    let retention = log_group.child("Properties").child("RetentionInDays");
    made.origin(retention, function, ["log-retention"]);
}

pub(super) fn log_group_id(function: &Function) -> String {
    format!("{}LogGroup", function.logical_id)
}

fn properties(
    scope: &Scope<'_>,
    service: &Service,
    function: &Function,
    code: Option<&CodeLocation>,
    role: Value,
    log_group: &str,
) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut set = |name: &str, value: Value| {
        properties.insert(name.to_owned(), value);
    };
    if service.stack_name.len() + 1 + function.name.len() <= FUNCTION_NAME_LIMIT {
        let name = format!("${{AWS::StackName}}-{}", function.name);
        set("FunctionName", json!({ "Fn::Sub": name }));
    }
    if let Some(description) = &function.description {
        set("Description", json!(description));
    }
    if let Some(code) = code {
        set("Code", json!({ "S3Bucket": code.bucket, "S3Key": code.key }));
    }
    set("Handler", json!(function.handler));
    set("Runtime", json!(function.runtime));
    set("Architectures", json!([function.architecture]));
    set("MemorySize", json!(function.memory));
    set("Timeout", json!(function.timeout));
    set("Role", role);
    set("LoggingConfig", json!({ "LogGroup": reference(log_group) }));
    if !function.environment.is_empty() {
        let variables: Map<_, _> = function
            .environment
            .iter()
            .map(|(name, text)| (name.clone(), scope.value(text)))
            .collect();
        set("Environment", json!({ "Variables": variables }));
    }
    if !function.layers.is_empty() {
        set("Layers", json!(scope.values(&function.layers)));
    }
    if let Some(vpc) = &function.vpc {
        set(
            "VpcConfig",
            json!({
                "SubnetIds": scope.values(&vpc.subnets),
                "SecurityGroupIds": scope.values(&vpc.security_groups),
            }),
        );
    }
    if function.tracing {
        set("TracingConfig", json!({ "Mode": "Active" }));
    }
    if let Some(concurrency) = function.reserved_concurrency {
        set("ReservedConcurrentExecutions", json!(concurrency));
    }
    if let Some(target) = &function.dead_letter {
        set("DeadLetterConfig", json!({ "TargetArn": scope.value(target) }));
    }
    if let Some(size) = function.ephemeral_storage {
        set("EphemeralStorage", json!({ "Size": size }));
    }
    if !function.tags.is_empty() {
        let tags: Vec<_> = function
            .tags
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect();
        set("Tags", json!(tags));
    }
    properties
}
