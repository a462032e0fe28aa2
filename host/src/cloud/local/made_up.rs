//! Stable made-up ids and attributes for resources that do not exist.
//!
//! Everything comes from stack, logical id and the number of replacements, so it is the same in every
//! run and changes exactly when CloudFormation would make a new resource.

use serde_json::{Map, Value, json};

use super::names::{Naming, naming};
use crate::digest::{Digest, Hasher};
use crate::template::spec;

/// The account of the local cloud.
pub(super) const ACCOUNT: &str = "000000000000";

/// What the ids of one resource are made of.
pub(super) struct Resource<'a> {
    pub(super) stack: &'a str,
    pub(super) region: &'a str,
    pub(super) logical_id: &'a str,
    pub(super) resource_type: &'a str,
    pub(super) generation: u32,
    pub(super) properties: &'a Map<String, Value>,
}

impl Resource<'_> {
    /// What `Ref` gives, which we take for the physical id too.
    pub(super) fn reference(&self) -> String {
        if let Some(naming) = naming(self.resource_type) {
            return self.fill(naming.reference, Some(naming));
        }
        let Some(spec) = spec::lookup(self.resource_type) else { return self.made_up_name(128) };
        let parts: Vec<String> = spec
            .ref_property()
            .split('|')
            .filter(|part| !part.is_empty())
            .map(|part| match self.property(part) {
                Some(Value::String(given)) => given.clone(),
                Some(Value::Number(given)) => given.to_string(),
                _ => self.invent(part),
            })
            .collect();
        if parts.is_empty() { self.made_up_name(128) } else { parts.join("|") }
    }

    /// What `Fn::GetAtt` gives; none when the type is known not to have the attribute.
    pub(super) fn attribute(&self, attribute: &str) -> Option<Value> {
        // Of a type that nobody knows, such as `Custom::Thing`, anything may be asked.
        if spec::lookup(self.resource_type).is_some_and(|spec| !spec.has_attribute(attribute)) {
            return None;
        }
        if let Some(given) = self.property(attribute) {
            return Some(given.clone());
        }
        let naming = naming(self.resource_type);
        let pattern = naming.and_then(|naming| {
            naming
                .attributes
                .iter()
                .find(|(name, _)| *name == attribute)
                .map(|(_, pattern)| pattern)
        });
        if let Some(pattern) = pattern {
            return Some(json!(self.fill(pattern, naming)));
        }
        Some(json!(self.invent(attribute)))
    }

    /// A property below `Properties`, by a path with dots.
    fn property(&self, path: &str) -> Option<&Value> {
        let mut tokens = path.split(['.', '/']);
        let first = self.properties.get(tokens.next()?)?;
        tokens.try_fold(first, |value, token| value.get(token))
    }

    /// The generic rule: an ARN for what is named like one, an id for what is named like one.
    fn invent(&self, attribute: &str) -> String {
        let mut words = self.resource_type.split("::").skip(1).map(str::to_lowercase);
        let service = words.next().unwrap_or_else(|| "custom".into());
        let kind = words.next().unwrap_or_else(|| "resource".into());
        let name = self.made_up_name(128);
        if attribute.ends_with("Arn") {
            format!("arn:aws:{service}:{}:{ACCOUNT}:{kind}/{name}", self.region)
        } else if attribute.ends_with("Id") || attribute.ends_with("ID") {
            format!("{kind}-{}", &self.digest(attribute).to_string()[..17])
        } else if attribute.ends_with("Name") {
            name
        } else {
            format!("{name}.{attribute}")
        }
    }

    fn fill(&self, pattern: &str, naming: Option<&Naming>) -> String {
        let mut filled = String::with_capacity(pattern.len() + 32);
        let mut rest = pattern;
        while let Some((text, after)) = rest.split_once('{') {
            let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(text);
            filled.push_str(&self.placeholder(placeholder, naming));
            rest = after;
        }
        filled + rest
    }

    fn placeholder(&self, placeholder: &str, naming: Option<&Naming>) -> String {
        let hex = || self.digest("").to_string();
        match placeholder {
            "name" => self.name(naming),
            "region" => self.region.to_owned(),
            "account" => ACCOUNT.to_owned(),
            "hex8" => hex()[..8].to_owned(),
            "hex17" => hex()[..17].to_owned(),
            "id10" => self.letters(10).to_lowercase(),
            "ID13" => self.letters(13),
            "uuid" => uuid(&self.digest("")),
            other => match self.property(other.trim_start_matches('=')) {
                Some(Value::String(given)) => given.clone(),
                Some(other) => other.to_string(),
                None => self.made_up_name(64),
            },
        }
    }

    /// The name given in the properties, or a made-up one in the form of CloudFormation's.
    fn name(&self, naming: Option<&Naming>) -> String {
        let Some(naming) = naming else { return self.made_up_name(128) };
        if let Some(Value::String(given)) = self.property(naming.property) {
            return given.clone();
        }
        // The two types with ordered delivery insist on the ending.
        let ordered = ["FifoQueue", "FifoTopic"]
            .iter()
            .any(|flag| matches!(self.property(flag), Some(value) if *value == json!(true) || *value == json!("true")));
        let ending = if ordered { ".fifo" } else { "" };
        let name = self.made_up_name(naming.limit.max(32) - ending.len()) + ending;
        if self.resource_type == "AWS::S3::Bucket" { name.to_lowercase() } else { name }
    }

    /// `<stack>-<logical id>-<13 characters>`, its beginning cut to fit.
    fn made_up_name(&self, limit: usize) -> String {
        let suffix = self.letters(13);
        let whole = format!("{}-{}", self.stack, self.logical_id);
        let name: String = whole.chars().take(limit.saturating_sub(suffix.len() + 1)).collect();
        format!("{name}-{suffix}")
    }

    fn letters(&self, count: usize) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = self.digest("letters");
        digest.as_bytes()[..count]
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
            .collect()
    }

    fn digest(&self, purpose: &str) -> Digest {
        let mut hasher = Hasher::new();
        hasher.field(self.stack).field(self.logical_id).field(self.resource_type);
        hasher.field(self.generation.to_string()).field(purpose);
        hasher.finish()
    }
}

