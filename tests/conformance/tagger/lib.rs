//! The tagger in Rust.

use phalanx_plugin::{
    Failure, Pointer, PreBuild, Result, TemplateDecorate, Value, commands, context, json, log, template,
};

/// The plugin and its config.
#[derive(serde::Deserialize)]
pub struct Tagger {
    /// Who owns the service.
    pub team: String,
}

impl Tagger {
    fn tag(&self) -> Value {
        json!({ "Key": "team", "Value": self.team })
    }
}

impl PreBuild for Tagger {
    fn pre_build(&self) -> Result {
        context::set("tagger.team", &self.team)?;
        log::info!("the team is {}", self.team);
        Ok(())
    }
}

impl TemplateDecorate for Tagger {
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

phalanx_plugin::export!(Tagger: pre_build, template_decorate);
