//! Change sets: the only way in which a stack is created or updated.
//!
//! A change set is named after all that goes into it. A run that was killed after making one finds it
//! again under the same name, so nothing is made twice.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, ExecutionStatus, Parameter, Tag,
};
use serde_json::Value;

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::ApplyRequest;
use crate::digest::Hasher;

/// Templates above this many bytes must come from S3 (CloudFormation's quota of `TemplateBody`).
const INLINE_TEMPLATE: usize = 51_200;

/// A change set that is ready to be executed.
pub(super) struct ChangeSet {
    pub(super) id: String,
    pub(super) stack_id: String,
    /// Identifies its execution in the stack's events, also when that is asked for again.
    pub(super) token: String,
}

impl Aws {
    /// Makes the change set, or none when nothing would change.
    pub(super) async fn change_set(
        &self,
        request: &ApplyRequest,
        kind: ChangeSetType,
        previous: &BTreeSet<String>,
    ) -> Result<Option<ChangeSet>, AwsError> {
        let text = request.template.to_string();
        let name = name(request, &kind, &text);
        // At most: found obsolete, removed, made.
        for _ in 0..3 {
            self.make(request, &kind, previous, &name, &text).await?;
            let found = self.settled(&request.stack, &name).await?;
            let Some((status, execution, reason, set)) = found else { continue };
            match (status, execution) {
                (ChangeSetStatus::CreateComplete, ExecutionStatus::Available) => {
                    return Ok(Some(set));
                }
                (ChangeSetStatus::Failed, _) => {
                    self.discard(&set).await?;
                    if is_without_changes(&reason) {
                        return Ok(None);
                    }
                    return Err(AwsError::ChangeSet { stack: request.stack.clone(), reason });
                }
                // Executed before, or overtaken by another change of the stack.
                _ => self.discard(&set).await?,
            }
        }
        let reason = format!("change set `{name}` does not become ready");
        Err(AwsError::ChangeSet { stack: request.stack.clone(), reason })
    }

    async fn make(
        &self,
        request: &ApplyRequest,
        kind: &ChangeSetType,
        previous: &BTreeSet<String>,
        name: &str,
        text: &str,
    ) -> Result<(), AwsError> {
        let tags =
            request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let mut call = self
            .cloudformation
            .create_change_set()
            .stack_name(&request.stack)
            .change_set_name(name)
            .change_set_type(kind.clone())
            .client_token(name)
            .set_parameters(Some(parameters(request, previous)))
            .set_tags(Some(tags.collect()))
            .set_capabilities(Some(capabilities(&request.template)));
        call = if text.len() > INLINE_TEMPLATE {
            call.template_url(self.store_template(text).await?)
        } else {
            call.template_body(text)
        };
        let made =
            call.send().await.map_err(|error| refused("cloudformation:CreateChangeSet", &error));
        match made {
            Ok(_) => Ok(()),
            Err(error) if error.refusal() == "AlreadyExistsException" => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Waits until CloudFormation has worked a change set out; none when it is gone.
    async fn settled(
        &self,
        stack: &str,
        name: &str,
    ) -> Result<Option<(ChangeSetStatus, ExecutionStatus, String, ChangeSet)>, AwsError> {
        let mut pause = Duration::from_millis(250);
        loop {
            let call =
                self.cloudformation.describe_change_set().stack_name(stack).change_set_name(name);
            let answer = call
                .send()
                .await
                .map_err(|error| refused("cloudformation:DescribeChangeSet", &error));
            let answer = match answer {
                Err(error) if error.refusal().starts_with("ChangeSetNotFound") => return Ok(None),
                other => other?,
            };
            let status = answer.status.unwrap_or(ChangeSetStatus::CreatePending);
            if !matches!(status, ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress)
            {
                let id = answer.change_set_id.unwrap_or_else(|| name.to_owned());
                // `arn:…:changeSet/NAME/UUID`
                let unique = id.rsplit('/').next().unwrap_or(name).to_owned();
                let set = ChangeSet {
                    stack_id: answer.stack_id.unwrap_or_else(|| stack.to_owned()),
                    token: format!("phalanx-{unique}"),
                    id,
                };
                let execution = answer.execution_status.unwrap_or(ExecutionStatus::Unavailable);
                return Ok(Some((
                    status,
                    execution,
                    answer.status_reason.unwrap_or_default(),
                    set,
                )));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(4));
        }
    }

    async fn discard(&self, set: &ChangeSet) -> Result<(), AwsError> {
        let call = self.cloudformation.delete_change_set().change_set_name(&set.id);
        call.send().await.map_err(|error| refused("cloudformation:DeleteChangeSet", &error))?;
        Ok(())
    }
}

/// The name of the change set that does what is asked.
fn name(request: &ApplyRequest, kind: &ChangeSetType, text: &str) -> String {
    let mut hasher = Hasher::new();
    hasher.field(kind.as_str()).field(text);
    for (name, value) in request.parameters.iter().chain(&request.tags) {
        hasher.field(name).field(value);
    }
    format!("phalanx-{}", &hasher.finish().to_string()[..32])
}

/// CloudFormation has no code for this, only these two texts.
fn is_without_changes(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// The values that are given; a parameter without one keeps the value that the stack has, unless the
/// template has a default.
fn parameters(request: &ApplyRequest, previous: &BTreeSet<String>) -> Vec<Parameter> {
    let declared = request.template["Parameters"].as_object().into_iter().flatten();
    let kept = declared
        .filter(|(name, declaration)| {
            !request.parameters.contains_key(*name)
                && declaration.get("Default").is_none()
                && previous.contains(*name)
        })
        .map(|(name, _)| Parameter::builder().parameter_key(name).use_previous_value(true).build());
    let given = request.parameters.iter().map(|(name, value)| {
        Parameter::builder().parameter_key(name).parameter_value(value).build()
    });
    given.chain(kept).collect()
}

/// What CloudFormation wants to be told that one knows of. Who deploys a template with roles has
/// written them in the manifest, or has seen them in the plan.
fn capabilities(template: &Value) -> Vec<Capability> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let types: Vec<&str> =
        resources.filter_map(|(_, resource)| resource["Type"].as_str()).collect();
    let nested = types.contains(&"AWS::CloudFormation::Stack");
    let mut capabilities = Vec::new();
    // It covers CAPABILITY_IAM.
    if nested || types.iter().any(|one| one.starts_with("AWS::IAM::")) {
        capabilities.push(Capability::CapabilityNamedIam);
    }
    if nested || template.get("Transform").is_some() {
        capabilities.push(Capability::CapabilityAutoExpand);
    }
    capabilities
}
