//! Creating, updating and deleting a stack: everything is worked out first, then written as one
//! revision, then told.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::changes::Events;
use super::evaluate::{Surroundings, evaluate};
use super::functions::code_location;
use super::history::{History, Provisioned, Revision, StackEvent, names};
use super::made_up::{ACCOUNT, uuid};
use super::{Local, LocalError, artifacts, parameters};
use crate::cloud::{Applied, ApplyRequest, Change, Stack, StackResource};
use crate::digest::Hasher;
use crate::report::{Event, Reporter};

impl Local {
    pub(super) fn apply_now(
        &self,
        request: &ApplyRequest,
        reporter: &dyn Reporter,
    ) -> Result<Applied, LocalError> {
        let _lock = self.lock(&request.stack, "apply")?;
        let history = self.history(&request.stack);
        history.sweep()?;
        self.artifacts().sweep()?;
        let last = history.current()?;
        let before = last.as_ref().filter(|revision| !revision.is_deleted());
        let values = parameters::values(&request.stack, &request.template, &request.parameters)?;
        // Covers a repeated request too, so its token is only noted: one that came with another template
        // must not be taken for done.
        if let Some(before) = before.filter(|before| is_unchanged(&before.stack, request, &values))
        {
            let stack = protect(&history, before, request)?;
            return Ok(Applied { stack, change: Change::Unchanged });
        }
        let number = last.as_ref().map_or(0, |last| last.number) + 1;
        let stack_id = match before {
            Some(before) => before.stack.id.clone(),
            None => self.stack_id(&request.stack, number),
        };
        let evaluated = evaluate(
            &Surroundings {
                stack: &request.stack,
                stack_id: &stack_id,
                region: &self.region,
                template: &request.template,
                parameters: &values,
                exports: &self.exports_beside(&request.stack)?,
            },
            before,
        )?;
        self.check_packages(&evaluated.resources)?;

        let (change, verb) = match before {
            Some(_) => (Change::Updated, "UPDATE"),
            None => (Change::Created, "CREATE"),
        };
        let none = IndexMap::new();
        let old = before.map_or(&none, |before| &before.resources);
        let mut events = Events::new(&request.stack);
        events.stack(&format!("{verb}_IN_PROGRESS"));
        events.apply(old, &evaluated.resources);
        events.stack(&format!("{verb}_COMPLETE"));

        let stack = Stack {
            id: stack_id,
            name: request.stack.clone(),
            status: format!("{verb}_COMPLETE"),
            reason: None,
            template: request.template.clone(),
            parameters: values,
            tags: request.tags.clone(),
            outputs: evaluated.outputs,
            resources: shown(&evaluated.resources, old),
            created: before.map_or(self.now, |before| before.stack.created),
            updated: before.map(|_| self.now),
            protected: request
                .settings
                .termination_protection
                .unwrap_or(before.is_some_and(|before| before.stack.protected)),
            drift: None,
        };
        let mut revision = Revision::after(last.as_ref(), request.token.clone(), change, stack);
        revision.resources = evaluated.resources;
        revision.exports = evaluated.exports;
        revision.events = events.events;
        history.push(&revision)?;
        tell(&revision.events, reporter);
        warn_of_what_is_made_up(&revision.resources, reporter);
        Ok(Applied { stack: revision.stack, change })
    }

    /// Protects a stack that needs no other change, or ends that.
    pub(super) fn guard_now(&self, request: &ApplyRequest) -> Result<(), LocalError> {
        let _lock = self.lock(&request.stack, "guard")?;
        let history = self.history(&request.stack);
        if let Some(before) = history.current()?.filter(|revision| !revision.is_deleted()) {
            protect(&history, &before, request)?;
        }
        Ok(())
    }

    pub(super) fn delete_now(
        &self,
        name: &str,
        reporter: &dyn Reporter,
    ) -> Result<bool, LocalError> {
        let _lock = self.lock(name, "delete")?;
        let history = self.history(name);
        history.sweep()?;
        let Some(before) = history.current()?.filter(|revision| !revision.is_deleted()) else {
            return Ok(false);
        };
        if before.stack.protected {
            return Err(LocalError::Protected(name.to_owned()));
        }
        let mut events = Events::new(name);
        events.stack("DELETE_IN_PROGRESS");
        events.apply(&before.resources, &IndexMap::new());
        events.stack("DELETE_COMPLETE");
        let mut stack = before.stack.clone();
        stack.updated = Some(self.now);
        stack.outputs.clear();
        stack.resources.retain(|resource| before.resources[&resource.logical_id].retain_on_delete);
        for resource in &mut stack.resources {
            resource.status = "DELETE_SKIPPED".into();
        }
        let kept: Vec<String> =
            stack.resources.iter().map(|kept| format!("`{}`", kept.logical_id)).collect();
        let token = format!("delete-{}", before.number);
        let mut revision = Revision::after(Some(&before), token, Change::Updated, stack);
        revision.delete();
        revision.resources = before.resources.clone();
        revision.resources.retain(|_, resource| resource.retain_on_delete);
        revision.events = events.events;
        history.push(&revision)?;
        tell(&revision.events, reporter);
        if !kept.is_empty() {
            reporter.note(format!("kept by their deletion policy: {}", kept.join(", ")));
        }
        Ok(true)
    }

