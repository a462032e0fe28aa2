//! The JSON Schema of the config: every key, what it means and what it may be. Keys that must fit each
//! other are in [`rules`](crate::rules).

use phalanx_plugin::{Value, json};

use crate::rules;

/// Days that CloudWatch Logs can keep logs for.
const RETENTION: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(crate) fn schema() -> Value {
    let mut properties = json!({});
    for group in [container(), rights(), placement(), network(), deployment()] {
        let (Value::Object(all), Value::Object(group)) = (&mut properties, group) else { continue };
        all.extend(group);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ecs-cluster",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "allOf": rules::all(),
    })
}

fn container() -> Value {
    json!({
        "image-from": {
            "description": "Where an earlier plugin left the image's reference: a key of the context, \
                            and a dotted path in its value.",
            "type": "string",
            "minLength": 1,
            "default": "image.reference",
        },
        "image": {
            "description": "A fixed image instead; may hold `${…}`.",
            "type": "string",
            "pattern": "^[^\\s]+$",
        },
        "name": {
            "description": "Name of the worker: of its container, its log stream and its outputs; its \
                            PascalCase form begins every logical id.",
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_-]*$",
            "maxLength": 64,
            "errorMessage": "a name begins with a letter and has at most 64 letters, digits, `-` and `_`",
            "default": "worker",
        },
        "command": texts("The command that the image is run with, instead of its own."),
        "entry-point": texts("The entry point, instead of the image's own."),
        "cpu": {
            "description": "CPU units; 1024 are one vCPU.",
            "type": "integer",
            "minimum": 128,
            "maximum": 196_608,
            "default": 256,
        },
        "memory": {
            "description": "Memory in MiB. Default: twice `cpu`.",
            "type": "integer",
            "minimum": 6,
        },
        "architecture": {
            "description": "What the image is built for.",
            "enum": ["x86_64", "arm64"],
            "default": "x86_64",
        },
        "stop-timeout": {
            "description": "Seconds between SIGTERM and SIGKILL.",
            "type": "integer",
            "minimum": 2,
            "maximum": 120,
            "default": 30,
        },
        "environment": {
            "description": "Environment variables; a text may hold `${…}`. `AWS_REGION` is there \
                            without being named.",
            "type": "object",
            "propertyNames": variable_name(),
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        },
        "secrets": {
            "description": "Environment variables from a secret or an SSM parameter: its ARN, `${Id}` \
                            of one in the template, or the parameter's name.",
            "type": "object",
            "propertyNames": variable_name(),
            "additionalProperties": { "type": "string", "minLength": 1 },
        },
        "health-check": {
            "description": "How ECS asks the container whether it is well.",
            "type": "object",
            "required": ["command"],
            "additionalProperties": false,
            "properties": {
                "command": {
                    "description": "A line for the image's shell, or the words of a command that needs \
                                    none.",
                    "anyOf": [
                        { "type": "string", "minLength": 1 },
                        { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                    ],
                    "errorMessage": "a line for the shell, or a list of words",
                },
                "interval": whole("Seconds between two checks.", 5, 300, 30),
                "timeout": whole("Seconds that a check may take.", 2, 60, 5),
                "retries": whole("Failed checks in a row that make it unhealthy.", 1, 10, 3),
                "start-period": whole("Seconds after the start that do not count.", 0, 300, 0),
            },
        },
        "log-retention": {
            "description": "Days that CloudWatch Logs keeps the logs.",
            "enum": RETENTION,
            "errorMessage": format!("the days are {}", RETENTION.map(|days| days.to_string()).join(", ")),
            "default": 14,
        },
    })
}

fn rights() -> Value {
    json!({
        "permissions": {
            "description": "What the code may do on AWS, as functions have it; nothing else is allowed.",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "actions": {
                        "description": "IAM actions.",
                        "type": "array",
                        "items": { "type": "string", "pattern": "^[a-z0-9-]+:[A-Za-z*?]+$" },
                        "minItems": 1,
                    },
                    "resource": {
                        "description": "An ARN; may hold `${…}`.",
                        "type": "string",
                        "minLength": 1,
                    },
                    "resources": {
                        "description": "Several ARNs.",
                        "type": "array",
                        "items": { "type": "string", "minLength": 1 },
                        "minItems": 1,
                    },
                },
                "required": ["actions"],
                "additionalProperties": false,
                "oneOf": [{ "required": ["resource"] }, { "required": ["resources"] }],
                "errorMessage": "a permission has `actions`, and either `resource` or `resources`",
            },
        },
    })
}

