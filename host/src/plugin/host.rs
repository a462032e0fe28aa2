//! Loading: from a component's bytes to a [`Plugin`] that can be called.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use super::cache::{Cache, Cached, Kept};
use super::compile::{CompileError, compile};
use super::engine::{Metering, Ticker, engine};
use super::error::{PluginError, Problem, RejectedCode, Stage};
use super::grants::Granted;
use super::hook::Hook;
use super::imports;
use super::inspect::{self, Capability, Inspection};
use super::outline::Outline;
use super::state::{Identity, State};
use super::{contract, schema};
use crate::digest::Digest;
use crate::manifest::{Limits, PluginUse};
use crate::report::{Event, Reporter, millis};
use crate::settings::Settings;

/// Bytes of a component that are accepted unless [`HostOptions`] say otherwise.
pub const MAX_COMPONENT: u64 = 64 << 20;

/// How plugins are loaded.
#[derive(Clone)]
pub struct HostOptions {
    /// Where compiled code is kept.
    pub cache_dir: PathBuf,
    /// Where the key is kept that authenticates it; must not lie in the cache.
    pub data_dir: PathBuf,
    /// Bytes of WebAssembly stack of every plugin.
    pub stack: u64,
    /// The program that is run as `<program> internal-compile` to compile in a limited child. None:
    /// compiled in this process, without those limits.
    pub compiler: Option<PathBuf>,
    /// Whether instructions are counted.
    pub metering: Metering,
    /// Bytes of a component that are accepted.
    pub max_component: u64,
    /// The start of the run, by which the use of cached code is noted.
    pub now: SystemTime,
    /// Gets warnings about the cache, and what plugins log outside of hooks.
    pub reporter: Arc<dyn Reporter>,
}

impl HostOptions {
    /// The usual options: folders of `settings`, default limits, compiled in this process.
    pub fn new(settings: &Settings, reporter: Arc<dyn Reporter>) -> Self {
        Self {
            cache_dir: settings.cache_dir.clone(),
            data_dir: settings.data_dir.clone(),
            stack: Limits::default().stack,
            compiler: None,
            metering: Metering::Off,
            max_component: MAX_COMPONENT,
            now: settings.now,
            reporter,
        }
    }
}

/// Loads the plugins of one run. Can be shared by threads that load several at once.
pub struct Host {
    options: HostOptions,
    runtime: Arc<Runtime>,
    cache: OnceLock<Option<Cache>>,
}

/// What all plugins of a run share.
pub(super) struct Runtime {
    /// The engine.
    pub engine: Engine,
    /// Its ticker.
    pub ticker: Ticker,
    /// Whether instructions are counted.
    pub metering: Metering,
    /// Bytes of WebAssembly stack.
    pub stack: u64,
    /// Gets what plugins log outside of hooks.
    pub reporter: Arc<dyn Reporter>,
}

impl Host {
    /// A host with an engine of its own.
    ///
    /// # Errors
    /// When the engine does not take the stack size.
    pub fn new(options: HostOptions) -> Result<Self, PluginError> {
        let stack = usize::try_from(options.stack).unwrap_or(usize::MAX);
        let engine = engine(stack, options.metering).map_err(|error| {
            PluginError::new("(any)", None, Stage::Load, Problem::engine(&error))
        })?;
        let runtime = Runtime {
            engine,
            ticker: Ticker::new(),
            metering: options.metering,
            stack: options.stack,
            reporter: Arc::clone(&options.reporter),
        };
        Ok(Self { options, runtime: Arc::new(runtime), cache: OnceLock::new() })
    }

    /// Makes `component` ready for the calls of one run: checks what it is and what it may, compiles it
    /// unless that was done before, and links what it imports. None of its code runs.
    ///
    /// # Errors
    /// When it is no usable component, needs what is not granted, or cannot be compiled.
    pub fn load(&self, usage: &PluginUse, component: &[u8]) -> Result<Plugin, PluginError> {
        let name = &usage.name;
        let outline = Outline::read(component, self.options.max_component)
            .map_err(|problem| PluginError::new(name, None, Stage::Load, problem))?;
        let digest = Digest::of(component);
        self.ready(usage, digest, outline.clone(), || {
            self.component(name, &digest, outline, component).map(|(component, _)| component)
        })
    }

