//! What a case's call works on.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::error::CaseError;
use crate::context::Context;
use crate::fs;
use crate::hint::BoxError;
use crate::manifest::Case;
use crate::package;
use crate::pipeline::artifacts::SharedPackages;
use crate::plugin::{Artifacts, Call, Facts, Failure, Hook, OutcomeView, StackResource, StackView};
use crate::template::{Author, Template};

/// The template's file, when the case names none.
const TEMPLATE: &str = "template.json";
/// What a plugin without the grant `clock` sees as the time: 2026-01-01.
const NOW: Duration = Duration::from_secs(1_767_225_600);

/// The call that a case makes.
pub(super) fn call(case: &Case) -> Call {
    let hook = Hook::ALL.into_iter().find(|hook| hook.name() == case.hook);
    let functions = || case.functions.iter().map(|(a, b)| (a.clone(), b.clone())).collect();
    Call::of(hook.expect("checked when the case was read"), functions)
}

pub(super) fn facts(case: &Case) -> Facts {
    let run = case.run.clone();
    Facts {
        service: run.service,
        stage: run.stage,
        stack_name: run.stack_name,
        region: run.region,
        account: run.account,
        build_id: run.build_id,
        dry_run: run.dry_run,
        now: UNIX_EPOCH + NOW,
    }
}

/// The template, which the service wrote.
pub(super) fn template(case: &Case, folder: &Path) -> Result<Option<Template>, BoxError> {
    let path = folder.join(case.template.as_deref().unwrap_or(TEMPLATE));
    let bytes = match &case.template {
        Some(_) => Some(fs::read(&path)?),
        None => fs::read_if_present(&path)?,
    };
    // Hooks that have a template always have one.
    let bytes = bytes.unwrap_or_else(|| br#"{ "Resources": {} }"#.to_vec());
    let document = serde_json::from_slice(&bytes);
    Ok(Some(Template::new(document.map_err(|source| CaseError::NotJson { path, source })?)))
}

/// The context, as a plugin before this one left it.
pub(super) fn context(case: &Case) -> Result<Context, BoxError> {
    let mut context = Context::new();
    context.begin(Author { plugin: "earlier".into(), hook: "pre-build", overrides: Vec::new() });
    for (key, value) in &case.context {
        let set = context.set(key, value.clone());
        set.map_err(|error| CaseError::BadContext { key: key.clone(), reason: error.to_string() })?;
    }
    context.commit();
    Ok(context)
}

/// The packages, in the hook that has them.
pub(super) fn artifacts(
    case: &Case,
    folder: &Path,
) -> Result<Option<Box<dyn Artifacts>>, BoxError> {
    if case.hook != "post-build" {
        return Ok(None);
    }
    let folders = case.packages.iter().map(|(function, path)| {
        let id = case.functions.get(function).unwrap_or(function);
        (function.as_str(), id.as_str(), folder.join(path))
    });
    let packages = package::of_folders(folders)?;
    Ok(Some(Box::new(SharedPackages::new(packages))))
}

pub(super) fn stack(case: &Case) -> StackView {
    let run = &case.run;
    let account = run.account.as_deref().unwrap_or("000000000000");
    let id =
        || format!("arn:aws:cloudformation:{}:{account}:stack/{}/case", run.region, run.stack_name);
    let mut outputs: Vec<_> =
        case.stack.outputs.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    outputs.sort();
    let resources = case.stack.resources.iter().map(|(logical_id, resource)| StackResource {
        logical_id: logical_id.clone(),
        physical_id: resource.physical_id.clone(),
        resource_type: resource.resource_type.clone(),
        status: resource.status.clone(),
    });
    let mut resources: Vec<_> = resources.collect();
    resources.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
    StackView {
        id: case.stack.id.clone().unwrap_or_else(id),
        created: case.stack.created,
        unchanged: case.stack.unchanged,
        outputs,
        resources,
    }
}

pub(super) fn outcome(case: &Case) -> OutcomeView {
    let outcome = case.outcome.clone();
    OutcomeView {
        failed_step: outcome.failed_step,
        error: Failure { code: outcome.code, message: outcome.message, hint: outcome.hint },
        completed: outcome.completed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::read_case;

    #[test]
    fn a_case_can_call_every_hook() {
        for hook in Hook::ALL {
            let case = read_case("case.toml", format!("hook = \"{hook}\"\n")).unwrap();
            assert_eq!(call(&case).hook(), hook);
        }
    }
}
