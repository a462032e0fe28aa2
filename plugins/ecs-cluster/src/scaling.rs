//! Scaling on the depth of a queue: as many tasks as keep each one's share of messages at a target.

use phalanx_plugin::intrinsics;
use phalanx_plugin::{Failure, LogicalId, Resource, Result, Value, json, template};

use crate::EcsCluster;
use crate::cluster::Cluster;
use crate::config::Scaling;

pub(crate) fn add(config: &EcsCluster, cluster: &Cluster, service: &LogicalId) -> Result {
    let Some(scaling) = &config.scaling else { return Ok(()) };
    let queue = queue(&scaling.queue)?;
    let resource = format!("service/{}/${{{service}.Name}}", cluster.name_text());
    let target = Resource::new("AWS::ApplicationAutoScaling::ScalableTarget")
        .property("ServiceNamespace", "ecs")
        .property("ScalableDimension", "ecs:service:DesiredCount")
        .property("ResourceId", intrinsics::value(&resource))
        .property("MinCapacity", scaling.min)
        .property("MaxCapacity", scaling.max);
    let target = config.add("ScalableTarget", &target)?;
    let policy = Resource::new("AWS::ApplicationAutoScaling::ScalingPolicy")
        .property("PolicyName", "backlog-per-task")
        .property("PolicyType", "TargetTrackingScaling")
        .property("ScalingTargetId", target.reference())
        .property(
            "TargetTrackingScalingPolicyConfiguration",
            tracking(scaling, cluster, service, &queue),
        );
    config.add("ScalingPolicy", &policy).map(drop)
}

/// The queue of this id.
fn queue(id: &str) -> Result<LogicalId> {
    match template::resource_type(id).as_deref() {
        Some("AWS::SQS::Queue") => Ok(LogicalId::from(id)),
        Some(other) => Err(Failure::new(
            "no-queue",
            format!("`scaling.queue` names the resource `{id}`, which is an `{other}`"),
        )
        .with_hint("name a resource of type `AWS::SQS::Queue`")),
        None => Err(Failure::new(
            "no-queue",
            format!("`scaling.queue` names `{id}`, which is not in the template"),
        )
        .with_hint(format!(
            "add `[resources.{id}]` with `Type = \"AWS::SQS::Queue\"` to the manifest"
        ))),
    }
}

/// Messages that wait, divided by the tasks that run. While none runs, all of them count, so that the
/// first task starts.
fn tracking(scaling: &Scaling, cluster: &Cluster, service: &LogicalId, queue: &LogicalId) -> Value {
    let metric = |id: &str, namespace: &str, name: &str, dimensions: Value| {
        json!({
            "Id": id,
            "MetricStat": {
                "Metric": { "Namespace": namespace, "MetricName": name, "Dimensions": dimensions },
                "Stat": "Average",
            },
            "ReturnData": false,
        })
    };
    let waiting = json!([{ "Name": "QueueName", "Value": queue.attribute("QueueName") }]);
    let running = json!([
        { "Name": "ClusterName", "Value": cluster.name() },
        { "Name": "ServiceName", "Value": service.attribute("Name") },
    ]);
    json!({
        "TargetValue": scaling.messages_per_task,
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
        "CustomizedMetricSpecification": { "Metrics": [
            metric("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", waiting),
            metric("running", "ECS/ContainerInsights", "RunningTaskCount", running),
            {
                "Id": "backlog",
                "Label": "Messages per task",
                "Expression": "IF(running > 0, waiting / running, waiting)",
                "ReturnData": true,
            },
        ] },
    })
}