    /// [`Self::load`], when the component with this digest was compiled on this machine before: then its bytes
    /// are not needed. None when it was not.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_kept(
        &self,
        usage: &PluginUse,
        digest: Digest,
    ) -> Result<Option<Plugin>, PluginError> {
        let Some((component, kept)) = self.kept(&usage.name, &digest) else { return Ok(None) };
        if kept.outline.size > self.options.max_component {
            return Ok(None);
        }
        self.ready(usage, digest, kept.outline, || Ok(component)).map(Some)
    }

    /// Checks and links a component, which is had as soon as it is known to be allowed.
    fn ready(
        &self,
        usage: &PluginUse,
        digest: Digest,
        outline: Outline,
        component: impl FnOnce() -> Result<Component, Problem>,
    ) -> Result<Plugin, PluginError> {
        let name = &usage.name;
        let fail =
            |version: Option<&str>, problem| PluginError::new(name, version, Stage::Load, problem);
        let mut inspection =
            inspect::inspect(digest, outline).map_err(|problem| fail(None, problem))?;
        let version = inspection.version.clone();
        let fail = |problem| fail(version.as_deref(), problem);
        for export in &inspection.ignored {
            self.options.reporter.warn(
                format!("plugin `{name}` exports `{export}`, which is never called: this Phalanx does not know it"),
                Some("it may have been built for a newer Phalanx".to_owned()),
            );
        }
        let grants = Granted::new(name, &usage.grants).map_err(fail)?;
        grants.check(&inspection).map_err(fail)?;
        let component = component().map_err(fail)?;
        let pre = self.link(&mut inspection, &component).map_err(fail)?;
        let exports = Exports::find(&component, &inspection);
        let identity = Identity {
            name: name.as_str().into(),
            version: inspection.version.clone(),
            digest,
            grants,
            overrides: usage.overrides.clone(),
            config: usage.config.to_string(),
            limits: usage.limits,
            wasi: !inspection.wasi.is_empty(),
        };
        Ok(Plugin {
            identity: Arc::new(identity),
            inspection,
            pre,
            exports,
            runtime: Arc::clone(&self.runtime),
        })
    }

    /// What `component` is and would need, whatever is granted. It is compiled (and cached) to be sure
    /// that it can be.
    ///
    /// # Errors
    /// When it is no usable component or cannot be compiled.
    pub fn inspect(&self, label: &str, component: &[u8]) -> Result<Inspection, PluginError> {
        let fail = |name: Option<&str>, version: Option<&str>, problem| {
            PluginError::new(name.unwrap_or(label), version, Stage::Load, problem)
        };
        let outline = Outline::read(component, self.options.max_component)
            .map_err(|problem| fail(None, None, problem))?;
        let mut inspection = inspect::inspect(Digest::of(component), outline.clone())
            .map_err(|problem| fail(None, None, problem))?;
        let (name, version) = (inspection.name.clone(), inspection.version.clone());
        let fail = |problem| fail(name.as_deref(), version.as_deref(), problem);
        let label = name.as_deref().unwrap_or(label);
        let (component, kept) =
            self.component(label, &inspection.digest, outline, component).map_err(fail)?;
        self.link(&mut inspection, &component).map_err(fail)?;
        inspection.compile_time = Some(Duration::from_millis(kept.compile_ms));
        Ok(inspection)
    }

    /// All that keeps `component` from being called with what `usage` grants, and what it is as far as that can
    /// be told. None of its code runs.
    pub fn examine(
        &self,
        usage: &PluginUse,
        component: &[u8],
    ) -> (Option<Inspection>, Vec<PluginError>) {
        let outline = match Outline::read(component, self.options.max_component) {
            Ok(outline) => outline,
            Err(problem) => {
                let error = PluginError::new(&usage.name, None, Stage::Load, problem);
                return (None, vec![error]);
            }
        };
        let digest = Digest::of(component);
        let (mut inspection, mut problems) = inspect::examine(digest, outline.clone());
        let granted = Granted::new(&usage.name, &usage.grants);
        problems.extend(granted.and_then(|granted| granted.check(&inspection)).err());
        match self.component(&usage.name, &digest, outline, component) {
            Ok((compiled, _)) => {
                let engine = &self.runtime.engine;
                problems.extend(inspection.compare_types(engine, &compiled));
                // The linker tells one difference, in its own words; it is asked when nobody else knows any.
                if problems.iter().all(|problem| matches!(problem, Problem::NotGranted { .. })) {
                    problems.extend(self.link(&mut inspection, &compiled).err());
                }
            }
            Err(problem) => problems.push(problem),
        }
        let version = inspection.version.clone();
        let error =
            |problem| PluginError::new(&usage.name, version.as_deref(), Stage::Load, problem);
        let errors = problems.into_iter().map(error).collect();
        (Some(inspection), errors)
    }

    /// The compiled component and what is known of it: from the cache, or compiled and put there.
    fn component(
        &self,
        name: &str,
        digest: &Digest,
        outline: Outline,
        bytes: &[u8],
    ) -> Result<(Component, Kept), Problem> {
        if let Some(kept) = self.kept(name, digest) {
            return Ok(kept);
        }
        let engine = &self.runtime.engine;
        let reporter = &self.options.reporter;
        reporter.event(Event::CompileStarted { plugin: name.to_owned(), size: outline.size });
        let start = Instant::now();
        let compiler = self.options.compiler.as_deref();
        let code = compile(engine, self.options.metering, compiler, bytes)?;
        let compile_ms = millis(start.elapsed());
        let (plugin, size) = (name.to_owned(), outline.size);
        reporter.event(Event::CompileFinished { plugin, size, elapsed_ms: compile_ms });
        let component =
            Cache::load_fresh(engine, &code).map_err(|error| Problem::engine(&error))?;
        let kept = Kept { outline, compile_ms };
        if let Some(cache) = self.cache()
            && let Err(error) = cache.store(digest, kept.clone(), &code)
        {
            self.warn_uncached(&error);
        }
        Ok((component, kept))
    }

    /// What the cache has for a component.
    fn kept(&self, name: &str, digest: &Digest) -> Option<(Component, Kept)> {
        match self.cache()?.load(&self.runtime.engine, digest) {
            Cached::Hit(component, kept) => Some((component, kept)),
            Cached::Miss => None,
            Cached::Rejected(path, reason) => {
                let warning = RejectedCode { plugin: name.to_owned(), path, reason };
                let hint =
                    "it is compiled again; if this happens often, find out who else writes there";
                self.options.reporter.warn(warning.to_string(), Some(hint.to_owned()));
                None
            }
        }
    }

    /// The cache, opened at its first use. A run without a cache is slow, and no failure.
    fn cache(&self) -> Option<&Cache> {
        let open = || {
            let HostOptions { cache_dir, data_dir, now, .. } = &self.options;
            match Cache::open(cache_dir, data_dir, &self.runtime.engine, *now) {
                Ok(cache) => Some(cache),
                Err(error) => {
                    self.warn_uncached(&error);
                    None
                }
            }
        };
        self.cache.get_or_init(open).as_ref()
    }

    fn warn_uncached(&self, error: &crate::fs::FsError) {
        self.options.reporter.warn(
            format!("compiled plugins are not kept: {error}: {}", error.source),
            Some("every run compiles them again until this is mended".to_owned()),
        );
    }

    fn link(
        &self,
        inspection: &mut Inspection,
        component: &Component,
    ) -> Result<InstancePre<State>, Problem> {
        let engine = &self.runtime.engine;
        inspection.check_types(engine, component)?;
        let mut linker = Linker::new(engine);
        imports::link(&mut linker, inspection).map_err(|error| Problem::engine(&error))?;
        let linked = linker.instantiate_pre(component);
        linked.map_err(|error| Problem::Link { reason: format!("{error:#}") })
    }
}

