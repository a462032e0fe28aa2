//! Tests a plugin: each case of its folder `cases` is one call in the sandbox of a deployment, with what it finds
//! around it in files, and what it must do in files too.
//!
//! `world` makes what the call works on of the case, `calls` plays what was recorded of the outside, `observed`
//! says what the call did.

mod calls;
mod error;
mod observed;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::digest::Digest;
use crate::fs;
use crate::hint::{BoxError, Explain as _};
use crate::manifest::{Case, Location, OnFailure, PluginUse, Source, read_case};
use crate::plugin::{Host, Metering, World};
use crate::report::{Recorder, micros};

use super::project::{Component, build_component};
use super::run::Environment;
use calls::Tape;
use error::CaseError;
use observed::Observed;

/// The folder of a project's cases.
pub const CASES: &str = "cases";
/// The file that says what a case calls.
const CASE_FILE: &str = "case.toml";

/// What is done with what a plugin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseMode {
    /// It is held against what is expected.
    Check,
    /// It is what is expected from now on.
    Bless,
    /// As [`Self::Bless`], and calls of the outside are made, and recorded.
    Record,
}

/// Which cases, and what for.
#[derive(Debug, Clone)]
pub struct CaseRequest {
    /// The plugin's folder.
    pub folder: PathBuf,
    /// Names of cases; all without any.
    pub names: Vec<String>,
    /// What is done with what the plugin does.
    pub mode: CaseMode,
    /// Whether the instructions of each call are counted.
    pub metering: Metering,
    /// The profile that recorded calls of AWS are made with.
    pub profile: Option<String>,
}

/// What testing came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TestedPlugin {
    /// The plugin's name.
    pub plugin: String,
    /// Its cases, by name.
    pub cases: Vec<TestedCase>,
}

/// What one case came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TestedCase {
    /// Its folder's name.
    pub name: String,
    /// The hook that was called.
    pub hook: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was not as expected, a sentence each.
    pub problems: Vec<String>,
    /// How what the plugin did differs from what is expected.
    pub differences: Vec<String>,
    /// What the call cost; nothing when it failed.
    pub costs: Option<Costs>,
}

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The plugin did what is expected.
    Passed,
    /// It did something else.
    Failed,
    /// What it did is expected from now on.
    Blessed,
}

/// What a call cost.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Costs {
    /// Microseconds to load the plugin, from compiled code that was there.
    pub load_us: u64,
    /// Microseconds of the call.
    pub elapsed_us: u64,
    /// Of these, microseconds until the plugin's instance was there.
    pub startup_us: u64,
    /// Bytes of memory at most.
    pub memory: u64,
    /// Fuel that it used, about one for each instruction, when that is counted: the same on every machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Edits of the template.
    pub edits: usize,
}

impl TestedPlugin {
    /// Whether no case failed.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| case.verdict != Verdict::Failed)
    }
}

/// Builds the plugin and runs its cases.
///
/// # Errors
/// When it cannot be built or loaded, or a case cannot be read.
pub async fn test_plugin(
    environment: &Environment,
    request: &CaseRequest,
) -> Result<TestedPlugin, BoxError> {
    let built = build_component(environment, &request.folder, false).await?;
    let cases = read_cases(&request.folder, &request.names)?;
    let mut options = environment.host_options();
    let stacks = cases.iter().map(|(_, case)| case.limits.stack);
    options.stack = stacks.fold(options.stack, u64::max);
    options.metering = request.metering;
    let host = Host::new(options)?;
    // What was never compiled is compiled here, and no case is charged for it.
    let digest = host.inspect(&built.name, &built.component)?.digest;
    let mut tested = Vec::new();
    for (name, case) in &cases {
        let mut interrupt = environment.interrupt.clone();
        tested.push(tokio::select! {
            biased;
            () = interrupt.raised() => {
                return Err(super::PipelineError::Interrupted { at: "plugin test" }.into());
            }
            tested = run(environment, request, &host, &built, digest, name, case) => tested?,
        });
    }
    Ok(TestedPlugin { plugin: built.name, cases: tested })
}

