//! The task definition: one container, its environment, its log.

use phalanx_plugin::{LogicalId, Resource, Result, Value, intrinsics, json};

use crate::EcsCluster;
use crate::config::{Architecture, HealthCheck, HealthCommand};
use crate::image::Image;
use crate::roles::Roles;
use crate::secrets::Secret;

pub(crate) fn add(
    config: &EcsCluster,
    image: &Image,
    secrets: &[Secret],
    roles: &Roles,
    log_group: &LogicalId,
) -> Result<LogicalId> {
    let compatibility = if config.is_ec2() { "EC2" } else { "FARGATE" };
    let architecture = match config.architecture {
        Architecture::X86_64 => "X86_64",
        Architecture::Arm64 => "ARM64",
    };
    let task = Resource::new("AWS::ECS::TaskDefinition")
        .property("Family", config.named(""))
        .property("RequiresCompatibilities", json!([compatibility]))
        .property("NetworkMode", config.network_mode().name())
        .property("Cpu", config.cpu.to_string())
        .property("Memory", config.memory().to_string())
        .property(
            "RuntimePlatform",
            json!({ "CpuArchitecture": architecture, "OperatingSystemFamily": "LINUX" }),
        )
        .property("TaskRoleArn", roles.task.arn())
        .property("ExecutionRoleArn", roles.execution.arn())
        .property("ContainerDefinitions", json!([container(config, image, secrets, log_group)]));
    config.add("TaskDefinition", &task)
}

fn container(
    config: &EcsCluster,
    image: &Image,
    secrets: &[Secret],
    log_group: &LogicalId,
) -> Value {
    let mut container = json!({
        "Name": config.name,
        "Image": image.value,
        "Essential": true,
        "StopTimeout": config.stop_timeout,
        "Environment": environment(config),
        "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {
                "awslogs-group": log_group.reference(),
                "awslogs-region": intrinsics::reference("AWS::Region"),
                "awslogs-stream-prefix": config.name,
            },
        },
    });
    if !config.entry_point.is_empty() {
        container["EntryPoint"] = json!(config.entry_point);
    }
    if !config.command.is_empty() {
        container["Command"] = json!(config.command);
    }
    if !secrets.is_empty() {
        let secret =
            |secret: &Secret| json!({ "Name": secret.variable, "ValueFrom": secret.value_from });
        container["Secrets"] = secrets.iter().map(secret).collect();
    }
    if let Some(check) = &config.health_check {
        container["HealthCheck"] = health_check(check);
    }
    container
}

/// What the config says, by name, and the region: the agent on an instance does not tell it.
fn environment(config: &EcsCluster) -> Value {
    let mut variables: Vec<(&str, Value)> = Vec::new();
    if !config.environment.contains_key("AWS_REGION") {
        variables.push(("AWS_REGION", intrinsics::reference("AWS::Region")));
    }
    for (name, value) in &config.environment {
        variables.push((name, intrinsics::value(&value.to_string())));
    }
    variables.into_iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}

fn health_check(check: &HealthCheck) -> Value {
    let command = match &check.command {
        HealthCommand::Shell(line) => vec!["CMD-SHELL", line],
        HealthCommand::Words(words) => {
            std::iter::once("CMD").chain(words.iter().map(String::as_str)).collect()
        }
    };
    json!({
        "Command": command,
        "Interval": check.interval,
        "Timeout": check.timeout,
        "Retries": check.retries,
        "StartPeriod": check.start_period,
    })
}