impl From<CompileError> for Problem {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Invalid(reason) => Self::Invalid { reason },
            CompileError::Compiler(reason) => Self::Compiler { reason },
        }
    }
}

/// Where a component's hook functions are.
pub(super) struct Exports {
    hooks: [Option<ComponentExportIndex>; Hook::ALL.len()],
    /// `decorate-function`
    pub decorate_function: Option<ComponentExportIndex>,
    /// `config-schema`
    pub config_schema: Option<ComponentExportIndex>,
}

impl Exports {
    fn find(component: &Component, inspection: &Inspection) -> Self {
        // The lookup goes by track: it finds 1.3.0 too.
        let find = |interface: &str, function: &str| {
            let name = format!("{}/{interface}@{}", contract::PACKAGE, contract::VERSION);
            let interface = component.get_export_index(None, &name)?;
            component.get_export_index(Some(&interface), function)
        };
        let hook = |hook: Hook| {
            let exported = inspection.hooks.contains(&hook);
            exported.then(|| find(hook.interface(), hook.function())).flatten()
        };
        Self {
            hooks: Hook::ALL.map(hook),
            decorate_function: find("template-decorate", "decorate-function"),
            config_schema: find(contract::CONFIGURABLE, "config-schema"),
        }
    }

    /// The function that `hook` calls first.
    pub(super) fn hook(&self, hook: Hook) -> Option<&ComponentExportIndex> {
        self.hooks[hook as usize].as_ref()
    }
}

