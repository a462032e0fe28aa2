//! Change sets: the only way in which a stack is created or updated.
//!
//! A change set is named after all that goes into it. A run that was killed after making one finds it
//! again under the same name, so nothing is made twice.

use std::time::Duration;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    self, Capability, ChangeSetStatus, ChangeSetType, ExecutionStatus, Parameter,
    RollbackConfiguration, RollbackTrigger, Tag,
};
use serde_json::Value;

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::ApplyRequest;
use crate::digest::Hasher;

/// Templates above this many bytes must come from S3 (CloudFormation's quota of `TemplateBody`).
pub(super) const INLINE_TEMPLATE: usize = 51_200;

/// A change set that is ready to be executed.
pub(super) struct ChangeSet {
    pub(super) id: String,
    pub(super) stack_id: String,
    /// Identifies its execution in the stack's events, also when that is asked for again.
    pub(super) token: String,
    /// How many resources it changes: the first page of them, which is all but for very large stacks.
    pub(super) changes: usize,
}

impl Aws {
    /// Makes the change set, or none when nothing would change. `stack` is the stack as it stands.
    pub(super) async fn change_set(
        &self,
        request: &ApplyRequest,
        kind: ChangeSetType,
        stack: Option<&types::Stack>,
    ) -> Result<Option<ChangeSet>, AwsError> {
        let text = request.template.to_string();
        let name = name(request, &kind, &text);
        // At most: found obsolete, removed, made.
        for _ in 0..3 {
            self.make(request, &kind, stack, &name, &text).await?;
            let Some(found) = self.settled(&request.stack, &name).await? else { continue };
            let execution = found.execution_status.clone();
            let reason = found.status_reason.clone().unwrap_or_default();
            let status = found.status.clone();
            let set = self.ready(found, &request.stack, &name);
            match (status, execution) {
                (Some(ChangeSetStatus::CreateComplete), Some(ExecutionStatus::Available)) => {
                    return Ok(Some(set));
                }
                (Some(ChangeSetStatus::Failed), _) => {
                    self.discard(&set.id).await?;
                    if is_without_changes(&reason) {
                        return Ok(None);
                    }
                    return Err(AwsError::ChangeSet { stack: request.stack.clone(), reason });
                }
                // Executed before, or overtaken by another change of the stack.
                _ => self.discard(&set.id).await?,
            }
        }
        let reason = format!("change set `{name}` does not become ready");
        Err(AwsError::ChangeSet { stack: request.stack.clone(), reason })
    }

    /// What is needed of a change set to execute it.
    fn ready(&self, found: DescribeChangeSetOutput, stack: &str, name: &str) -> ChangeSet {
        let id = found.change_set_id.unwrap_or_else(|| name.to_owned());
        // `arn:…:changeSet/NAME/UUID`
        let unique = id.rsplit('/').next().unwrap_or(name);
        ChangeSet {
            stack_id: found.stack_id.unwrap_or_else(|| stack.to_owned()),
            token: format!("{}{unique}", self.token_prefix()),
            changes: found.changes.map_or(0, |changes| changes.len()),
            id,
        }
    }

    async fn make(
        &self,
        request: &ApplyRequest,
        kind: &ChangeSetType,
        stack: Option<&types::Stack>,
        name: &str,
        text: &str,
    ) -> Result<(), AwsError> {
        let settings = &request.settings;
        let tags =
            request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let mut call = self
            .cloudformation
            .create_change_set()
            .stack_name(&request.stack)
            .change_set_name(name)
            .change_set_type(kind.clone())
            .client_token(name)
            .set_parameters(Some(parameters(request, stack)))
            .set_tags(Some(tags.collect()))
            .set_capabilities(Some(capabilities(&request.template)))
            .set_role_arn(settings.role.clone());
        // What is not said stays as it is, so that a list must be said to become empty.
        if !settings.notifications.is_empty()
            || stack.is_some_and(|stack| !stack.notification_arns().is_empty())
        {
            call = call.set_notification_arns(Some(settings.notifications.clone()));
        }
        let watched = stack.and_then(types::Stack::rollback_configuration);
        if !settings.rollback_alarms.is_empty()
            || watched.is_some_and(|watched| !watched.rollback_triggers().is_empty())
        {
            call = call.rollback_configuration(rollback_configuration(request));
        }
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
    ) -> Result<Option<DescribeChangeSetOutput>, AwsError> {
        let mut pause = Duration::from_millis(250);
        loop {
            let Some(answer) = self.describe_change_set(stack, name).await? else {
                return Ok(None);
            };
            if !matches!(
                answer.status,
                None | Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress)
            ) {
                return Ok(Some(answer));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(4));
        }
    }

    async fn describe_change_set(
        &self,
        stack: &str,
        name: &str,
    ) -> Result<Option<DescribeChangeSetOutput>, AwsError> {
        let call =
            self.cloudformation.describe_change_set().stack_name(stack).change_set_name(name);
        let answer = call.send().await;
        match answer.map_err(|error| refused("cloudformation:DescribeChangeSet", &error)) {
            Err(error) if error.refusal().starts_with("ChangeSetNotFound") => Ok(None),
            other => Ok(Some(other?)),
        }
    }

    /// How far the execution of a change set has come; none when it is gone.
    pub(super) async fn execution_status(
        &self,
        set: &ChangeSet,
    ) -> Result<Option<ExecutionStatus>, AwsError> {
        let found = self.describe_change_set(&set.stack_id, &set.id).await?;
        Ok(found.and_then(|found| found.execution_status))
    }

    /// The name of the change set that an update asked for by `request` has.
    pub(super) fn update_name(request: &ApplyRequest) -> String {
        name(request, &ChangeSetType::Update, &request.template.to_string())
    }

    async fn discard(&self, id: &str) -> Result<(), AwsError> {
        let call = self.cloudformation.delete_change_set().change_set_name(id);
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
    let settings = &request.settings;
    hasher.field(format!(
        "{:?} {:?} {:?} {}",
        settings.role,
        settings.notifications,
        settings.rollback_alarms,
        settings.rollback_monitoring
    ));
    format!("phalanx-{}", &hasher.finish().to_string()[..32])
}

/// CloudFormation has no code for this, only these two texts.
fn is_without_changes(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// The values that are given; a parameter without one keeps the value that the stack has, unless the
/// template has a default.
fn parameters(request: &ApplyRequest, stack: Option<&types::Stack>) -> Vec<Parameter> {
    let previous = |name: &str| {
        stack.is_some_and(|stack| {
            stack.parameters().iter().any(|one| one.parameter_key() == Some(name))
        })
    };
    let declared = request.template["Parameters"].as_object().into_iter().flatten();
    let kept = declared
        .filter(|(name, declaration)| {
            !request.parameters.contains_key(*name)
                && declaration.get("Default").is_none()
                && previous(name)
        })
        .map(|(name, _)| Parameter::builder().parameter_key(name).use_previous_value(true).build());
    let given = request.parameters.iter().map(|(name, value)| {
        Parameter::builder().parameter_key(name).parameter_value(value).build()
    });
    given.chain(kept).collect()
}

fn rollback_configuration(request: &ApplyRequest) -> RollbackConfiguration {
    let triggers =
        request.settings.rollback_alarms.iter().map(|arn| {
            RollbackTrigger::builder().arn(arn).r#type("AWS::CloudWatch::Alarm").build()
        });
    let minutes = i32::try_from(request.settings.rollback_monitoring).unwrap_or(i32::MAX);
    RollbackConfiguration::builder()
        .set_rollback_triggers(Some(triggers.collect()))
        .monitoring_time_in_minutes(minutes)
        .build()
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
