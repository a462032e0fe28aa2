//! Writes what its config says: two of them with the same path conflict.
//! `config = { set = { "/Metadata/Owner" = "a" }, context = { owner = "a" }, remove = ["/x"] }`

use std::collections::BTreeMap;

use phalanx_plugin::{Result, TemplateDecorate, Value, context, log, template};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Writer {
    set: BTreeMap<String, Value>,
    context: BTreeMap<String, Value>,
    remove: Vec<String>,
    /// Resource types to list, so that the journal notes it.
    list: Vec<String>,
}

impl TemplateDecorate for Writer {
    fn decorate_service(&self) -> Result {
        for resource_type in &self.list {
            log::info!("{resource_type}: {}", template::resources_of_type(resource_type).join(" "));
        }
        self.set.iter().try_for_each(|(pointer, value)| template::set(pointer, value))?;
        self.context.iter().try_for_each(|(key, value)| context::set(key, value))?;
        self.remove.iter().try_for_each(|pointer| template::remove(pointer).map(drop))
    }
}

phalanx_plugin::export!(Writer: template_decorate);
