//! The conformance plugin in Rust.

use phalanx_plugin::{
    Failure, Finding, Pointer, PreBuild, Result, Severity, TemplateDecorate, TemplateValidate, Value,
    commands, context, json, log, template,
};

/// The plugin and its config.
#[derive(serde::Deserialize)]
pub struct KeepMessages {
    /// Who owns the service.
    pub team: String,
}

impl KeepMessages {
    fn tag(&self) -> Value {
        json!({ "Key": "team", "Value": self.team })
    }
}

impl PreBuild for KeepMessages {
    fn pre_build(&self) -> Result {
        context::set("tagger.team", &self.team)?;
        log::info!("the team is {}", self.team);
        Ok(())
    }
}

impl TemplateDecorate for KeepMessages {
    fn decorate_service(&self) -> Result {
        if self.team == "nobody" {
            return Err(Failure::new("no-owner", "`nobody` owns nothing")
                .with_hint("name a team in `config`"));
        }
        let output = commands::run(&["git", "rev-parse", "HEAD"])?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let queue = json!({ "MessageRetentionPeriod": 1_209_600 });
        template::add_resource(
            "AuditQueue",
            &json!({ "Type": "AWS::SQS::Queue", "Properties": queue }),
        )?;
        let queues = template::resources_of_type("AWS::SQS::Queue");
        for queue in &queues {
            template::set(Pointer::property(queue, "Tags").end(), &self.tag())?;
        }
        template::set("/Metadata/Commit", &commit)?;
        log::info!("tagged {} queues", queues.len());
        Ok(())
    }

    fn decorate_function(&self, _function: &str, logical_id: &str) -> Result {
        template::set(Pointer::property(logical_id, "Tags").end(), &self.tag())
    }
}

impl TemplateValidate for KeepMessages {
    fn validate(&self) -> Result<Vec<Finding>> {
        let places = template::resources_of_type("AWS::SQS::Queue");
        let places = places.into_iter().map(|queue| (Pointer::property(&queue, "Tags"), queue));
        let untagged = places.filter(|(tags, _)| !template::has(tags));
        let finding = |(tags, queue)| {
            Finding::new(Severity::Error, "untagged", tags, format!("`{queue}` has no tags"))
        };
        Ok(untagged.map(finding).collect())
    }
}

phalanx_plugin::export!(KeepMessages: pre_build, template_decorate, template_validate);
