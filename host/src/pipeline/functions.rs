//! The functions of a deployed stack, by the names that the manifest gives them.

use serde_json::Value;

use crate::cloud::{ArtifactLocation, NoFunction, Stack};
use crate::manifest::Service;

const FUNCTION: &str = "AWS::Lambda::Function";
const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// A function that is deployed.
#[derive(Debug, Clone)]
pub(super) struct Deployed {
    /// Its name in the manifest; its logical id, when a plugin or `[resources]` made it.
    pub(super) name: String,
    pub(super) logical_id: String,
    /// What the cloud calls it.
    pub(super) physical_id: String,
    /// Where it logs to, when the template says it plainly.
    pub(super) log_group: Option<String>,
}

/// All functions of a stack: those of the manifest first, in its order.
pub(super) fn all(service: &Service, stack: &Stack) -> Vec<Deployed> {
    let place = |logical_id: &str| {
        service.functions.values().position(|function| function.logical_id == logical_id)
    };
    let mut functions: Vec<Deployed> = (stack.resources.iter())
        .filter(|resource| resource.resource_type == FUNCTION)
        .map(|resource| Deployed {
            name: place(&resource.logical_id).map_or_else(
                || resource.logical_id.clone(),
                |place| service.functions[place].name.clone(),
            ),
            logical_id: resource.logical_id.clone(),
            physical_id: resource.physical_id.clone(),
            log_group: log_group(stack, &resource.logical_id, &resource.physical_id),
        })
        .collect();
    functions.sort_by_key(|function| place(&function.logical_id).unwrap_or(usize::MAX));
    functions
}

/// One of them, by its name in the manifest, its logical id or the cloud's own name.
pub(super) fn find(service: &Service, stack: &Stack, name: &str) -> Result<Deployed, NoFunction> {
    pick(all(service, stack), service, stack, name)
}

/// One of `functions`, by its name in the manifest, its logical id or the cloud's own name.
pub(super) fn pick(
    mut functions: Vec<Deployed>,
    service: &Service,
    stack: &Stack,
    name: &str,
) -> Result<Deployed, NoFunction> {
    let named = |function: &Deployed| {
        [&function.name, &function.logical_id, &function.physical_id].iter().any(|one| *one == name)
    };
    match functions.iter().position(named) {
        Some(place) => Ok(functions.swap_remove(place)),
        None => Err(NoFunction {
            stack: stack.name.clone(),
            name: name.to_owned(),
            known: functions.into_iter().map(|function| function.name).collect(),
            in_service: service.functions.contains_key(name),
        }),
    }
}

/// What logs: all functions, and the log groups of the stack that are no function's, such as those of
/// containers, by their logical ids.
pub(super) fn that_log(service: &Service, stack: &Stack) -> Vec<Deployed> {
    let mut all = all(service, stack);
    for group in stack.resources.iter().filter(|resource| resource.resource_type == LOG_GROUP) {
        let is_a_functions = |one: &Deployed| one.log_group.as_ref() == Some(&group.physical_id);
        if !all.iter().any(is_a_functions) {
            all.push(Deployed {
                name: group.logical_id.clone(),
                logical_id: group.logical_id.clone(),
                physical_id: group.physical_id.clone(),
                log_group: Some(group.physical_id.clone()),
            });
        }
    }
    all
}

/// Where a template keeps a function's code, when that is an object in a bucket.
pub(super) fn code_of(template: &Value, logical_id: &str) -> Option<ArtifactLocation> {
    let code = &template["Resources"][logical_id]["Properties"]["Code"];
    let (bucket, key) = (code["S3Bucket"].as_str()?, code["S3Key"].as_str()?);
    Some(ArtifactLocation { bucket: bucket.to_owned(), key: key.to_owned() })
}

fn log_group(stack: &Stack, logical_id: &str, physical_id: &str) -> Option<String> {
    match &stack.template["Resources"][logical_id]["Properties"]["LoggingConfig"]["LogGroup"] {
        Value::Null => Some(format!("/aws/lambda/{physical_id}")),
        Value::String(name) => Some(name.clone()),
        other => {
            let id = other["Ref"].as_str()?;
            let group = stack.resources.iter().find(|resource| resource.logical_id == id)?;
            Some(group.physical_id.clone())
        }
    }
}
