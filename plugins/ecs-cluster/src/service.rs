//! The ECS service: keeps the tasks running, and takes a deployment back that does not.

use phalanx_plugin::{LogicalId, Resource, Result, Value, json};

use crate::EcsCluster;
use crate::cluster::Cluster;
use crate::config::NetworkMode;
use crate::instances::Capacity;
use crate::network::Network;
use crate::rolling::Percents;

pub(crate) fn add(
    config: &EcsCluster,
    cluster: &Cluster,
    network: &Network,
    capacity: Option<&Capacity>,
    task: &LogicalId,
) -> Result<LogicalId> {
    let percents = Percents::of(config);
    let mut service = Resource::new("AWS::ECS::Service")
        .property("Cluster", cluster.value())
        .property("TaskDefinition", task.reference())
        .property("DesiredCount", desired_count(config))
        .property(
            "DeploymentConfiguration",
            json!({
                "DeploymentCircuitBreaker": { "Enable": true, "Rollback": true },
                "MinimumHealthyPercent": percents.minimum,
                "MaximumPercent": percents.maximum,
            }),
        )
        .property("EnableECSManagedTags", true)
        .property("PropagateTags", "SERVICE");
    service = match capacity {
        Some(capacity) => service
            .property("CapacityProviderStrategy", capacity.strategy.clone())
            .depends_on([&capacity.association]),
        None if config.is_ec2() => service.property("LaunchType", "EC2"),
        // A task that starts before there is a way out cannot pull its image.
        None => service
            .property("LaunchType", "FARGATE")
            .property("PlatformVersion", "LATEST")
            .depends_on(&network.way_out),
    };
    if config.network_mode() == NetworkMode::Awsvpc {
        let awsvpc = json!({ "AwsvpcConfiguration": interfaces(config, network) });
        service = service.property("NetworkConfiguration", awsvpc);
    }
    config.add("Service", &service)
}

/// How many tasks there are; left alone where scaling decides.
fn desired_count(config: &EcsCluster) -> Value {
    match (config.desired_count, &config.scaling) {
        (None, Some(_)) => Value::Null,
        (count, _) => count.unwrap_or(1).into(),
    }
}

/// The network interfaces of the tasks. On EC2 they never have a public address.
fn interfaces(config: &EcsCluster, network: &Network) -> Value {
    let mut interfaces = json!({ "Subnets": network.subnets });
    if !network.security_groups.is_null() {
        interfaces["SecurityGroups"] = network.security_groups.clone();
    }
    if !config.is_ec2() {
        interfaces["AssignPublicIp"] = json!(if network.public { "ENABLED" } else { "DISABLED" });
    }
    interfaces
}
