//! The validator in Rust.

use phalanx_plugin::{Finding, Pointer, Result, Severity, TemplateValidate, template};

/// The plugin, which has no config.
#[derive(serde::Deserialize)]
pub struct Validator {}

impl TemplateValidate for Validator {
    fn validate(&self) -> Result<Vec<Finding>> {
        let places = template::resources_of_type("AWS::SQS::Queue");
        let places = places.into_iter().map(|queue| (Pointer::property(&queue, "Tags"), queue));
        let untagged = places.filter(|(tags, _)| !template::has(tags));
        let finding = |(tags, queue)| {
            Finding::new(Severity::Error, "untagged", tags, format!("`{queue}` has no tags"))
                .with_hint("add `Tags`")
        };
        Ok(untagged.map(finding).collect())
    }
}

phalanx_plugin::export!(Validator: template_validate);
