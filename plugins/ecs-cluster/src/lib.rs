//! Runs a container of the service on ECS: it adds the cluster, the task definition, the service, two
//! roles with no more than they need, a log group, and, where the config names none, a network and
//! instances.
//!
//! One entry in the manifest is one worker. Its `name` makes the logical ids, so several entries give
//! several workers, and a later one may use what an earlier one added: `cluster = "${WorkerCluster}"`.
//!
//! What the config may hold is told by its schema; what a schema cannot say is checked before the build.

use phalanx_plugin::{
    Configurable, Failure, LogicalId, PreBuild, Resource, Result, TemplateDecorate, Value, json,
    log, template,
};

mod check;
mod cluster;
mod config;
mod image;
mod instances;
mod network;
mod roles;
mod rolling;
mod rules;
mod scaling;
mod schema;
mod secrets;
mod service;
mod task;

pub use config::EcsCluster;

impl Configurable for EcsCluster {
    fn config_schema() -> Value {
        schema::schema()
    }
}

impl PreBuild for EcsCluster {
    fn pre_build(&self) -> Result {
        check::check(self)
    }
}

impl TemplateDecorate for EcsCluster {
    fn decorate_service(&self) -> Result {
        let image = image::Image::of(self)?;
        let secrets = secrets::all(&self.secrets)?;
        let cluster = cluster::add(self)?;
        let network = network::add(self)?;
        let capacity = instances::add(self, &cluster, &network)?;
        let log_group = self.add_log_group()?;
        let roles = roles::add(self, &image, &secrets, &log_group)?;
        let task = task::add(self, &image, &secrets, &roles, &log_group)?;
        let service = service::add(self, &cluster, &network, capacity.as_ref(), &task)?;
        scaling::add(self, &cluster, &service)?;
        self.add_outputs(&cluster, &service, &log_group)?;
        log::info!("added worker `{}` on {}, image {}", self.name, self.place(), image.text());
        Ok(())
    }
}

impl EcsCluster {
    /// The logical id of one of this worker's resources.
    fn id(&self, of: &str) -> LogicalId {
        LogicalId::of(&self.name).child(of)
    }

    /// Adds one of this worker's resources.
    fn add(&self, of: &str, resource: &Resource) -> Result<LogicalId> {
        self.add_to("Resources", of, &resource.value())
    }

    fn add_to(&self, section: &str, of: &str, value: &Value) -> Result<LogicalId> {
        let id = self.id(of);
        template::add(section, id.as_str(), value).map_err(|failure| match failure.code() {
            "id-taken" => Failure::new(
                "name-taken",
                format!(
                    "worker `{}` needs the id `{id}`, which is there already in `{section}`",
                    self.name
                ),
            )
            .with_hint("give this worker another `name`"),
            _ => failure,
        })?;
        Ok(id)
    }

    fn add_log_group(&self) -> Result<LogicalId> {
        let group = Resource::new("AWS::Logs::LogGroup")
            .deletion_policy("Delete")
            .property("LogGroupName", self.named("/ecs/"))
            .property("RetentionInDays", self.log_retention);
        self.add("LogGroup", &group)
    }

    fn add_outputs(
        &self,
        cluster: &cluster::Cluster,
        service: &LogicalId,
        log_group: &LogicalId,
    ) -> Result {
        for (of, what, value) in [
            ("ClusterName", "the ECS cluster", cluster.name()),
            ("ServiceName", "the ECS service", service.attribute("Name")),
            ("LogGroupName", "the log group", log_group.reference()),
        ] {
            let description = format!("Name of {what} of {}", self.name);
            let output = json!({ "Description": description, "Value": value });
            self.add_to("Outputs", of, &output)?;
        }
        Ok(())
    }

    /// `PREFIX` followed by the stack's and the worker's name.
    fn named(&self, prefix: &str) -> Value {
        json!({ "Fn::Sub": format!("{prefix}${{AWS::StackName}}-{}", self.name) })
    }
}

phalanx_plugin::export!(EcsCluster: configurable, pre_build, template_decorate);

#[cfg(test)]
mod tests;
