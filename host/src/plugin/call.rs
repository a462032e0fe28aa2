//! One hook call: a fresh store and instance, always thrown away, inside a transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc,
};
use wasmtime::{Store, UpdateDeadline};

use super::bindings::{WitFailure, WitFinding};
use super::engine::{Metering, TICK};
use super::error::{PluginError, Problem, Stage};
use super::hook::Hook;
use super::host::Plugin;
use super::state::State;
use super::trap::{self, OutOfTime};
use super::world::World;
use crate::template::{Author, Finding, Pointer, Severity};
use crate::text::{safe_line, shorten};

/// What a plugin is called for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `pre-build`
    PreBuild,
    /// `post-build`
    PostBuild,
    /// `template-decorate`: the service, then these functions, in one transaction.
    Decorate {
        /// Name in the manifest and name in the template, of each function that names the plugin.
        functions: Vec<(String, String)>,
    },
    /// `template-validate`
    Validate,
    /// `post-provision`
    PostProvision,
    /// `rollback`
    Rollback,
    /// `pre-delete`
    PreDelete,
    /// `post-delete`
    PostDelete,
}

impl Call {
    /// The call of a hook; a decorator is called for these functions.
    pub fn of(hook: Hook, functions: impl FnOnce() -> Vec<(String, String)>) -> Self {
        match hook {
            Hook::PreBuild => Self::PreBuild,
            Hook::PostBuild => Self::PostBuild,
            Hook::TemplateDecorate => Self::Decorate { functions: functions() },
            Hook::TemplateValidate => Self::Validate,
            Hook::PostProvision => Self::PostProvision,
            Hook::Rollback => Self::Rollback,
            Hook::PreDelete => Self::PreDelete,
            Hook::PostDelete => Self::PostDelete,
        }
    }

    /// The hook.
    pub fn hook(&self) -> Hook {
        match self {
            Self::PreBuild => Hook::PreBuild,
            Self::PostBuild => Hook::PostBuild,
            Self::Decorate { .. } => Hook::TemplateDecorate,
            Self::Validate => Hook::TemplateValidate,
            Self::PostProvision => Hook::PostProvision,
            Self::Rollback => Hook::Rollback,
            Self::PreDelete => Hook::PreDelete,
            Self::PostDelete => Hook::PostDelete,
        }
    }
}

/// What a call left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Edits of the template that were kept.
    pub edits: usize,
    /// What a validator found.
    pub findings: Vec<Finding>,
    /// Wall time.
    pub elapsed: Duration,
    /// Of that, until the guest's instance was there.
    pub startup: Duration,
    /// The most bytes of memory in use at one time.
    pub memory_peak: u64,
    /// Fuel that it used, about one for each instruction; none when it is not counted.
    pub fuel: Option<u64>,
}

/// How a guest came back.
enum Returned {
    Well(Vec<WitFinding>),
    Refused(WitFailure),
}

type HookResult = (Result<(), WitFailure>,);

impl Plugin {
    /// Calls a hook. When it fails in any way, template, context and artifacts are as they were before.
    /// A plugin that does not have the hook is left alone.
    ///
    /// Must be awaited inside a tokio runtime with a clock.
    pub async fn call(&self, call: Call, world: World) -> (World, Result<Output, PluginError>) {
        let hook = call.hook();
        if self.exports.hook(hook).is_none() {
            return (world, Ok(Output::default()));
        }
        let started = Instant::now();
        let stage = Stage::Hook(hook);
        let world = begin(world, self.author(hook));
        let reporter = Arc::clone(&world.reporter);
        let state = State::new(Arc::clone(&self.identity), stage, Some(world), reporter);
        let (state, returned) =
            self.run(state, async |store, instance| self.hook(store, instance, &call).await).await;
        let (startup, memory_peak, fuel) = (state.startup, state.limiter.peak(), state.fuel);
        let result = match returned {
            Ok(Returned::Well(findings)) => Ok(self.findings(findings, &state)),
            Ok(Returned::Refused(failure)) => Err(self.refusal(failure, &state)),
            Err(problem) => Err(problem),
        };
        let mut world = state.world.expect("the call was given a world");
        match result {
            Ok(findings) => {
                let edits = commit(&mut world);
                let elapsed = started.elapsed();
                (world, Ok(Output { edits, findings, elapsed, startup, memory_peak, fuel }))
            }
            Err(problem) => {
                rollback(&mut world);
                (world, Err(self.error(stage, problem)))
            }
        }
    }

