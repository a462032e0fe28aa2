//! Texts of the manifest that may hold `${…}`, as CloudFormation values.
//!
//! A text without a variable stays a string, one that is nothing but a variable becomes `Ref` or
//! `Fn::GetAtt`, anything else `Fn::Sub`. The name of a function stands for its logical id. Whether
//! a name exists is not asked here; the check asks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{attribute, ids, reference};
use crate::manifest::Service;

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
        let parts = parts(text);
        match parts.as_slice() {
            [Part::Variable(name)] => {
                let name = self.resolve(name);
                match name.split_once('.') {
                    Some((id, of)) => attribute(id, of),
                    None => reference(&name),
                }
            }
            parts if parts.iter().all(|part| matches!(part, Part::Text(_))) => json!(text),
            parts => {
                let text: String = parts
                    .iter()
                    .map(|part| match part {
                        Part::Text(text) | Part::Escaped(text) => (*text).to_owned(),
                        Part::Variable(name) => format!("${{{}}}", self.resolve(name)),
                    })
                    .collect();
                json!({ "Fn::Sub": text })
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
        if let [Part::Variable(name)] = parts(text).as_slice() {
            let id = name.split('.').next().unwrap_or(name);
            let resource_type = self.resources?.get(id)?.get("Type")?.as_str()?;
            return resource_type.split("::").nth(1).map(str::to_lowercase);
        }
        let service = ids::arn_fields(text).get(2).copied()?;
        (!service.is_empty() && !service.contains('$')).then(|| service.to_owned())
    }

    fn resolve(&self, name: &str) -> String {
        match name.split_once('.') {
            Some((id, of)) => format!("{}.{of}", self.id(id)),
            None => self.id(name).to_owned(),
        }
    }
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// As it is.
    Text(&'t str),
    /// `${!…}` whole, which `Fn::Sub` turns into `${…}`.
    Escaped(&'t str),
    /// What stands between `${` and `}`.
    Variable(&'t str),
}

/// The pieces of `text` in order. A `${` that never ends is text.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        if start > 0 {
            parts.push(Part::Text(&rest[..start]));
        }
        let whole = &rest[start..=start + length];
        let inside = &whole[2..whole.len() - 1];
        parts.push(match inside.starts_with('!') {
            true => Part::Escaped(whole),
            false => Part::Variable(inside.trim()),
        });
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_parts() {
        use Part::{Escaped, Text, Variable};
        assert_eq!(parts("plain $5"), [Text("plain $5")]);
        assert_eq!(parts("a${B.Arn}/*"), [Text("a"), Variable("B.Arn"), Text("/*")]);
        assert_eq!(parts("${A}${!B}"), [Variable("A"), Escaped("${!B}")]);
        assert_eq!(parts("${A"), [Text("${A")]);
        assert_eq!(parts(""), []);
    }
}