/// A plugin that is ready for calls. Cheap to keep; each call has an instance of its own.
pub struct Plugin {
    pub(super) identity: Arc<Identity>,
    pub(super) inspection: Inspection,
    pub(super) pre: InstancePre<State>,
    pub(super) exports: Exports,
    pub(super) runtime: Arc<Runtime>,
}

impl Plugin {
    /// Name in the manifest.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The component's own version.
    pub fn version(&self) -> Option<&str> {
        self.identity.version.as_deref()
    }

    /// The component's digest.
    pub fn digest(&self) -> &Digest {
        &self.identity.digest
    }

    /// The hooks it has, in the order of the pipeline.
    pub fn hooks(&self) -> &[Hook] {
        &self.inspection.hooks
    }

    /// What it needs grants for.
    pub fn capabilities(&self) -> &[Capability] {
        &self.inspection.capabilities
    }

    /// The WASI interfaces it imports, which are inert.
    pub fn wasi(&self) -> &[String] {
        &self.inspection.wasi
    }

    /// All that its type tells.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// The JSON Schema of its config, when it has one. It is asked without anything in scope.
    ///
    /// # Errors
    /// When it fails to tell, or what it tells is not a JSON Schema.
    pub async fn config_schema(&self) -> Result<Option<serde_json::Value>, PluginError> {
        let Some(text) = self.ask_schema().await? else { return Ok(None) };
        let schema = schema::parse(&text).map_err(|problem| self.error(Stage::Schema, problem))?;
        Ok(Some(schema))
    }

    /// What is wrong with a config, each with its place in it; nothing when it has no schema.
    ///
    /// # Errors
    /// As [`Self::config_schema`].
    pub async fn check_config(
        &self,
        config: &serde_json::Value,
    ) -> Result<Vec<(String, String)>, PluginError> {
        let schema = self.config_schema().await?;
        Ok(schema.map(|schema| schema::check_config(&schema, config)).unwrap_or_default())
    }

    pub(super) fn error(&self, stage: Stage, problem: Problem) -> PluginError {
        PluginError::new(&self.identity.name, self.version(), stage, problem)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("inspection", &self.inspection).finish_non_exhaustive()
    }
}