    /// Calls `config-schema`, with nothing but the log in scope.
    pub(super) async fn ask_schema(&self) -> Result<Option<String>, PluginError> {
        let Some(index) = &self.exports.config_schema else { return Ok(None) };
        let reporter = Arc::clone(&self.runtime.reporter);
        let state = State::new(Arc::clone(&self.identity), Stage::Schema, None, reporter);
        let (_, returned) = self
            .run(state, async |store, instance| {
                let function: TypedFunc<(), (String,)> = typed(store, instance, index)?;
                Ok(function.call_async(store, ()).await?.0)
            })
            .await;
        returned.map(Some).map_err(|problem| self.error(Stage::Schema, problem))
    }

    /// Runs `work` on a fresh instance, within all limits.
    async fn run<T>(
        &self,
        state: State,
        work: impl AsyncFnOnce(&mut Store<State>, &Instance) -> wasmtime::Result<T>,
    ) -> (State, Result<T, Problem>) {
        let started = Instant::now();
        let limits = self.identity.limits;
        let deadline = state.deadline.clone();
        let mut store = Store::new(&self.runtime.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(usize::try_from(limits.host_data).unwrap_or(usize::MAX));
        store.set_max_component_handles(limits.handles as usize);
        // Each tick lets the runtime do other work; the tick after the deadline ends the call. The
        // guest's functions are known then, which they are not when the future is dropped.
        store.epoch_deadline_callback(|store| {
            if store.data().deadline.has_passed() {
                return Err(OutOfTime.into());
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store.set_epoch_deadline(1);
        let metered = self.runtime.metering == Metering::Fuel;
        if metered {
            store.set_fuel(u64::MAX).expect("its engine counts");
        }
        let ticking = match self.runtime.ticker.run(&self.runtime.engine) {
            Ok(ticking) => ticking,
            Err(error) => {
                let reason = format!("no thread for its clock: {error}");
                return (store.into_data(), Err(Problem::Engine { reason }));
            }
        };
        let guest = async {
            let instance = self.pre.instantiate_async(&mut store).await?;
            store.data_mut().startup = started.elapsed();
            work(&mut store, &instance).await
        };
        // Host functions do not see ticks: when the guest waits in one, this ends the call.
        let limit = Duration::from_millis(limits.time_ms);
        let result = tokio::select! {
            biased;
            result = guest => Some(result),
            () = deadline.passed(2 * TICK) => None,
        };
        drop(ticking);
        if metered {
            let left = store.get_fuel().expect("its engine counts");
            store.data_mut().fuel = Some(u64::MAX - left);
        }
        let result = match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(trap::problem(&error, store.data(), self.runtime.stack)),
            None => {
                let waiting = store.data_mut().waiting.take();
                Err(Problem::TimeLimit { limit, waiting, frames: Vec::new() })
            }
        };
        let state = store.into_data();
        for stream in state.wasi.iter().flat_map(|wasi| &wasi.streams) {
            stream.finish();
        }
        (state, result)
    }

    async fn hook(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        call: &Call,
    ) -> wasmtime::Result<Returned> {
        let index = self.exports.hook(call.hook()).expect("checked when the call began");
        if *call == Call::Validate {
            type Findings = (Result<Vec<WitFinding>, WitFailure>,);
            let function: TypedFunc<(), Findings> = typed(store, instance, index)?;
            return Ok(match function.call_async(store, ()).await?.0 {
                Ok(findings) => Returned::Well(findings),
                Err(failure) => Returned::Refused(failure),
            });
        }
        let function: TypedFunc<(), HookResult> = typed(store, instance, index)?;
        if let Err(failure) = function.call_async(&mut *store, ()).await?.0 {
            return Ok(Returned::Refused(failure));
        }
        if let (Call::Decorate { functions }, Some(index)) = (call, &self.exports.decorate_function)
        {
            let decorate: TypedFunc<(&str, &str), HookResult> = typed(store, instance, index)?;
            for (name, logical_id) in functions {
                let result = decorate.call_async(&mut *store, (name, logical_id)).await?.0;
                if let Err(failure) = result {
                    return Ok(Returned::Refused(failure));
                }
            }
        }
        Ok(Returned::Well(Vec::new()))
    }

    fn author(&self, hook: Hook) -> Author {
        Author {
            plugin: Arc::clone(&self.identity.name),
            hook: hook.name(),
            overrides: self.identity.overrides.clone(),
        }
    }

    fn refusal(&self, failure: WitFailure, state: &State) -> Problem {
        let limit = self.identity.limits.memory;
        Problem::Failure {
            code: sentence(&failure.code, 100),
            message: sentence(&failure.message, 2_000),
            hint: failure.hint.map(|hint| sentence(&hint, 1_000)),
            memory_limit: state.limiter.refused().map(|_| limit),
        }
    }

    /// A severity that the contract does not know counts as an error: better a stopped run than an
    /// overlooked finding.
    fn findings(&self, findings: Vec<WitFinding>, state: &State) -> Vec<Finding> {
        let found_by = self.identity.name.to_string();
        let convert = |finding: WitFinding| Finding {
            severity: match finding.severity.to_ascii_lowercase().as_str() {
                "note" => Severity::Note,
                "warning" => Severity::Warning,
                "error" => Severity::Error,
                other => {
                    let other = sentence(other, 50);
                    state
                        .log
                        .remark(&format!("severity `{other}` is unknown and counts as `error`"));
                    Severity::Error
                }
            },
            rule: sentence(&finding.rule, 100),
            at: Pointer::parse(&finding.at).unwrap_or_else(|error| {
                state.log.remark(&format!("place of a finding: {error}"));
                Pointer::root()
            }),
            message: sentence(&finding.message, 2_000),
            hint: finding.hint.map(|hint| sentence(&hint, 1_000)),
            by: None,
            found_by: Some(found_by.clone()),
            location: None,
        };
        findings.into_iter().map(convert).collect()
    }
}

fn typed<Params, Results>(
    store: &mut Store<State>,
    instance: &Instance,
    index: &ComponentExportIndex,
) -> wasmtime::Result<TypedFunc<Params, Results>>
where
    Params: ComponentNamedList + Lower,
    Results: ComponentNamedList + Lift,
{
    instance.get_typed_func(store, index)
}

/// Foreign text in one line, safe and short.
fn sentence(text: &str, max: usize) -> String {
    let line = text.trim().split('\n').map(str::trim_end).collect::<Vec<_>>().join(" ");
    shorten(&safe_line(&line), max).into_owned()
}

fn begin(mut world: World, author: Author) -> World {
    if let Some(artifacts) = &mut world.artifacts {
        artifacts.begin();
    }
    world.context.begin(author.clone());
    if let Some(template) = &mut world.template {
        template.begin(author);
    }
    world
}

/// Keeps what the call did; the number of template edits.
fn commit(world: &mut World) -> usize {
    if let Some(artifacts) = &mut world.artifacts {
        artifacts.commit();
    }
    world.context.commit();
    world.template.as_mut().map_or(0, crate::template::Template::commit)
}

fn rollback(world: &mut World) {
    if let Some(artifacts) = &mut world.artifacts {
        artifacts.rollback();
    }
    world.context.rollback();
    if let Some(template) = &mut world.template {
        template.rollback();
    }
}
