//! A stack as it stands.

use std::time::SystemTime;

use aws_sdk_cloudformation::types;
use indexmap::IndexMap;

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::{Rule, Stack, StackResource, rule};

impl Aws {
    /// The stack without its template and resources; `name` may be its id.
    pub(super) async fn describe(&self, name: &str) -> Result<Option<types::Stack>, AwsError> {
        let answer = self.cloudformation.describe_stacks().stack_name(name).send().await;
        match answer.map_err(|error| refused("cloudformation:DescribeStacks", &error)) {
            Ok(answer) => Ok(answer.stacks.unwrap_or_default().into_iter().next()),
            Err(error) if error.is_absence() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The whole stack; none when there is none, or nothing but a change set yet.
    pub(super) async fn read_stack(&self, name: &str) -> Result<Option<Stack>, AwsError> {
        let Some(found) = self.describe(name).await? else { return Ok(None) };
        let status = status_of(&found).map(str::to_owned);
        if rule(status.as_deref()) == Rule::Create {
            return Ok(None);
        }
        let id = found.stack_id.clone().unwrap_or_else(|| name.to_owned());
        let (template, resources) = tokio::try_join!(self.template(&id), self.resources(&id))?;
        let template = serde_json::from_str(&template)
            .map_err(|source| AwsError::ForeignTemplate { stack: name.to_owned(), source })?;
        let mut outputs: IndexMap<String, String> = (found.outputs.unwrap_or_default().into_iter())
            .filter_map(|output| Some((output.output_key?, output.output_value?)))
            .collect();
        outputs.sort_keys();
        let tags = found.tags.unwrap_or_default().into_iter();
        let parameters = found.parameters.unwrap_or_default().into_iter();
        let time = |time: Option<aws_sdk_cloudformation::primitives::DateTime>| {
            time.and_then(|time| SystemTime::try_from(time).ok())
        };
        Ok(Some(Stack {
            id,
            name: name.to_owned(),
            status: status.unwrap_or_default(),
            reason: found.stack_status_reason.filter(|reason| !reason.is_empty()),
            template,
            parameters: parameters
                .filter_map(|one| Some((one.parameter_key?, one.parameter_value?)))
                .collect(),
            tags: tags.filter_map(|tag| Some((tag.key?, tag.value?))).collect(),
            outputs,
            resources,
            created: time(found.creation_time).unwrap_or(SystemTime::UNIX_EPOCH),
            updated: time(found.last_updated_time),
            protected: found.enable_termination_protection.unwrap_or(false),
            drift: found
                .drift_information
                .and_then(|drift| drift.stack_drift_status)
                .map(|status| status.as_str().to_owned())
                .filter(|status| status != "NOT_CHECKED"),
        }))
    }

    pub(super) async fn template(&self, id: &str) -> Result<String, AwsError> {
        let answer = self.cloudformation.get_template().stack_name(id).send().await;
        let answer = answer.map_err(|error| refused("cloudformation:GetTemplate", &error))?;
        Ok(answer.template_body.unwrap_or_default())
    }

    pub(super) async fn resources(&self, id: &str) -> Result<Vec<StackResource>, AwsError> {
        let pages = self.cloudformation.list_stack_resources().stack_name(id);
        let all = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let all = all.map_err(|error| refused("cloudformation:ListStackResources", &error))?;
        let mut resources: Vec<StackResource> = all
            .into_iter()
            // A resource that is gone stays in the list for a while.
            .filter(|one| {
                one.resource_status().is_none_or(|status| status.as_str() != "DELETE_COMPLETE")
            })
            .map(|one| StackResource {
                physical_id: one.physical_resource_id.unwrap_or_default(),
                status: one
                    .resource_status
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                logical_id: one.logical_resource_id.unwrap_or_default(),
                resource_type: one.resource_type.unwrap_or_default(),
            })
            .collect();
        resources.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
        Ok(resources)
    }
}

/// The stack's status as CloudFormation writes it.
pub(super) fn status_of(stack: &types::Stack) -> Option<&str> {
    stack.stack_status().map(|status| status.as_str())
}
