//! What the host keeps for one call: the data of its store.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

use super::bindings::WitFailure;
use super::deadline::Deadline;
use super::error::Stage;
use super::grants::Granted;
use super::hook::Object;
use super::imports::wasi::Http;
use super::limits::Limiter;
use super::log::{Lines, Log};
use super::world::{Failure, World};
use crate::digest::Digest;
use crate::manifest::Limits;
use crate::report::Reporter;
use crate::template::Template;

/// What stays the same for all calls of a plugin.
#[derive(Debug)]
pub(super) struct Identity {
    /// Name in the manifest.
    pub name: Arc<str>,
    /// The component's own version.
    pub version: Option<String>,
    /// The component's digest.
    pub digest: Digest,
    /// What it may reach.
    pub grants: Granted,
    /// What it may change of others.
    pub overrides: Vec<String>,
    /// Its config as JSON.
    pub config: String,
    /// Its limits.
    pub limits: Limits,
    /// It imports WASI.
    pub wasi: bool,
}

/// The data of a store.
pub(super) struct State {
    /// The plugin.
    pub identity: Arc<Identity>,
    /// What the call is for.
    pub stage: Stage,
    /// What it works on; none while it tells its config schema.
    pub world: Option<World>,
    /// What it prints.
    pub log: Arc<Log>,
    /// What it allocates.
    pub limiter: Limiter,
    /// When it is stopped.
    pub deadline: Deadline,
    /// How long it took until the guest's instance was there.
    pub startup: Duration,
    /// Fuel that it used, when that is counted.
    pub fuel: Option<u64>,
    /// What of the host it waits for.
    pub waiting: Option<String>,
    /// Handles of WASI.
    pub table: ResourceTable,
    /// WASI, when the component imports it.
    pub wasi: Option<Wasi>,
}

/// The parts of WASI that have state.
pub(super) struct Wasi {
    /// All but HTTP.
    pub context: WasiCtx,
    /// HTTP.
    pub http: Http,
    /// stdout and stderr, for what came without a line break.
    pub streams: [Lines; 2],
}

/// A call used an object that its hook does not have.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("`{}` is not in scope", object.name())]
pub(super) struct OutOfScope {
    /// The object.
    pub object: Object,
    /// The function that was called.
    pub function: &'static str,
}

impl State {
    /// The state of a call that begins now.
    pub(super) fn new(
        identity: Arc<Identity>,
        stage: Stage,
        world: Option<World>,
        reporter: Arc<dyn Reporter>,
    ) -> Self {
        let limits = identity.limits;
        let log = Arc::new(Log::new(&identity.name, reporter, limits.log));
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles as usize);
        let facts = world.as_ref().map(|world| &*world.facts);
        let tape = world.as_ref().and_then(|world| world.services.http());
        let wasi = identity.wasi.then(|| Wasi::new(&identity, facts, &log, tape));
        Self {
            stage,
            log,
            limiter: Limiter::new(limits.memory),
            deadline: Deadline::after(Duration::from_millis(limits.time_ms)),
            startup: Duration::ZERO,
            fuel: None,
            waiting: None,
            table,
            wasi,
            world,
            identity,
        }
    }

    /// The world, if this call may use `object`.
    pub(super) fn world(
        &mut self,
        object: Object,
        function: &'static str,
    ) -> Result<&mut World, OutOfScope> {
        let allowed = match self.stage {
            Stage::Hook(hook) => object.hooks().contains(&hook),
            Stage::Load | Stage::Schema => false,
        };
        self.world.as_mut().filter(|_| allowed).ok_or(OutOfScope { object, function })
    }

    /// The template, if this call may use it as `object`.
    pub(super) fn template(
        &mut self,
        object: Object,
        function: &'static str,
    ) -> Result<&mut Template, OutOfScope> {
        let world = self.world(object, function)?;
        world.template.as_mut().ok_or(OutOfScope { object, function })
    }

    /// Tells the plugin that it may not, and the log that it tried.
    pub(super) fn deny(&self, failure: Failure) -> WitFailure {
        let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        self.log.remark(&format!("{}{hint}", failure.message));
        failure.into()
    }
}

impl From<Failure> for WitFailure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message, hint: failure.hint }
    }
}