/// A UUID from a digest.
pub(super) fn uuid(digest: &Digest) -> String {
    let hex = digest.to_string();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource<'a>(resource_type: &'a str, properties: &'a Map<String, Value>) -> Resource<'a> {
        let (stack, region, logical_id) = ("orders-dev", "eu-central-1", "Thing");
        Resource { stack, region, logical_id, resource_type, generation: 0, properties }
    }

    #[test]
    fn common_types_look_real() {
        let named = json!({ "QueueName": "work" });
        let queue = resource("AWS::SQS::Queue", named.as_object().unwrap());
        assert_eq!(queue.reference(), "https://sqs.eu-central-1.amazonaws.com/000000000000/work");
        assert_eq!(queue.attribute("Arn").unwrap(), "arn:aws:sqs:eu-central-1:000000000000:work");
        assert_eq!(queue.attribute("ARN"), None);
        let ordered = json!({ "FifoQueue": true });
        let queue = resource("AWS::SQS::Queue", ordered.as_object().unwrap());
        assert!(queue.attribute("QueueName").unwrap().as_str().unwrap().ends_with(".fifo"));
        let none = Map::new();
        let bucket = resource("AWS::S3::Bucket", &none).reference();
        assert!(bucket.starts_with("orders-dev-thing-") && bucket.len() <= 63, "{bucket}");
    }

    #[test]
    fn other_types_follow_the_generic_rule() {
        let none = Map::new();
        let custom = resource("Custom::Thing", &none);
        assert_eq!(custom.attribute("Whatever"), custom.attribute("Whatever"));
        let arn = resource("AWS::AppSync::GraphQLApi", &none).attribute("Arn").unwrap();
        assert!(
            arn.as_str()
                .unwrap()
                .starts_with("arn:aws:appsync:eu-central-1:000000000000:graphqlapi/")
        );
    }

    #[test]
    fn a_replacement_has_another_name() {
        let none = Map::new();
        let mut queue = resource("AWS::SQS::Queue", &none);
        let first = queue.reference();
        queue.generation = 1;
        assert_ne!(queue.reference(), first);
    }
}
