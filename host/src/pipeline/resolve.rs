//! Step 2: the manifest's plugins to loaded ones, and the `pre-build` hook.
//!
//! Everything that can be refused about a plugin is refused here, before any of its code runs and
//! before the user's build: an unreadable or unknown source, a component that is none, an import that
//! is not granted, a configuration that does not fit its schema.

use std::borrow::Cow;
use std::sync::Arc;

use crate::hint::BoxError;
use crate::manifest::{PluginUse, Service};
use crate::plugin::{Hook, Host, Plugin};
use crate::text::count;

use super::error::PipelineError;
use super::hooks;
use super::locked::Pins;
use super::run::{Environment, Request, Run};
use super::step::Step;

/// Loads all plugins and runs `pre-build`.
pub(super) async fn resolve(run: &mut Run) -> Result<(), BoxError> {
    load_plugins(run).await?;
    hooks::run_hook(run, Hook::PreBuild).await?;
    Ok(())
}

/// Loads all plugins, for commands that have hooks of their own.
pub(super) async fn load_plugins(run: &mut Run) -> Result<(), BoxError> {
    run.step(Step::Resolve, async |run| {
        run.identity = run.cloud.identity().await?;
        let service = Arc::clone(&run.service);
        let pins = Pins::open(&run.environment, &run.request, &service).await?;
        if service.plugins.is_empty() {
            return Ok(((), "no plugins".into()));
        }
        let usages = service.plugins.values().collect::<Vec<_>>();
        let host = run.host()?;
        let mut found = Vec::new();
        for usage in &usages {
            found.push(find(host, &pins, usage).await);
        }
        let mut refused = None;
        for (loaded, usage) in load_all(host, &pins, &usages, found).into_iter().zip(&usages) {
            let checked = match loaded {
                Ok(plugin) => check_config(&plugin, usage).await.map(|()| plugin),
                Err(error) => Err(error),
            };
            match checked {
                // Kept although another one is refused: its rollback hook shall hear of that.
                Ok(plugin) => run.plugins.push(plugin),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if let Some(error) = refused {
            return Err(error);
        }
        check_decorators(run)?;
        Ok(((), count(run.plugins.len(), "plugin")))
    })
    .await
}

/// A plugin, as far as it is there without compiling it.
enum Found {
    Loaded(Arc<Plugin>),
    Component(Cow<'static, [u8]>),
}

async fn find(host: &Host, pins: &Pins, usage: &PluginUse) -> Result<Found, BoxError> {
    match pins.kept(usage, host)? {
        Some(plugin) => Ok(Found::Loaded(Arc::new(plugin))),
        None => pins.component(usage).await.map(Found::Component),
    }
}

/// Loads plugins side by side: compiling one takes a while when it is new to this machine.
fn load_all(
    host: &Host,
    pins: &Pins,
    usages: &[&PluginUse],
    found: Vec<Result<Found, BoxError>>,
) -> Vec<Result<Arc<Plugin>, BoxError>> {
    let load = |(usage, found): (&PluginUse, Result<Found, BoxError>)| {
        let plugin = match found? {
            Found::Loaded(plugin) => plugin,
            Found::Component(component) => Arc::new(host.load(usage, &component)?),
        };
        pins.is_as_locked(usage, plugin.inspection())?;
        Ok(plugin)
    };
    std::thread::scope(|scope| {
        let mut all = usages.iter().copied().zip(found);
        let first = all.next().expect("there is at least one plugin");
        let handles: Vec<_> = all.map(|one| scope.spawn(move || load(one))).collect();
        let mut plugins = vec![load(first)];
        for handle in handles {
            plugins.push(handle.join().expect("loading reports errors and does not panic"));
        }
        plugins
    })
}

/// The component of a plugin that a service uses.
///
/// # Errors
/// When its source is not there, it is not locked, or a policy does not allow it.
pub async fn component_of(
    environment: &Environment,
    request: &Request,
    service: &Service,
    usage: &PluginUse,
) -> Result<Vec<u8>, BoxError> {
    let pins = Pins::open(environment, request, service).await?;
    pins.component(usage).await.map(Cow::into_owned)
}

async fn check_config(plugin: &Plugin, usage: &PluginUse) -> Result<(), BoxError> {
    let problems = plugin.check_config(&usage.config).await?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(PipelineError::Config {
        plugin: usage.name.clone(),
        problems,
        location: usage.location.to_string(),
    }
    .into())
}

fn check_decorators(run: &Run) -> Result<(), BoxError> {
    for function in run.service.functions.values() {
        for name in &function.decorators {
            let plugin = run.plugins.iter().find(|plugin| plugin.name() == name);
            if let Some(plugin) = plugin
                && !plugin.hooks().contains(&Hook::TemplateDecorate)
            {
                return Err(PipelineError::NotADecorator {
                    function: function.name.clone(),
                    plugin: name.clone(),
                    hooks: plugin.hooks().iter().map(|hook| hook.name()).collect(),
                }
                .into());
            }
        }
    }
    Ok(())
}
