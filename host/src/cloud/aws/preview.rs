//! What a change set says of an update, before it is carried out.

use aws_sdk_cloudformation::types::{
    ChangeAction, ChangeSetType, RequiresRecreation, ResourceAttribute, ResourceChange,
    ResourceChangeDetail,
};

use super::change_set::INLINE_TEMPLATE;
use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::{ApplyRequest, Preview, Rule, rule};
use crate::template::plan::{Action, Replacement, Verdict};

impl Aws {
    /// Makes the change set of an update and reads it. None when the stack cannot be updated as it is,
    /// when the template must be stored for it and that is not allowed, or when the caller may only look.
    pub(super) async fn preview_now(
        &self,
        request: &ApplyRequest,
        may_store: bool,
    ) -> Result<Option<Preview>, AwsError> {
        if !may_store && request.template.to_string().len() > INLINE_TEMPLATE {
            return Ok(None);
        }
        let found = self.describe(&request.stack).await?;
        let status = found.as_ref().and_then(super::stack::status_of);
        if rule(status) != Rule::Update {
            return Ok(None);
        }
        match self.change_set(request, ChangeSetType::Update, found.as_ref()).await {
            Ok(None) => Ok(Some(Preview::default())),
            Ok(Some(set)) => Ok(Some(self.changes(&set.id).await?)),
            // Who may only look has no right to make change sets, and need not have it.
            Err(error) if error.is_denied() && !may_store => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn changes(&self, id: &str) -> Result<Preview, AwsError> {
        let call = self.cloudformation.describe_change_set().change_set_name(id);
        let mut pages = call.into_paginator().send();
        let mut preview = Preview::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused("cloudformation:DescribeChangeSet", &error))?;
            let changes = page.changes.unwrap_or_default();
            for change in changes.into_iter().filter_map(|change| change.resource_change) {
                let id = change.logical_resource_id().unwrap_or_default().to_owned();
                if let Some(verdict) = verdict(&change) {
                    preview.insert(id, verdict);
                }
            }
        }
        Ok(preview)
    }

    /// Removes the change set that [`Self::preview_now`] made.
    pub(super) async fn withdraw_now(&self, request: &ApplyRequest) -> Result<(), AwsError> {
        let call = self
            .cloudformation
            .delete_change_set()
            .stack_name(&request.stack)
            .change_set_name(Self::update_name(request));
        match call.send().await.map_err(|error| refused("cloudformation:DeleteChangeSet", &error)) {
            // Gone with the stack, or never made.
            Err(error) if error.is_absence() => Ok(()),
            other => other.map(drop),
        }
    }
}

fn verdict(change: &ResourceChange) -> Option<Verdict> {
    let action = match change.action()? {
        ChangeAction::Add => Action::Add,
        ChangeAction::Remove => Action::Remove,
        // `Dynamic` is a change that CloudFormation knows only when it carries it out.
        _ => Action::Modify,
    };
    let replacement = match change.replacement().map(|replacement| replacement.as_str()) {
        Some("True") => Replacement::Always,
        Some("Conditional") => Replacement::Conditional,
        _ => Replacement::Never,
    };
    let mut changes: Vec<(String, bool)> = Vec::new();
    for detail in change.details() {
        let Some((path, replaces)) = target(detail) else { continue };
        match changes.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => *known |= replaces,
            None => changes.push((path, replaces)),
        }
    }
    Some(Verdict {
        resource_type: change.resource_type().unwrap_or_default().to_owned(),
        action,
        replacement,
        changes,
    })
}

/// Where a detail points, as the plan names places, and whether it certainly replaces the resource.
fn target(detail: &ResourceChangeDetail) -> Option<(String, bool)> {
    let target = detail.target()?;
    let attribute = target.attribute()?;
    let path = match (attribute, target.name()) {
        (ResourceAttribute::Properties, Some(name)) => format!("Properties.{name}"),
        (attribute, _) => attribute.as_str().to_owned(),
    };
    Some((path, target.requires_recreation() == Some(&RequiresRecreation::Always)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::{self, ResourceTargetDefinition};

    use super::*;

    fn detail(name: &str, recreation: RequiresRecreation) -> ResourceChangeDetail {
        let target = ResourceTargetDefinition::builder()
            .attribute(ResourceAttribute::Properties)
            .name(name)
            .requires_recreation(recreation);
        ResourceChangeDetail::builder().target(target.build()).build()
    }

    #[test]
    fn a_property_that_is_told_twice_is_there_once() {
        let change = ResourceChange::builder()
            .action(ChangeAction::Modify)
            .resource_type("AWS::SQS::Queue")
            .replacement(types::Replacement::True)
            .details(detail("QueueName", RequiresRecreation::Never))
            .details(detail("QueueName", RequiresRecreation::Always))
            .details(detail("Tags", RequiresRecreation::Never))
            .build();
        let verdict = verdict(&change).unwrap();
        assert_eq!((verdict.action, verdict.replacement), (Action::Modify, Replacement::Always));
        let expected =
            [("Properties.QueueName".to_owned(), true), ("Properties.Tags".to_owned(), false)];
        assert_eq!(verdict.changes, expected);
    }
}
