//! Texts of the manifest that may hold `${…}`, as CloudFormation values.
//!
//! A text without a variable stays a string, one that is nothing but a variable becomes `Ref` or
//! `Fn::GetAtt`, anything else `Fn::Sub`. The name of a function stands for its logical id. Whether
//! a name exists is not asked here; the check asks.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::{attribute, ids, reference};
use crate::manifest::Service;
use crate::template::substitution::{Piece, pieces, split_attribute};

/// What the names in texts mean.
pub(super) struct Scope<'a> {
    /// Logical ids by the names that a service may use for a function.
    functions: BTreeMap<String, &'a str>,
    resources: Option<&'a Map<String, Value>>,
    parameters: Option<&'a Map<String, Value>>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(service: &'a Service) -> Self {
        let mut functions = BTreeMap::new();
        // The name as written wins over the PascalCase of another function's name.
        for function in service.functions.values() {
            functions.insert(ids::pascal(&function.name), function.logical_id.as_str());
        }
        for function in service.functions.values() {
            functions.insert(function.name.clone(), function.logical_id.as_str());
        }
        let resources = service.section("Resources");
        Self { functions, resources, parameters: service.section("Parameters") }
    }

    /// The value that `text` means.
    pub(super) fn value(&self, text: &str) -> Value {
        let pieces: Vec<_> = pieces(text).map(|piece| self.resolved(piece)).collect();
        match pieces.as_slice() {
            [Resolved::Name(id, None)] => reference(id),
            [Resolved::Name(id, Some(of))] => attribute(id, of),
            pieces if pieces.iter().all(|piece| matches!(piece, Resolved::Text(_))) => json!(text),
            pieces => {
                json!({ "Fn::Sub": pieces.iter().map(ToString::to_string).collect::<String>() })
            }
        }
    }

    pub(super) fn values(&self, texts: &[String]) -> Vec<Value> {
        texts.iter().map(|text| self.value(text)).collect()
    }

    /// The logical id that `name` means: its own, or that of the function of this name.
    pub(super) fn id<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        let written = |section: Option<&Map<String, Value>>| {
            section.is_some_and(|entries| entries.contains_key(name))
        };
        if written(self.resources) || written(self.parameters) {
            return name;
        }
        self.functions.get(name).copied().unwrap_or(name)
    }

    /// The service's own output with the texts of its value and export name made values.
    pub(super) fn output(&self, output: &Value) -> Value {
        let mut output = output.clone();
        for pointer in ["/Value", "/Export/Name"] {
            if let Some(value) = output.pointer_mut(pointer)
                && let Some(text) = value.as_str()
            {
                *value = self.value(text);
            }
        }
        output
    }

    /// The AWS service that owns the ARN that `text` means, such as `sqs`; none when a parameter or
    /// an import hides it.
    pub(super) fn arn_service(&self, text: &str) -> Option<String> {
        let mut pieces = pieces(text);
        if let (Some(Piece::Variable(name)), None) = (pieces.next(), pieces.next()) {
            let resource_type =
                self.resources?.get(split_attribute(name).0)?.get("Type")?.as_str()?;
            return resource_type.split("::").nth(1).map(str::to_lowercase);
        }
        let service = ids::arn_fields(text).get(2).copied()?;
        (!service.is_empty() && !service.contains('$')).then(|| service.to_owned())
    }

    fn resolved<'t>(&self, piece: Piece<'t>) -> Resolved<'t>
    where
        'a: 't,
    {
        match piece {
            Piece::Text(text) => Resolved::Text(text),
            Piece::Literal(name) => Resolved::Literal(name),
            Piece::Variable(name) => {
                let (id, of) = split_attribute(name);
                Resolved::Name(self.id(id), of)
            }
            // A function's name may have characters that CloudFormation's names have not.
            Piece::Invalid(name) => {
                let (function, of) = split_attribute(name);
                match self.functions.get(function) {
                    Some(id) => Resolved::Name(id, of),
                    None => Resolved::Invalid(name),
                }
            }
        }
    }
}

/// A piece of a text with names made logical ids. Displays as text for `Fn::Sub`.
enum Resolved<'t> {
    Text(&'t str),
    Literal(&'t str),
    Name(&'t str, Option<&'t str>),
    /// The check says what is wrong with it.
    Invalid(&'t str),
}

impl fmt::Display for Resolved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Literal(name) => write!(f, "${{!{name}}}"),
            Self::Name(id, None) | Self::Invalid(id) => write!(f, "${{{id}}}"),
            Self::Name(id, Some(of)) => write!(f, "${{{id}.{of}}}"),
        }
    }
}
