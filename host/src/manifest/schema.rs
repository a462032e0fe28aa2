//! Writes the [`keys`](super::keys) as a JSON Schema, for editors.

use serde_json::{Map, Value, json};

use super::keys::ROOT;
use super::keys::case::CASE;
use super::keys::policy::POLICY;
use super::keys::project::PROJECT;
use super::shape::{Key, Shape, TableShape, Text};
use super::units::Quantity;

/// A kind of file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `phalanx.toml`
    Manifest,
    /// A policy for plugins.
    Policy,
    /// `plugin.toml`
    Plugin,
    /// `case.toml`
    Case,
}

/// The JSON Schema (draft 2020-12) of a kind of file.
pub fn json_schema(kind: FileKind) -> Value {
    let (title, description, shape) = match kind {
        FileKind::Manifest => ("phalanx.toml", "The manifest of a Phalanx service", &ROOT),
        FileKind::Policy => {
            ("policy", "Which plugins services may have, and what these may be granted", &POLICY)
        }
        FileKind::Plugin => ("plugin.toml", "The project of a plugin", &PROJECT),
        FileKind::Case => ("case.toml", "A case that a plugin is tested with", &CASE),
    };
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), title.into());
    schema.insert("description".into(), description.into());
    schema.extend(table(shape, false));
    Value::Object(schema)
}

/// `part`: a stage's override, of which nothing is required.
fn schema(shape: &Shape, part: bool) -> Map<String, Value> {
    let value = match shape {
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Integers(values) => json!({ "type": "integer", "enum": values }),
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::Quantity(amount) => quantity(amount),
        Shape::Text(rules) => Value::Object(text(rules)),
        Shape::Scalar(_) => json!({ "type": ["string", "number", "boolean"] }),
        Shape::List { of, min, max } => {
            // A list is replaced as a whole, so its items are complete.
            let mut list = json!({ "type": "array", "items": schema(of, false) });
            if *min > 0 {
                list["minItems"] = (*min).into();
            }
            if *max < usize::MAX {
                list["maxItems"] = (*max).into();
            }
            list
        }
        Shape::Map { names, values, max } => {
            let mut map = json!({ "type": "object", "additionalProperties": schema(values, part) });
            if let Some(pattern) = names.pattern {
                map["propertyNames"] = json!({ "pattern": pattern });
            }
            if *max < usize::MAX {
                map["maxProperties"] = (*max).into();
            }
            map
        }
        Shape::Table(shape) => Value::Object(table(shape, part)),
        Shape::Part(whole) => return schema(whole, true),
        Shape::Free(required) if part || required.is_empty() => json!({ "type": "object" }),
        Shape::Free(required) => json!({ "type": "object", "required": required }),
        Shape::ParameterValue => {
            json!({ "type": ["string", "number", "boolean", "array", "object"] })
        }
    };
    match value {
        Value::Object(schema) => schema,
        _ => unreachable!("every arm above is an object"),
    }
}

fn table(shape: &TableShape, part: bool) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    let properties: Map<_, _> =
        shape.keys.iter().map(|key| (key.name.to_owned(), property(key, part))).collect();
    schema.insert("properties".into(), properties.into());
    schema.insert("additionalProperties".into(), false.into());
    if part {
        return schema;
    }
    let required: Vec<_> =
        shape.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    for group in shape.one_of {
        let choices: Vec<_> = group.iter().map(|name| json!({ "required": [name] })).collect();
        schema.insert("oneOf".into(), choices.into());
    }
    let beside = shape.keys.iter().filter(|key| !key.beside.is_empty());
    let dependent: Map<_, _> = beside
        .map(|key| {
            let others: Vec<_> =
                key.beside.iter().map(|name| json!({ "required": [name] })).collect();
            (key.name.to_owned(), json!({ "anyOf": others }))
        })
        .collect();
    if !dependent.is_empty() {
        schema.insert("dependentSchemas".into(), dependent.into());
    }
    schema
}

fn property(key: &Key, part: bool) -> Value {
    let mut property = Map::new();
    property.insert("description".into(), key.about.into());
    property.extend(schema(&key.shape, part));
    if let Some(default) = key.default.filter(|_| !part) {
        let default = serde_json::from_str(default).expect("defaults in `keys` are JSON");
        property.insert("default".into(), default);
    }
    property.into()
}

fn text(rules: &Text) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "string".into());
    if let Some(pattern) = rules.pattern {
        schema.insert("pattern".into(), pattern.into());
    }
    schema
}

fn quantity(quantity: &Quantity) -> Value {
    let units: Vec<_> = quantity.units.iter().map(|(unit, _)| *unit).collect();
    json!({
        "anyOf": [
            {
                "type": "integer",
                "minimum": (quantity.min * quantity.step).div_ceil(quantity.bare),
                "maximum": quantity.max.saturating_mul(quantity.step) / quantity.bare,
            },
            { "type": "string", "pattern": format!("^\\s*[0-9]+\\s*({})\\s*$", units.join("|")) },
        ]
    })
}
