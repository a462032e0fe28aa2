//! EC2 instances of the worker's own: they join its cluster, and become more and fewer as its tasks
//! need them.

use phalanx_plugin::intrinsics::Sub;
use phalanx_plugin::policy::{self, Statement};
use phalanx_plugin::{
    LogicalId, Pointer, Resource, Result, Value, arn, intrinsics, json, run, template,
};

use crate::EcsCluster;
use crate::cluster::Cluster;
use crate::config::{Architecture, Instances};
use crate::network::Network;

/// Where tasks find instances.
pub(crate) struct Capacity {
    /// The capacity providers that start them.
    pub(crate) strategy: Value,
    /// Ties the providers to the cluster; nothing can use them before.
    pub(crate) association: LogicalId,
}

/// Adds them, when the config wants them; otherwise takes those that an earlier worker added to its
/// cluster, if it did.
pub(crate) fn add(
    config: &EcsCluster,
    cluster: &Cluster,
    network: &Network,
) -> Result<Option<Capacity>> {
    if !config.is_managed() {
        return if config.is_ec2() { of_the_cluster(cluster) } else { Ok(None) };
    }
    let profile = add_profile(config, cluster)?;
    let template = add_launch_template(config, cluster, network, &profile)?;
    let group = config.add("Instances", &group(config, network, &template))?;

    let provider = Resource::new("AWS::ECS::CapacityProvider")
        .property("Name", provider_name(config))
        .property(
            "AutoScalingGroupProvider",
            json!({
                "AutoScalingGroupArn": group.reference(),
                // Tasks leave an instance before it ends, also in a rolling update.
                "ManagedDraining": "ENABLED",
                "ManagedScaling": { "Status": "ENABLED", "TargetCapacity": 100 },
                "ManagedTerminationProtection": "DISABLED",
            }),
        );
    let provider = config.add("CapacityProvider", &provider)?;
    let strategy = json!([{ "CapacityProvider": provider.reference(), "Weight": 1 }]);
    let association = Resource::new("AWS::ECS::ClusterCapacityProviderAssociations")
        .property("Cluster", cluster.value())
        .property("CapacityProviders", json!([provider.reference()]))
        .property("DefaultCapacityProviderStrategy", strategy.clone());
    let association = config.add("ClusterCapacity", &association)?;
    Ok(Some(Capacity { strategy, association }))
}

/// The instances that the template's own cluster starts by default. A service that asked for EC2 alone
/// would get what room there is, and start none.
fn of_the_cluster(cluster: &Cluster) -> Result<Option<Capacity>> {
    for id in template::resources_of_type("AWS::ECS::ClusterCapacityProviderAssociations") {
        let its_cluster: Option<Value> = template::get(Pointer::property(&id, "Cluster"))?;
        let strategy = template::get(Pointer::property(&id, "DefaultCapacityProviderStrategy"))?;
        if let Some(strategy) = strategy
            && its_cluster == Some(cluster.value())
        {
            let association = LogicalId::from(id.as_str());
            return Ok(Some(Capacity { strategy, association }));
        }
    }
    Ok(None)
}

/// None: CloudFormation's own name is as good, where ECS takes it.
fn provider_name(config: &EcsCluster) -> Value {
    if name_is_refused(&run::stack_name()) { config.named("capacity-") } else { Value::Null }
}

/// CloudFormation's name for the provider begins with that of the stack, and ECS refuses some.
pub(crate) fn name_is_refused(stack: &str) -> bool {
    let stack = stack.to_lowercase();
    ["aws", "ecs", "fargate"].iter().any(|prefix| stack.starts_with(prefix))
}

