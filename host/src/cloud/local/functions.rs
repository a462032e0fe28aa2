//! The Lambda functions of a deployed stack, with all that is needed to run one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::history::Provisioned;
use super::made_up::ACCOUNT;
use super::{Local, LocalError, artifacts};
use crate::cloud::NoFunction;
use crate::digest::Digest;

const FUNCTION: &str = "AWS::Lambda::Function";

/// A deployed function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFunction {
    /// Logical id in the template.
    pub logical_id: String,
    /// Lambda's name, mostly `<stack>-<name in the manifest>`.
    pub function_name: String,
    /// Its ARN.
    pub arn: String,
    /// Digest of its package's content; none when the package is not a stored zip file.
    pub digest: Option<Digest>,
    /// Such as `bootstrap`.
    pub handler: String,
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// MiB.
    pub memory: u32,
    /// How long one call may take.
    pub timeout: Duration,
    /// Environment variables, resolved.
    pub environment: BTreeMap<String, String>,
    /// CloudWatch log group.
    pub log_group: String,
}

impl Local {
    /// The functions of a stack, in order of provisioning.
    ///
    /// # Errors
    /// When there is no such stack or its files cannot be read.
    pub fn functions(&self, stack: &str) -> Result<Vec<LocalFunction>, LocalError> {
        let revision = self.current(stack)?.ok_or_else(|| LocalError::NoStack(stack.to_owned()))?;
        let functions =
            revision.resources.iter().filter(|(_, resource)| resource.resource_type == FUNCTION);
        Ok(functions.map(|(id, resource)| self.function_of(id, resource)).collect())
    }

    /// One function of a stack, by its name in the manifest, its logical id or Lambda's name.
    ///
    /// # Errors
    /// When stack or function are not there or the stack's files cannot be read.
    pub fn function(&self, stack: &str, name: &str) -> Result<LocalFunction, LocalError> {
        let functions = self.functions(stack)?;
        let prefixed = format!("{stack}-{name}");
        let letters = |text: &str| {
            let kept = text.chars().filter(char::is_ascii_alphanumeric);
            kept.map(|character| character.to_ascii_lowercase()).collect::<String>()
        };
        let exact = functions.iter().position(|function| {
            [name, &prefixed].contains(&function.function_name.as_str())
                || function.logical_id == name
        });
        // A function with a name of its own still has the manifest's name as its logical id, in
        // another case.
        let found = exact.or_else(|| {
            functions.iter().position(|function| letters(&function.logical_id) == letters(name))
        });
        match found.and_then(|index| functions.get(index)) {
            Some(function) => Ok(function.clone()),
            None => Err(NoFunction {
                stack: stack.to_owned(),
                name: name.to_owned(),
                known: functions.into_iter().map(|function| shown(stack, function)).collect(),
                in_service: false,
            }
            .into()),
        }
    }

    /// The verified package of a function.
    ///
    /// # Errors
    /// When the function has no package, or it is missing, damaged or cannot be read.
    pub fn package(&self, function: &LocalFunction) -> Result<(PathBuf, Digest), LocalError> {
        let digest = function
            .digest
            .ok_or_else(|| LocalError::NoPackage { logical_id: function.logical_id.clone() })?;
        match self.artifacts().read(&digest)? {
            Some(path) => Ok((path, digest)),
            None => {
                let location = artifacts::location(&digest);
                Err(LocalError::NoArtifact {
                    logical_id: function.logical_id.clone(),
                    bucket: location.bucket,
                    key: location.key,
                    stale: true,
                })
            }
        }
    }

    fn function_of(&self, logical_id: &str, resource: &Provisioned) -> LocalFunction {
        let properties = Value::Object(resource.properties.clone());
        let text = |pointer: &str, default: &str| {
            properties.pointer(pointer).and_then(Value::as_str).unwrap_or(default).to_owned()
        };
        let number = |pointer: &str, default: u32| match properties.pointer(pointer) {
            Some(Value::Number(number)) => {
                number.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
            }
            Some(Value::String(text)) => text.parse().unwrap_or(default),
            _ => default,
        };
        let variables = properties.pointer("/Environment/Variables").and_then(Value::as_object);
        let environment = variables.into_iter().flatten().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), value)
        });
        let name = &resource.physical_id;
        LocalFunction {
            logical_id: logical_id.to_owned(),
            function_name: name.clone(),
            arn: format!("arn:aws:lambda:{}:{ACCOUNT}:function:{name}", self.region),
            digest: code_location(resource)
                .and_then(|(bucket, key)| artifacts::digest_of(bucket, key)),
            handler: text("/Handler", "bootstrap"),
            runtime: text("/Runtime", "provided.al2023"),
            architecture: text("/Architectures/0", "x86_64"),
            // Lambda's own defaults.
            memory: number("/MemorySize", 128),
            timeout: Duration::from_secs(number("/Timeout", 3).into()),
            environment: environment.collect(),
            log_group: text("/LoggingConfig/LogGroup", &format!("/aws/lambda/{name}")),
        }
    }
}

/// Bucket and key of a function's package, when it has one.
pub(super) fn code_location(resource: &Provisioned) -> Option<(&str, &str)> {
    let code = resource.properties.get("Code").filter(|_| resource.resource_type == FUNCTION)?;
    Some((code.get("S3Bucket")?.as_str()?, code.get("S3Key")?.as_str()?))
}

/// What people call a function: its name in the manifest, when Lambda's name tells it.
fn shown(stack: &str, function: LocalFunction) -> String {
    let own = function.function_name.strip_prefix(stack).and_then(|name| name.strip_prefix('-'));
    own.map(str::to_owned).unwrap_or(function.logical_id)
}