/// Runs one case.
async fn run(
    environment: &Environment,
    request: &CaseRequest,
    host: &Host,
    built: &Component,
    digest: Digest,
    name: &str,
    case: &Case,
) -> Result<TestedCase, BoxError> {
    let began = Instant::now();
    let usage = usage(&built.name, name, case);
    // As one that is pinned: by its digest, unless nothing can be kept on this machine.
    let plugin = match host.load_kept(&usage, digest)? {
        Some(plugin) => plugin,
        None => host.load(&usage, &built.component)?,
    };
    let loading = began.elapsed();
    let folder = &request.folder.join(CASES).join(name);
    let mut tested = TestedCase {
        name: name.to_owned(),
        hook: case.hook.clone(),
        verdict: Verdict::Failed,
        problems: Vec::new(),
        differences: Vec::new(),
        costs: None,
    };
    let call = world::call(case);
    if !plugin.hooks().contains(&call.hook()) {
        let hooks = plugin.hooks().iter().map(|hook| hook.name()).collect::<Vec<_>>().join(", ");
        tested.problems.push(format!("the plugin has no hook `{}`: it has {hooks}", case.hook));
        return Ok(tested);
    }
    let wrong = plugin.check_config(&case.config).await?.into_iter();
    tested.problems.extend(wrong.map(|(at, why)| format!("`config{at}`: {why}")));
    if !tested.problems.is_empty() {
        return Ok(tested);
    }
    let reporter = Arc::new(Recorder::default());
    let tape = Arc::new(Tape::open(environment, request, case, folder).await?);
    let template = world::template(case, folder)?;
    let before = world::context(case)?;
    let world = World {
        facts: Arc::new(world::facts(case)),
        context: before.clone(),
        template,
        artifacts: world::artifacts(case, folder)?,
        stack: Some(Arc::new(world::stack(case))),
        outcome: Some(Arc::new(world::outcome(case))),
        services: Arc::clone(&tape) as _,
        reporter: Arc::clone(&reporter) as _,
    };
    let packages = world.artifacts.as_ref().map(|artifacts| observed::packages(&**artifacts));
    let (world, result) = plugin.call(call, world).await;
    let did = Observed::new(&world, &before, packages, &result, &reporter.events());
    if let Ok(output) = &result {
        tested.costs = Some(Costs {
            load_us: micros(loading),
            elapsed_us: micros(output.elapsed),
            startup_us: micros(output.startup),
            memory: output.memory_peak,
            fuel: output.fuel,
            edits: output.edits,
        });
    }
    tested.problems.extend(tape.complaints());
    if !tested.problems.is_empty() {
        // What comes after a call that was answered otherwise than ever before says nothing.
    } else if request.mode == CaseMode::Check {
        did.compare(folder, &mut tested)?;
        // A failure that nobody expects is worth all that is known of it.
        if let Err(error) = &result
            && !tested.differences.is_empty()
        {
            tested.problems.push(super::failure::full_message(error));
            tested.problems.extend(error.details());
        }
    } else {
        did.write(folder)?;
        tape.write()?;
    }
    tested.verdict =
        match (tested.problems.is_empty() && tested.differences.is_empty(), request.mode) {
            (false, _) => Verdict::Failed,
            (true, CaseMode::Check) => Verdict::Passed,
            (true, CaseMode::Bless | CaseMode::Record) => Verdict::Blessed,
        };
    Ok(tested)
}

/// The cases of a project, sorted by name.
fn read_cases(folder: &Path, names: &[String]) -> Result<Vec<(String, Case)>, BoxError> {
    let all = fs::list_if_present(&folder.join(CASES))?;
    let mut found = all
        .iter()
        .filter(|path| fs::exists(&path.join(CASE_FILE)))
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .collect::<Vec<_>>();
    found.sort();
    if found.is_empty() {
        return Err(CaseError::NoCases { folder: folder.to_owned() }.into());
    }
    if let Some(unknown) = names.iter().find(|name| !found.contains(name)) {
        return Err(CaseError::NoCase { name: unknown.clone(), known: found }.into());
    }
    found.retain(|name| names.is_empty() || names.contains(name));
    let mut cases = Vec::new();
    for name in found {
        let shown = format!("{CASES}/{name}/{CASE_FILE}");
        let text = fs::read_to_string(&folder.join(&shown))?;
        cases.push((name, read_case(&shown, text)?));
    }
    Ok(cases)
}

/// The plugin as a manifest would have it.
fn usage(plugin: &str, name: &str, case: &Case) -> PluginUse {
    PluginUse {
        name: plugin.to_owned(),
        source: Source::File(plugin.to_owned()),
        version: None,
        signer: None,
        grants: case.grants.clone(),
        config: case.config.clone(),
        overrides: case.overrides.clone(),
        on_failure: OnFailure::Fail,
        limits: case.limits,
        location: Location { file: format!("{CASES}/{name}/{CASE_FILE}"), line: 1, column: 1 },
    }
}
