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
use serde::Deserialize;

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
        let mut edits = Vec::new();
        for id in template::logical_ids() {
            let Some(resource_type) = template::resource_type(&id) else { continue };
            let Some((property, form)) = taggable::lookup(&resource_type) else { continue };
            let at = Pointer::property(&id, property);
            match (template::get::<Value>(&at)?, form) {
                (None, Form::List) => edits.push((at, self.wanted().map(Tag::item).collect())),
                (None, Form::Map) => edits.push((at, self.wanted().map(Tag::member).collect())),
                (Some(Value::Array(items)), Form::List) => {
                    let edit = |tag| self.add_to_list(&id, &at, &items, tag);
                    edits.extend(self.wanted().filter_map(edit));
                }
                // A map with an intrinsic function's key is computed at deployment.
                (Some(Value::Object(tags)), Form::Map) if !tags.keys().any(is_function) => {
                    let edit = |tag| self.add_to_map(&id, &at, &tags, tag);
                    edits.extend(self.wanted().filter_map(edit));
                }
                (Some(_), _) => {
                    log::warn!("left the tags of `{id}` alone: they are computed at deployment");
                }
            }
        }
        template::set_all(edits)
    }
}

/// One tag for one resource.
struct Tag<'a> {
    key: &'a str,
    value: Value,
}

impl Tag<'_> {
    fn item(self) -> Value {
        json!({ "Key": self.key, "Value": self.value })
    }

    fn member(self) -> (String, Value) {
        (self.key.to_owned(), self.value)
    }
}

impl StackTags {
    fn wanted(&self) -> impl Iterator<Item = Tag<'_>> {
        self.tags.iter().map(|(key, value)| Tag { key, value: intrinsics::text(value) })
    }

    fn add_to_list(
        &self,
        id: &str,
        at: &Pointer,
        items: &[Value],
        tag: Tag<'_>,
    ) -> Option<(Pointer, Value)> {
        let Some(index) = items.iter().position(|item| item["Key"] == tag.key) else {
            return Some((at.clone().end(), tag.item()));
        };
        let value = at.clone().index(index).join("Value");
        self.instead_of(id, &items[index]["Value"], value, tag)
    }

    fn add_to_map(
        &self,
        id: &str,
        at: &Pointer,
        tags: &serde_json::Map<String, Value>,
        tag: Tag<'_>,
    ) -> Option<(Pointer, Value)> {
        let value = at.clone().join(tag.key);
        match tags.get(tag.key) {
            Some(present) => self.instead_of(id, present, value, tag),
            None => Some((value, tag.value)),
        }
    }

    /// The edit that gives a tag that is `present` the configured value, if that is wanted.
    fn instead_of(
        &self,
        id: &str,
        present: &Value,
        at: Pointer,
        tag: Tag<'_>,
    ) -> Option<(Pointer, Value)> {
        if *present == tag.value {
            return None;
        }
        if !self.overwrite {
            log::warn!(
                "kept tag `{}` of `{id}`: it is {present}, not the configured {}; \
                 set `overwrite = true` to change it",
                tag.key,
                tag.value
            );
            return None;
        }
        Some((at, tag.value))
    }
}

fn is_function(key: &String) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

phalanx_plugin::export!(StackTags: template_decorate, configurable);

#[cfg(test)]
mod tests;
