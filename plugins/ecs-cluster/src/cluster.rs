//! The cluster: a new one, or one that is there.

use phalanx_plugin::arn::{self, Arn};
use phalanx_plugin::{LogicalId, Resource, Result, Value, intrinsics, json};

use crate::EcsCluster;

/// The cluster that the worker runs on.
pub(crate) enum Cluster {
    New(LogicalId),
    /// As the config names it: by name, by ARN, or by `${…}`.
    Existing(String),
}

pub(crate) fn add(config: &EcsCluster) -> Result<Cluster> {
    if let Some(text) = &config.cluster {
        return Ok(Cluster::Existing(text.clone()));
    }
    let mut cluster = Resource::new("AWS::ECS::Cluster");
    // Scaling counts the running tasks, which only Container Insights tells. Otherwise what the account
    // is set to holds: each of its metrics costs money.
    if config.scaling.is_some() {
        let insights = json!({ "Name": "containerInsights", "Value": "enabled" });
        cluster = cluster.property("ClusterSettings", json!([insights]));
    }
    config.add("Cluster", &cluster).map(Cluster::New)
}

impl Cluster {
    /// What ECS takes for the cluster: its name or its ARN.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::New(id) => id.reference(),
            Self::Existing(text) => intrinsics::value(text),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> Value {
        intrinsics::value(&self.name_text())
    }

    /// Its name, as text for `Fn::Sub`.
    pub(crate) fn name_text(&self) -> String {
        match self {
            Self::New(id) => format!("${{{id}}}"),
            Self::Existing(text) => {
                let resource = Arn::parse(text).map(|arn| arn.resource);
                let name = resource.and_then(|resource| resource.strip_prefix("cluster/"));
                name.unwrap_or(text).to_owned()
            }
        }
    }

    /// Its ARN.
    pub(crate) fn arn(&self) -> Value {
        match self {
            Self::New(id) => id.arn(),
            Self::Existing(text) if text.starts_with("arn:") => intrinsics::value(text),
            Self::Existing(name) => {
                intrinsics::value(&arn::regional("ecs", &format!("cluster/{name}")))
            }
        }
    }
}
