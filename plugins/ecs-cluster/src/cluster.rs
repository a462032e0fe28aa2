//! The cluster: a new one, or one that is there.

use phalanx_plugin::arn::{self, Arn};
use phalanx_plugin::intrinsics::{self, sole_variable};
use phalanx_plugin::{Failure, LogicalId, Pointer, Resource, Result, Value, json, log, template};

use crate::EcsCluster;

/// The cluster that the worker runs on.
pub(crate) enum Cluster {
    New(LogicalId),
    /// As the config names it: by name, by ARN, or by `${…}`.
    Existing(String),
}

pub(crate) fn add(config: &EcsCluster) -> Result<Cluster> {
    // Scaling counts the running tasks, which only Container Insights tells. Otherwise what the account
    // is set to holds: each of its metrics costs money.
    let counts = config.scaling.is_some();
    if let Some(text) = &config.cluster {
        if counts {
            count_tasks(text)?;
        }
        return Ok(Cluster::Existing(text.clone()));
    }
    let settings = if counts { json!([insights()]) } else { Value::Null };
    let cluster = Resource::new("AWS::ECS::Cluster").property("ClusterSettings", settings);
    config.add("Cluster", &cluster).map(Cluster::New)
}

fn insights() -> Value {
    json!({ "Name": "containerInsights", "Value": "enabled" })
}

/// Switches Container Insights on for a cluster of the template that does not say; others must have it.
fn count_tasks(cluster: &str) -> Result {
    let own = sole_variable(cluster)
        .map(|(id, _)| id)
        .filter(|id| template::resource_type(id).as_deref() == Some("AWS::ECS::Cluster"));
    let Some(id) = own else {
        log::info!("scaling needs Container Insights on the cluster `{cluster}`");
        return Ok(());
    };
    let at = Pointer::property(id, "ClusterSettings");
    let settings: Vec<Value> = template::get(&at)?.unwrap_or_default();
    match settings.iter().find(|setting| setting["Name"] == "containerInsights") {
        None if settings.is_empty() => template::set(at, &[insights()]),
        None => template::set(at.end(), &insights()),
        Some(setting) if setting["Value"] == "disabled" => Err(Failure::new(
            "no-container-insights",
            format!(
                "`scaling` counts tasks by Container Insights, which cluster `{id}` switches off"
            ),
        )
        .with_hint("set its `containerInsights` to `enabled`, or leave it out")),
        Some(_) => Ok(()),
    }
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