fn placement() -> Value {
    json!({
        "launch-type": {
            "description": "Who runs the container: Fargate, or EC2 instances.",
            "enum": ["fargate", "ec2"],
            "default": "fargate",
        },
        "cluster": {
            "description": "An existing cluster: its name, its ARN, or `${…}`. Without it there is a \
                            new one.",
            "type": "string",
            "minLength": 1,
        },
        "capacity": {
            "description": "Whose the EC2 instances are: `managed` adds an auto scaling group and a \
                            capacity provider (the default on a new cluster), `none` adds nothing (on \
                            an existing one).",
            "enum": ["managed", "none"],
        },
        "instances": {
            "description": "The EC2 instances of `capacity = \"managed\"`.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "type": {
                    "description": "Instance type. Default: `t3.small`, or `t4g.small` for arm64.",
                    "type": "string",
                    "pattern": "^[a-z0-9-]+\\.[a-z0-9-]+$",
                },
                "min": {
                    "description": "Instances at least.",
                    "type": "integer",
                    "minimum": 0,
                    "default": 1,
                },
                "max": {
                    "description": "Instances at most. Default: one more than `min`, so that a rolling \
                                    update has room.",
                    "type": "integer",
                    "minimum": 1,
                },
                "key-name": {
                    "description": "Key pair for SSH; may be `${…}`.",
                    "type": "string",
                    "minLength": 1,
                },
                "ami-parameter": {
                    "description": "SSM parameter with the image of the instances. Default: Amazon \
                                    Linux 2023, optimised for ECS.",
                    "type": "string",
                    "pattern": "^[A-Za-z0-9_./-]+$",
                },
            },
        },
    })
}

fn network() -> Value {
    json!({
        "network-mode": {
            "description": "Network of the containers on EC2. Default: `awsvpc` where `subnets` are \
                            named, otherwise `bridge`.",
            "enum": ["awsvpc", "bridge", "host"],
        },
        "subnets": many(
            "Subnets of tasks and instances: a list of texts that may hold `${…}`, or `\"${Id}\"` of a \
             parameter that is a list. Without them Fargate and managed instances get a VPC of two \
             public subnets.",
        ),
        "security-groups": many(
            "Security groups in the VPC of `subnets`, written as these. Default: the VPC's own default.",
        ),
        "assign-public-ip": {
            "description": "Whether Fargate tasks in `subnets` get a public address.",
            "type": "boolean",
            "default": false,
        },
    })
}

fn deployment() -> Value {
    json!({
        "desired-count": {
            "description": "Tasks that run. Default: 1.",
            "type": "integer",
            "minimum": 0,
            "maximum": 5000,
        },
        "minimum-percent": {
            "description": "Tasks that stay healthy in a deployment, of those desired. Default: 100, \
                            or 0 on instances that cannot become more.",
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
        },
        "maximum-percent": {
            "description": "Tasks that run at once in a deployment, of those desired.",
            "type": "integer",
            "minimum": 100,
            "maximum": 500,
            "default": 200,
        },
        "scaling": {
            "description": "Has the number of tasks follow the depth of a queue.",
            "type": "object",
            "required": ["queue"],
            "additionalProperties": false,
            "properties": {
                "queue": {
                    "description": "Logical id of the queue.",
                    "type": "string",
                    "pattern": "^[A-Za-z0-9]+$",
                },
                "min": whole("Tasks at least.", 0, 5000, 1),
                "max": whole("Tasks at most.", 1, 5000, 10),
                "messages-per-task": whole("Waiting messages for each task.", 1, 1_000_000, 100),
            },
        },
    })
}

fn variable_name() -> Value {
    json!({
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "errorMessage": "a variable's name has letters, digits and `_`, and begins with no digit",
    })
}

fn many(description: &str) -> Value {
    json!({
        "description": description,
        "anyOf": [
            { "type": "array", "items": { "type": "string", "minLength": 1 }, "minItems": 1 },
            { "type": "string", "pattern": "^\\$\\{[A-Za-z0-9]+\\}$" },
        ],
        "errorMessage": "a list with at least one text, or `${Id}` of a parameter that is a list",
    })
}

fn texts(description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string" } })
}

fn whole(description: &str, minimum: u32, maximum: u32, default: u32) -> Value {
    json!({
        "description": description,
        "type": "integer",
        "minimum": minimum,
        "maximum": maximum,
        "default": default,
    })
}
