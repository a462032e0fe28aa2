//! Judges the final template by six rules, each of which the config can make an error, a warning or
//! switch off. It imports no editing function: its type shows that it only reads.

use phalanx_plugin::{Configurable, Finding, Result, TemplateValidate, Value, json, template};
use serde::Deserialize;

mod iam;
mod levels;
mod public;
mod resources;

use levels::Levels;

/// The plugin and its config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardrails {
    #[serde(default)]
    rules: Levels,
}

impl Configurable for Guardrails {
    fn config_schema() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "guardrails",
            "type": "object",
            "properties": { "rules": Levels::schema() },
            "additionalProperties": false,
        })
    }
}

impl TemplateValidate for Guardrails {
    fn validate(&self) -> Result<Vec<Finding>> {
        let mut findings = Findings { rules: &self.rules, found: Vec::new() };
        for id in template::logical_ids() {
            let Some(resource_type) = template::resource_type(&id) else { continue };
            iam::check(&mut findings, &id, &resource_type)?;
            public::check(&mut findings, &id, &resource_type)?;
            resources::check(&mut findings, &id, &resource_type)?;
        }
        Ok(findings.found)
    }
}

/// What the rules found so far.
struct Findings<'a> {
    rules: &'a Levels,
    found: Vec<Finding>,
}

impl Findings<'_> {
    /// Notes a finding, unless the config switches its rule off.
    fn add(&mut self, finding: Finding) {
        self.found.extend(self.rules.apply(finding));
    }
}

phalanx_plugin::export!(Guardrails: template_validate, configurable);

#[cfg(test)]
mod tests;