    fn stack_id(&self, stack: &str, number: u64) -> String {
        let mut hasher = Hasher::new();
        hasher.field(stack).field(&self.region).field(number.to_string());
        let unique = uuid(&hasher.finish());
        format!("arn:aws:cloudformation:{}:{ACCOUNT}:stack/{stack}/{unique}", self.region)
    }

    /// Everything that stacks but this one export: name to stack and value.
    fn exports_beside(&self, own: &str) -> Result<IndexMap<String, (String, String)>, LocalError> {
        let mut exports = IndexMap::new();
        for name in names(&self.stacks())?.into_iter().filter(|name| name != own) {
            let Some(other) = self.current(&name)? else { continue };
            for (export, value) in other.exports {
                exports.insert(export, (name.clone(), value));
            }
        }
        Ok(exports)
    }

    /// Lambda refuses a function whose package it cannot find.
    fn check_packages(&self, resources: &IndexMap<String, Provisioned>) -> Result<(), LocalError> {
        for (logical_id, resource) in resources {
            let Some((bucket, key)) = code_location(resource) else { continue };
            let digest = artifacts::digest_of(bucket, key);
            let stored = match &digest {
                Some(digest) => self.artifacts().find(digest)?.is_some(),
                None => false,
            };
            if !stored {
                return Err(LocalError::NoArtifact {
                    logical_id: logical_id.clone(),
                    bucket: bucket.to_owned(),
                    key: key.to_owned(),
                    stale: digest.is_some(),
                });
            }
        }
        Ok(())
    }
}

/// As CloudFormation sees it: what the template says about itself (`Metadata`) provisions nothing.
/// Gives the stack as it is protected now.
fn protect(
    history: &History<'_>,
    before: &Revision,
    request: &ApplyRequest,
) -> Result<Stack, LocalError> {
    let wanted = request.settings.termination_protection.unwrap_or(before.stack.protected);
    if wanted == before.stack.protected {
        return Ok(before.stack.clone());
    }
    let mut revision = before.clone();
    revision.number += 1;
    revision.stack.protected = wanted;
    revision.events.clear();
    history.push(&revision)?;
    Ok(revision.stack)
}

fn is_unchanged(
    stack: &Stack,
    request: &ApplyRequest,
    parameters: &IndexMap<String, String>,
) -> bool {
    let essence = |template: &Value| -> Map<String, Value> {
        let sections = template.as_object().into_iter().flatten();
        sections
            .filter(|(name, _)| *name != "Metadata")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    stack.parameters == *parameters
        && stack.tags == request.tags
        && essence(&stack.template) == essence(&request.template)
}

fn shown(
    resources: &IndexMap<String, Provisioned>,
    old: &IndexMap<String, Provisioned>,
) -> Vec<StackResource> {
    let mut shown: Vec<StackResource> = resources
        .iter()
        .map(|(logical_id, resource)| StackResource {
            logical_id: logical_id.clone(),
            physical_id: resource.physical_id.clone(),
            resource_type: resource.resource_type.clone(),
            status: match old.get(logical_id) {
                Some(old) if old != resource => "UPDATE_COMPLETE".into(),
                _ => "CREATE_COMPLETE".into(),
            },
        })
        .collect();
    shown.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
    shown
}

fn tell(events: &[StackEvent], reporter: &dyn Reporter) {
    for event in events.iter().cloned() {
        reporter.event(Event::Resource {
            logical_id: event.logical_id,
            resource_type: event.resource_type,
            status: event.status,
            reason: event.reason,
        });
    }
}

fn warn_of_what_is_made_up(resources: &IndexMap<String, Provisioned>, reporter: &dyn Reporter) {
    for (logical_id, resource) in resources {
        let what = match resource.resource_type.as_str() {
            "AWS::CloudFormation::Stack" => "nested stack",
            "AWS::CloudFormation::CustomResource" => "custom resource",
            other if other.starts_with("Custom::") => "custom resource",
            _ => continue,
        };
        reporter.warn(
            format!("`{logical_id}` is a {what}: the local cloud does not run it, its attributes are made up"),
            None,
        );
    }
}
