//! Secrets of the container: where each comes from, and which ARN the execution role must read.

use std::collections::BTreeMap;

use phalanx_plugin::arn::{self, Arn};
use phalanx_plugin::intrinsics::{self, Piece, pieces};
use phalanx_plugin::{Failure, LogicalId, Pointer, Result, Value, template};

/// One secret.
pub(crate) struct Secret {
    /// The variable of the container's environment.
    pub(crate) variable: String,
    /// What ECS calls it.
    pub(crate) value_from: Value,
    pub(crate) store: Store,
    /// What the execution role must be allowed to read.
    pub(crate) arn: Value,
}

/// Where a secret is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Store {
    SecretsManager,
    ParameterStore,
}

/// All secrets, sorted by variable.
pub(crate) fn all(config: &BTreeMap<String, String>) -> Result<Vec<Secret>> {
    config.iter().map(|(variable, text)| secret(variable, text)).collect()
}

fn secret(variable: &str, text: &str) -> Result<Secret> {
    let (store, arn) = source(text).ok_or_else(|| {
        let message = format!("secret `{variable}` is `{text}`, which does not show what it is");
        Failure::new("unknown-secret", message).with_hint(
            "write an ARN, the name of an SSM parameter, or `${Id}` of an \
             `AWS::SecretsManager::Secret` or `AWS::SSM::Parameter` of the template",
        )
    })?;
    let value_from = intrinsics::value(text);
    Ok(Secret { variable: variable.to_owned(), value_from, store, arn })
}

fn source(text: &str) -> Option<(Store, Value)> {
    if let Some(arn) = Arn::parse(text) {
        return match arn.service {
            // Key, version stage and version of the value may follow: `secret:name:key::`.
            "secretsmanager" => {
                let [kind, name, ..] = arn::fields(arn.resource, 3)[..] else { return None };
                let suffix = arn.resource.len() - kind.len() - name.len() - 1;
                let arn = &text[..text.len() - suffix];
                Some((Store::SecretsManager, intrinsics::value(arn)))
            }
            "ssm" => Some((Store::ParameterStore, intrinsics::value(text))),
            _ => None,
        };
    }
    if text.starts_with("arn:") {
        return None;
    }
    if let Some(Piece::Variable(name)) = pieces(text).next()
        && !name.starts_with("AWS::")
    {
        let (id, attribute) = name.split_once('.').map_or((name, None), |(id, of)| (id, Some(of)));
        let rest = &text[name.len() + "${}".len()..];
        return match (template::resource_type(id).as_deref(), attribute) {
            (Some("AWS::SecretsManager::Secret"), None | Some("Id"))
                if rest.is_empty() || rest.starts_with(':') =>
            {
                Some((Store::SecretsManager, LogicalId::from(id).reference()))
            }
            (Some("AWS::SSM::Parameter"), None) if rest.is_empty() => {
                // A path begins with the `/` that an ARN has before a plain name.
                let path = template::get::<Value>(Pointer::property(id, "Name")).ok().flatten();
                let is_path = path.is_some_and(|name| begins_with_slash(&name));
                Some((Store::ParameterStore, parameter(text, is_path)))
            }
            _ => None,
        };
    }
    (!text.is_empty()).then(|| (Store::ParameterStore, parameter(text, text.starts_with('/'))))
}

fn parameter(name: &str, is_path: bool) -> Value {
    let slash = if is_path { "" } else { "/" };
    intrinsics::value(&arn::regional("ssm", &format!("parameter{slash}{name}")))
}

/// Whether a name, plain or in `Fn::Sub`, begins with `/`.
fn begins_with_slash(name: &Value) -> bool {
    let text = name.as_str().or_else(|| {
        let sub = name.get("Fn::Sub")?;
        sub.as_str().or_else(|| sub.get(0)?.as_str())
    });
    text.is_some_and(|text| text.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use phalanx_plugin::json;
    use phalanx_plugin::testing::Host;

    use super::*;

    fn read(text: &str) -> Result<(Store, Value)> {
        let mut host = Host::with_template(json!({ "Resources": {
            "Login": { "Type": "AWS::SecretsManager::Secret" },
            "Token": { "Type": "AWS::SSM::Parameter", "Properties": { "Name": "token" } },
            "Path": { "Type": "AWS::SSM::Parameter", "Properties": { "Name": {
                "Fn::Sub": "/${AWS::StackName}/token" } } },
            "Queue": { "Type": "AWS::SQS::Queue" },
        } }));
        host.run(|_: &Value| secret("X", text).map(|secret| (secret.store, secret.arn)))
    }

    #[test]
    fn the_execution_role_reads_the_secret_and_not_its_key() {
        let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-Ab12Cd";
        for text in [arn.to_owned(), format!("{arn}:password::"), format!("{arn}::AWSCURRENT:")] {
            assert_eq!(read(&text).unwrap(), (Store::SecretsManager, json!(arn)), "{text}");
        }
        let reference = json!({ "Ref": "Login" });
        for text in ["${Login}", "${Login.Id}", "${Login}:password::"] {
            assert_eq!(read(text).unwrap(), (Store::SecretsManager, reference.clone()), "{text}");
        }
    }

    #[test]
    fn a_parameter_is_read_by_its_arn() {
        let sub = |resource: &str| json!({ "Fn::Sub": arn::regional("ssm", resource) });
        for (text, resource) in [
            ("/orders/token", "parameter/orders/token"),
            ("token", "parameter/token"),
            ("/${AWS::StackName}/token", "parameter/${AWS::StackName}/token"),
            ("${AWS::StackName}-token", "parameter/${AWS::StackName}-token"),
            ("${Token}", "parameter/${Token}"),
            ("${Path}", "parameter${Path}"),
        ] {
            assert_eq!(read(text).unwrap(), (Store::ParameterStore, sub(resource)), "{text}");
        }
        let arn = "arn:aws:ssm:eu-central-1:123456789012:parameter/orders/token";
        assert_eq!(read(arn).unwrap(), (Store::ParameterStore, json!(arn)));
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for text in ["", "${Queue}", "${Nothing}", "arn:aws:s3:::bucket", "arn:x", "${Token}/x"] {
            assert_eq!(read(text).unwrap_err().code(), "unknown-secret", "{text}");
        }
    }
}
