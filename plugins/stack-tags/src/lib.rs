//! Puts the same tags on every taggable resource of the service.
//!
//! It adds tags and changes none: a key that the service or an earlier plugin has written keeps its
//! value, with a warning, unless `overwrite` is set. Tags are added one by one, so they do not
//! conflict with another plugin's. Works by pointer: one read for a resource's type and one for its
//! tags, and all edits in one call.

use std::collections::BTreeMap;

use phalanx_plugin::{
    Configurable, Pointer, Result, TemplateDecorate, Value, intrinsics, json, log, template,
};
use serde::{Deserialize, Serialize};

mod taggable;
use taggable::Form;

/// The plugin and its config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StackTags {
    /// Key to value; a value may hold `${…}`.
    tags: BTreeMap<String, String>,
    /// Change values that are there already.
    #[serde(default)]
    overwrite: bool,
}

impl Configurable for StackTags {
    fn config_schema() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "stack-tags",
            "type": "object",
            "properties": {
                "tags": {
                    "description": "Tags for every taggable resource; a value may hold `${…}`.",
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 50,
                    "propertyNames": {
                        "minLength": 1,
                        "maxLength": 128,
                        "not": { "pattern": "^[aA][wW][sS]:" },
                    },
                    "additionalProperties": { "type": "string", "maxLength": 256 },
                },
                "overwrite": {
                    "description": "Change the value of a tag that is there already.",
                    "type": "boolean",
                    "default": false,
                },
            },
            "required": ["tags"],
            "additionalProperties": false,
        })
    }
}

impl TemplateDecorate for StackTags {
    fn decorate_service(&self) -> Result {
        let tag = |(key, value): (&String, &String)| (key.clone(), intrinsics::text(value));
        let wanted: BTreeMap<String, Value> = self.tags.iter().map(tag).collect();
        let tag = |(key, value): (&String, &Value)| Tag { key: json!(key), value: value.clone() };
        let list: Vec<Tag> = wanted.iter().map(tag).collect();

        let mut edits = Vec::new();
        for id in template::logical_ids() {
            let Some(resource_type) = template::resource_type(&id) else { continue };
            let Some((property, form)) = taggable::lookup(&resource_type) else { continue };
            let at = Pointer::property(&id, property);
            let known = match form {
                Form::List => self.tag_list(&id, &at, &list, &mut edits),
                Form::Map => self.tag_map(&id, &at, &wanted, &mut edits),
            };
            if known.is_none() {
                log::warn!("left the tags of `{id}` alone: they are computed at deployment");
            }
        }
        template::set_all(edits)
    }
}

/// A tag as lists write it. Where a function of the template gives the whole tag, both parts are null.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    #[serde(default)]
    key: Value,
    #[serde(default)]
    value: Value,
}

/// What is written at one place. Borrowed, since all resources get the same.
#[derive(Serialize)]
#[serde(untagged)]
enum Edit<'a> {
    List(&'a [Tag]),
    Map(&'a BTreeMap<String, Value>),
    Tag(&'a Tag),
    Value(&'a Value),
}

type Edits<'a> = Vec<(Pointer, Edit<'a>)>;

impl StackTags {
    /// None when the tags at `at` are no plain list.
    fn tag_list<'a>(
        &self,
        id: &str,
        at: &Pointer,
        wanted: &'a [Tag],
        edits: &mut Edits<'a>,
    ) -> Option<()> {
        let Some(present) = template::get::<Vec<Tag>>(at).ok()? else {
            edits.push((at.clone(), Edit::List(wanted)));
            return Some(());
        };
        for tag in wanted {
            let Some(index) = present.iter().position(|present| present.key == tag.key) else {
                edits.push((at.clone().end(), Edit::Tag(tag)));
                continue;
            };
            let key = tag.key.as_str().unwrap_or_default();
            if self.is_changed(id, key, &present[index].value, &tag.value) {
                edits.push((at.clone().index(index).join("Value"), Edit::Value(&tag.value)));
            }
        }
        Some(())
    }

    /// None when the tags at `at` are no plain map.
    fn tag_map<'a>(
        &self,
        id: &str,
        at: &Pointer,
        wanted: &'a BTreeMap<String, Value>,
        edits: &mut Edits<'a>,
    ) -> Option<()> {
        let Some(present) = template::get::<BTreeMap<String, Value>>(at).ok()? else {
            edits.push((at.clone(), Edit::Map(wanted)));
            return Some(());
        };
        // A map with an intrinsic function's key is computed at deployment.
        if present.keys().any(is_function) {
            return None;
        }
        for (key, value) in wanted {
            let present = present.get(key);
            if present.is_none_or(|present| self.is_changed(id, key, present, value)) {
                edits.push((at.clone().join(key), Edit::Value(value)));
            }
        }
        Some(())
    }

    /// Whether a tag that is `present` is to get the configured value.
    fn is_changed(&self, id: &str, key: &str, present: &Value, wanted: &Value) -> bool {
        if present == wanted {
            return false;
        }
        if !self.overwrite {
            log::warn!(
                "kept tag `{key}` of `{id}`: it is {present}, not the configured {wanted}; \
                 set `overwrite = true` to change it"
            );
        }
        self.overwrite
    }
}

fn is_function(key: &String) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

phalanx_plugin::export!(StackTags: template_decorate, configurable);

#[cfg(test)]
mod tests;
