//! Runs the plugins of one hook, in manifest order, each in a transaction of its own.
//!
//! The plugin host undoes what a failing call did; this file decides what the failure means for the
//! run, and moves the objects that a hook works on out of the run and back.

use std::sync::Arc;

use crate::hint::{BoxError, Kind};
use crate::manifest::OnFailure;
use crate::plugin::{Artifacts, Call, Hook, Output, Plugin, World};
use crate::report::{Event, micros};
use crate::template::Finding;

use super::error::PipelineError;
use super::failure::full_message;
use super::run::Run;

/// Runs every plugin that exports `hook`. Findings of validators are returned.
///
/// # Errors
/// The first failure of a plugin whose `on-failure` is `fail`; what that call did is undone.
pub(super) async fn run_hook(run: &mut Run, hook: Hook) -> Result<Vec<Finding>, BoxError> {
    let mut findings = Vec::new();
    let step = std::mem::replace(&mut run.under_way, hook.name());
    for plugin in plugins_of(run, hook) {
        let call = call_of(run, hook, &plugin);
        match interruptible(run, hook, &plugin, call).await {
            Ok(output) => findings.extend(output.findings),
            Err(error) => match run.service.plugins[plugin.name()].on_failure {
                OnFailure::Warn if error.kind() != Kind::Interrupted => {
                    warn(run, &error);
                }
                _ => return Err(error),
            },
        }
    }
    run.under_way = step;
    Ok(findings)
}

/// Calls a plugin until it is done or the user interrupts. What an interrupted call had in hand (the
/// template, packages half-way) is lost; nothing uses it any more, since the run ends.
async fn interruptible(
    run: &mut Run,
    hook: Hook,
    plugin: &Plugin,
    call: Call,
) -> Result<Output, BoxError> {
    let mut interrupt = run.environment.interrupt.clone();
    tokio::select! {
        biased;
        () = interrupt.raised() => {
            let plugin = plugin.name().to_owned();
            Err(PipelineError::HookInterrupted { plugin, hook: hook.name() }.into())
        }
        result = call_plugin(run, hook, plugin, call) => result,
    }
}

/// Runs the `rollback` hooks in reverse order; a failure is shown and hides nothing.
pub(super) async fn run_rollback(run: &mut Run) {
    let mut plugins = plugins_of(run, Hook::Rollback);
    plugins.reverse();
    for plugin in plugins {
        if let Err(error) = call_plugin(run, Hook::Rollback, &plugin, Call::Rollback).await {
            warn(run, &error);
        }
    }
}

fn plugins_of(run: &Run, hook: Hook) -> Vec<Arc<Plugin>> {
    run.plugins.iter().filter(|plugin| plugin.hooks().contains(&hook)).cloned().collect()
}

fn call_of(run: &Run, hook: Hook, plugin: &Plugin) -> Call {
    let functions = run.service.functions.values();
    let decorated =
        functions.filter(|function| function.decorators.iter().any(|name| name == plugin.name()));
    let named = decorated.map(|function| (function.name.clone(), function.logical_id.clone()));
    Call::of(hook, || named.collect())
}

async fn call_plugin(
    run: &mut Run,
    hook: Hook,
    plugin: &Plugin,
    call: Call,
) -> Result<Output, BoxError> {
    let named = |run: &Run, event: fn(String, String) -> Event| {
        run.reporter().event(event(plugin.name().to_owned(), hook.name().to_owned()));
    };
    named(run, |plugin, hook| Event::HookStarted { plugin, hook });
    let world = World {
        facts: run.facts(),
        // A copy, so that an interrupted call leaves the run with what was there before it.
        context: run.context.clone(),
        template: uses_template(hook).then(|| run.template.take()).flatten(),
        artifacts: (hook == Hook::PostBuild)
            .then(|| run.packages.clone())
            .flatten()
            .map(|packages| Box::new(packages) as Box<dyn Artifacts>),
        stack: run.stack.clone(),
        outcome: run.outcome.clone(),
        services: run.services(),
        reporter: Arc::clone(&run.environment.reporter),
    };
    let (world, result) = plugin.call(call, world).await;
    run.context = world.context;
    if uses_template(hook) {
        run.template = world.template;
    }
    let output = result?;
    run.reporter().event(Event::HookFinished {
        plugin: plugin.name().to_owned(),
        hook: hook.name().to_owned(),
        elapsed_us: micros(output.elapsed),
        edits: output.edits,
    });
    Ok(output)
}

fn uses_template(hook: Hook) -> bool {
    matches!(hook, Hook::TemplateDecorate | Hook::TemplateValidate | Hook::PostProvision)
}

fn warn(run: &Run, error: &BoxError) {
    run.reporter().warn(full_message(&**error), error.hints().into_iter().next());
}