/// The role of the instances: what the ECS agent does, on this cluster. Images, logs and secrets are
/// the execution role's, and the code's permissions are the task role's.
fn add_profile(config: &EcsCluster, cluster: &Cluster) -> Result<LogicalId> {
    const REGISTER: [&str; 5] = [
        "ecs:DeregisterContainerInstance",
        "ecs:RegisterContainerInstance",
        "ecs:SubmitAttachmentStateChanges",
        "ecs:SubmitContainerStateChange",
        "ecs:SubmitTaskStateChange",
    ];
    let registered = format!("container-instance/{}/*", cluster.name_text());
    let statements = [
        // IAM knows no narrower resource.
        Statement::allow(["ecs:DiscoverPollEndpoint"]).on_everything(),
        Statement::allow(REGISTER).on(cluster.arn()),
        Statement::allow(["ecs:Poll", "ecs:StartTelemetrySession"])
            .on(intrinsics::value(&arn::regional("ecs", &registered)))
            .when("ArnEquals", "ecs:cluster", cluster.arn()),
    ];
    let role = policy::role(policy::assumed_by("ec2.${AWS::URLSuffix}"), "instance", statements);
    let role = config.add("InstanceRole", &role)?;
    let profile =
        Resource::new("AWS::IAM::InstanceProfile").property("Roles", json!([role.reference()]));
    config.add("InstanceProfile", &profile)
}

fn add_launch_template(
    config: &EcsCluster,
    cluster: &Cluster,
    network: &Network,
    profile: &LogicalId,
) -> Result<LogicalId> {
    let Instances { instance_type, key_name, ami_parameter, .. } = &config.instances;
    let (default_type, default_image) = match config.architecture {
        Architecture::X86_64 => ("t3.small", "amazon-linux-2023"),
        Architecture::Arm64 => ("t4g.small", "amazon-linux-2023/arm64"),
    };
    let image = json!({
        "Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        "Description": format!("SSM parameter with the image of the instances of {}", config.name),
        "Default": ami_parameter.clone().unwrap_or_else(|| {
            format!("/aws/service/ecs/optimized-ami/{default_image}/recommended/image_id")
        }),
    });
    let image = config.add_to("Parameters", "InstanceImage", &image)?;

    let script = Sub::new("#!/bin/bash\ncat >> /etc/ecs/ecs.config <<'END'\nECS_CLUSTER=")
        .text(&cluster.name_text())
        .literal("\nECS_AWSVPC_BLOCK_IMDS=true\nECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true\n")
        .literal("END\n");
    let mut data = json!({
        "ImageId": image.reference(),
        "InstanceType": instance_type.as_deref().unwrap_or(default_type),
        "IamInstanceProfile": { "Arn": profile.arn() },
        // One hop: a container cannot ask for the credentials of its instance.
        "MetadataOptions": { "HttpTokens": "required", "HttpPutResponseHopLimit": 1 },
        "UserData": intrinsics::base64(script.value()),
    });
    if let Some(key) = key_name {
        data["KeyName"] = intrinsics::value(key);
    }
    if !network.security_groups.is_null() {
        data["SecurityGroupIds"] = network.security_groups.clone();
    }
    let template = Resource::new("AWS::EC2::LaunchTemplate").property("LaunchTemplateData", data);
    config.add("LaunchTemplate", &template)
}

/// The auto scaling group. Its rolling update leaves room for one instance more, or, where there can be
/// no more, replaces one after another.
fn group(config: &EcsCluster, network: &Network, template: &LogicalId) -> Resource {
    let (min, max) = (config.instances.min(), config.instances.max());
    let stay = min.max(1).min(max.saturating_sub(1));
    let tag =
        |key: &str, value: Value| json!({ "Key": key, "Value": value, "PropagateAtLaunch": true });
    Resource::new("AWS::AutoScaling::AutoScalingGroup")
        .depends_on(&network.way_out)
        .member(
            "UpdatePolicy",
            json!({ "AutoScalingRollingUpdate": {
                "MinInstancesInService": stay,
                "MaxBatchSize": 1,
                "SuspendProcesses": [
                    "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification",
                    "ScheduledActions",
                ],
            } }),
        )
        .property("MinSize", min.to_string())
        .property("MaxSize", max.to_string())
        .property("VPCZoneIdentifier", network.subnets.clone())
        .property(
            "LaunchTemplate",
            json!({
                "LaunchTemplateId": template.reference(),
                "Version": template.attribute("LatestVersionNumber"),
            }),
        )
        .property(
            "Tags",
            // ECS sets the second one itself; without it here the next update would take it away.
            json!([tag("Name", config.named("")), tag("AmazonECSManaged", json!(""))]),
        )
}
