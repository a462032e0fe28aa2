//! The fast path: functions get their code without their stack, and the next whole deployment sets
//! right what the stack's template says of them.
//!
//! The record of it ([`Behind`]) is written before the first function is changed: a run that is killed
//! leaves at worst a record that says more than is true, and never a function that nobody knows of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::cloud::{ArtifactLocation, Behind, Change, Cloud, FastPath, Rule, Stack, rule};
use crate::hint::{BoxError, Explain, Kind};
use crate::plugin::Hook;
use crate::report::Reporter;
use crate::template::plan::{Action, Plan, ResourceChange};
use crate::text::{count, utc};

use super::error::PipelineError;
use super::failure::full_message;
use super::functions;
use super::hooks;
use super::plan::PlanResult;
use super::provision::DeployResult;
use super::run::{Run, stack_view};
use super::step::Step;

/// How many functions are changed at once.
const PARALLEL: usize = 8;

/// Functions cannot get their code alone, or did not.
#[derive(Debug, thiserror::Error)]
pub enum CodeOnlyError {
    /// The cloud has no functions beside their stacks.
    #[error("the `{cloud}` cloud has no functions apart from their stack's template")]
    NoFastPath {
        /// The cloud's name.
        cloud: &'static str,
    },
    /// There is no stack with functions yet.
    #[error("stack `{stack}` is new: it has no functions yet that could get other code")]
    NewStack {
        /// The stack's name.
        stack: String,
    },
    /// The stack must be brought to rest first.
    #[error("the functions of stack `{stack}` cannot be changed: it is {status}")]
    NotAtRest {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: String,
    },
    /// The plan holds other changes.
    #[error("more than the code of functions would change in stack `{stack}`")]
    More {
        /// The stack's name.
        stack: String,
        /// Each other change, in a line.
        changes: Vec<String>,
    },
    /// A function did not take its code, and the others were put back.
    #[error("{cause}; all functions run again the code that they had")]
    PutBack {
        /// What failed, with its causes.
        cause: String,
        /// What the cloud advises.
        hints: Vec<String>,
    },
    /// A function did not take its code, and others could not be put back.
    #[error("{cause}; not put back to the code that they had: {}", stuck.join(", "))]
    HalfWay {
        /// What failed, with its causes.
        cause: String,
        /// The functions that run one code or the other.
        stuck: Vec<String>,
    },
}

impl Explain for CodeOnlyError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoFastPath { .. } | Self::NewStack { .. } | Self::More { .. } => Kind::BadInput,
            Self::NotAtRest { .. } | Self::PutBack { .. } | Self::HalfWay { .. } => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoFastPath { .. } => "no-fast-path",
            Self::NewStack { .. } | Self::More { .. } => "not-code-only",
            Self::NotAtRest { .. } => "stack-stuck",
            Self::PutBack { .. } => "code-put-back",
            Self::HalfWay { .. } => "code-half-way",
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoFastPath { .. } => "leave out `--code-only`: a deployment there is as fast",
            Self::NewStack { .. } | Self::More { .. } => {
                "leave out `--code-only` to deploy all of it"
            }
            Self::NotAtRest { .. } => "`phalanx status` tells why; run `phalanx recover` first",
            Self::PutBack { hints, .. } => return hints.clone(),
            Self::HalfWay { .. } => {
                "run the same command again, or `phalanx deploy`: either gives every function the code it should have"
            }
        };
        vec![hint.to_owned()]
    }

    fn details(&self) -> Option<String> {
        match self {
            Self::More { changes, .. } => Some(format!("  {}", changes.join("\n  "))),
            _ => None,
        }
    }
}

/// Refuses a plan that holds anything but the code of functions.
pub(super) fn must_be_code(run: &Run, plan: &PlanResult) -> Result<(), CodeOnlyError> {
    if run.cloud.fast_path().is_none() {
        return Err(CodeOnlyError::NoFastPath { cloud: run.cloud.name() });
    }
    let stack = plan.stack.clone();
    let Some(standing) = &run.standing else { return Err(CodeOnlyError::NewStack { stack }) };
    if rule(Some(&standing.status)) != Rule::Update {
        return Err(CodeOnlyError::NotAtRest { stack, status: standing.status.clone() });
    }
    match others(&plan.plan) {
        changes if changes.is_empty() => Ok(()),
        changes => Err(CodeOnlyError::More { stack, changes }),
    }
}

/// Every change that is not the code of a function, in a line.
fn others(plan: &Plan) -> Vec<String> {
    let resources = plan.resources.iter().filter_map(|change| {
        let ResourceChange { logical_id, resource_type, action, properties, .. } = change;
        let what = match action {
            Action::Add => "is new".to_owned(),
            Action::Remove => "is removed".to_owned(),
            Action::Replace => "is replaced".to_owned(),
            Action::Modify => {
                let paths = properties.iter().map(|property| property.path.as_str());
                let paths: Vec<_> = paths.filter(|path| !change.code || !is_code(path)).collect();
                if paths.is_empty() {
                    return None;
                }
                format!("changes its {}", paths.join(", "))
            }
        };
        Some(format!("{logical_id} ({resource_type}) {what}"))
    });
    let sections = [
        ("output ", &plan.outputs),
        ("parameter ", &plan.parameters),
        ("the value of parameter ", &plan.values),
        ("tag ", &plan.tags),
        ("", &plan.other),
    ];
    let entries = sections.into_iter().flat_map(|(kind, entries)| {
        entries.iter().map(move |entry| format!("{kind}{} changes", entry.name))
    });
    resources.chain(entries).collect()
}

/// Code that lies in a bucket: that of images is not ours to set.
fn is_code(path: &str) -> bool {
    ["Properties.Code.S3Key", "Properties.Code.S3Bucket"].contains(&path)
}

/// The code that one function is to get, and what it has now.
struct Update {
    logical_id: String,
    /// What the cloud calls it.
    function: String,
    from: ArtifactLocation,
    to: ArtifactLocation,
    /// The mark of the code that it runs before.
    had: String,
}

/// Gives all functions that need it their new code, or none; then runs `post-provision`.
pub(super) async fn update(run: &mut Run, plan: PlanResult) -> Result<DeployResult, BoxError> {
    let stack = run.standing.take().expect("it was checked that there is one");
    let functions = run
        .long_step(Step::Provision, async |run| {
            let names = update_now(run, &stack, &plan).await?;
            let summary = match names.len() {
                0 => "no changes".to_owned(),
                changed => format!("the code of {}", count(changed, "function")),
            };
            Ok((names, summary))
        })
        .await?;
    run.stack = Some(stack_view(&stack, Some(Change::Unchanged)));
    hooks::run_hook(run, Hook::PostProvision).await?;
    Ok(DeployResult {
        stack: stack.name,
        stack_id: Some(stack.id),
        change: Some(Change::Unchanged),
        code_only: functions,
        build_id: plan.build_id.clone(),
        outputs: stack.outputs,
        plan,
    })
}

async fn update_now(run: &Run, stack: &Stack, plan: &PlanResult) -> Result<Vec<String>, BoxError> {
    let cloud = run.cloud.fast_path().expect("it was checked that there is one");
    let wanted = run.template.as_ref().expect("synthesize has run").document();
    let updates = updates(run, stack, wanted, plan.behind.as_ref());
    if updates.is_empty() {
        return Ok(Vec::new());
    }
    let marked = updates.into_iter().map(async |update| {
        let had = cloud.code_mark(&update.function).await?;
        Ok::<_, BoxError>(Update { had, ..update })
    });
    let updates: Vec<_> = stream::iter(marked).buffered(PARALLEL).try_collect().await?;
    let record = |settled, functions| Behind {
        stack: stack.name.clone(),
        stack_id: stack.id.clone(),
        build_id: plan.build_id.clone(),
        since: utc(run.environment.settings.now),
        settled,
        functions,
    };
    let targets = updates.iter().map(|update| (update.logical_id.clone(), update.to.clone()));
    let mut functions: BTreeMap<_, _> = targets.collect();
    if let Some(behind) = &plan.behind {
        for (id, code) in &behind.functions {
            functions.entry(id.clone()).or_insert_with(|| code.clone());
        }
    }
    if plan.behind.as_ref().is_some_and(|behind| !behind.settled) {
        run.reporter().note("an earlier run did not end well: what it touched gets its code anew");
    }
    cloud.set_behind(&record(false, functions.clone())).await?;
    let changed = set_all(run, cloud, codes(&updates)).await;
    if let Err(error) = changed {
        return Err(put_back(cloud, &updates, plan.behind.as_ref(), stack, error).await);
    }
    functions.retain(|id, code| functions::code_of(&stack.template, id).as_ref() != Some(code));
    match functions.is_empty() {
        true => cloud.forget_behind(&stack.name).await?,
        false => cloud.set_behind(&record(true, functions)).await?,
    }
    let named = functions::all(&run.service, stack).into_iter();
    let changed: BTreeSet<_> = updates.into_iter().map(|update| update.logical_id).collect();
    let named = named.filter(|function| changed.contains(&function.logical_id));
    Ok(named.map(|function| function.name).collect())
}

/// What has to be done so that every function runs the code that `wanted` names. Of a record that is
/// not settled nothing is believed: each of its functions gets its code, whatever it runs.
fn updates(run: &Run, stack: &Stack, wanted: &Value, behind: Option<&Behind>) -> Vec<Update> {
    let functions = functions::all(&run.service, stack).into_iter();
    let updates = functions.filter_map(|function| {
        let id = &function.logical_id;
        let deployed = functions::code_of(&stack.template, id)?;
        let to = functions::code_of(wanted, id)?;
        let noted = behind.and_then(|behind| Some((behind.settled, behind.functions.get(id)?)));
        let (known, from) = match noted {
            None => (true, deployed),
            Some((true, code)) => (true, code.clone()),
            Some((false, _)) => (false, deployed),
        };
        (!known || from != to).then(|| Update {
            logical_id: id.clone(),
            function: function.physical_id,
            from,
            to,
            had: String::new(),
        })
    });
    updates.collect()
}

/// Gives functions their code, side by side. After a failure, or when the user interrupts, no more are
/// begun; those under way are waited for, since only then it is known what they run.
async fn set_all<'a>(
    run: &Run,
    cloud: &dyn FastPath,
    codes: impl Iterator<Item = (&'a String, &'a ArtifactLocation)>,
) -> Result<(), BoxError> {
    let failed = AtomicBool::new(false);
    let interrupted = || {
        let mut interrupt = run.environment.interrupt.clone();
        interrupt.raised().now_or_never().is_some()
    };
    let calls = codes.map(async |(function, code)| {
        if failed.load(Ordering::Relaxed) || interrupted() {
            return Ok(());
        }
        let done = cloud.set_code(function, code).await;
        failed.fetch_or(done.is_err(), Ordering::Relaxed);
        done
    });
    let all: Vec<_> = stream::iter(calls).buffer_unordered(PARALLEL).collect().await;
    all.into_iter().collect::<Result<(), BoxError>>()?;
    match interrupted() {
        true => Err(PipelineError::Interrupted { at: Step::Provision.name() }.into()),
        false => Ok(()),
    }
}

fn codes(updates: &[Update]) -> impl Iterator<Item = (&String, &ArtifactLocation)> {
    updates.iter().map(|update| (&update.function, &update.to))
}

/// Gives all functions the code that they had, and the record what it said. Gives the error that the
/// run ends with.
async fn put_back(
    cloud: &dyn FastPath,
    updates: &[Update],
    behind: Option<&Behind>,
    stack: &Stack,
    error: BoxError,
) -> BoxError {
    let cause = full_message(&*error);
    let calls = updates.iter().map(async |update| {
        let back = has_its_code(cloud, update).await;
        (!back.unwrap_or(false)).then(|| update.function.clone())
    });
    let stuck: Vec<String> =
        stream::iter(calls).buffered(PARALLEL).filter_map(async |one| one).collect().await;
    if !stuck.is_empty() {
        return CodeOnlyError::HalfWay { cause, stuck }.into();
    }
    let restored = match behind {
        Some(behind) => cloud.set_behind(behind).await,
        None => cloud.forget_behind(&stack.name).await,
    };
    match restored {
        Err(error) => error,
        Ok(()) if error.kind() == Kind::Interrupted => error,
        Ok(()) => CodeOnlyError::PutBack { cause, hints: error.hints() }.into(),
    }
}

/// Puts a function back to the code that it had, unless it has it; tells whether it has it now.
async fn has_its_code(cloud: &dyn FastPath, update: &Update) -> Result<bool, BoxError> {
    if cloud.code_mark(&update.function).await? == update.had {
        return Ok(true);
    }
    cloud.set_code(&update.function, &update.from).await?;
    Ok(cloud.code_mark(&update.function).await? == update.had)
}

/// The record of a stack, if it says anything about this very stack. Who only looks need not be allowed
/// to look into the bucket, and is told that.
pub(super) async fn behind(
    cloud: &dyn Cloud,
    stack: &Stack,
    only_looks: bool,
    reporter: &dyn Reporter,
) -> Result<Option<Behind>, BoxError> {
    let Some(cloud) = cloud.fast_path() else { return Ok(None) };
    match cloud.behind(&stack.name).await {
        Ok(found) => Ok(found.filter(|behind| behind.stack_id == stack.id)),
        Err(error) if only_looks => {
            let unknown = "cannot tell whether functions run other code than the template names";
            let message = format!("{unknown}: {}", full_message(&*error));
            reporter.warn(message, error.hints().into_iter().next());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Before a whole deployment: if that fails, the cloud may have given functions the template's old code,
/// so from now on the record is not believed.
pub(super) async fn doubt(run: &Run, behind: Option<&Behind>) -> Result<(), BoxError> {
    match (behind, run.cloud.fast_path()) {
        (Some(behind), Some(cloud)) if behind.settled => {
            cloud.set_behind(&Behind { settled: false, ..behind.clone() }).await
        }
        _ => Ok(()),
    }
}

/// After a whole deployment: functions that ran other code get that of the template, which the cloud
/// leaves alone where the template did not change.
pub(super) async fn heal(
    run: &Run,
    stack: &Stack,
    behind: Option<&Behind>,
) -> Result<(), BoxError> {
    let (Some(behind), Some(cloud)) = (behind, run.cloud.fast_path()) else { return Ok(()) };
    let wanted = run.template.as_ref().expect("synthesize has run").document();
    let functions = functions::all(&run.service, stack).into_iter();
    let codes: Vec<_> = functions
        .filter(|function| behind.functions.contains_key(&function.logical_id))
        .filter_map(|function| {
            Some((function.physical_id, functions::code_of(wanted, &function.logical_id)?))
        })
        .collect();
    set_all(run, cloud, codes.iter().map(|(function, code)| (function, code))).await?;
    cloud.forget_behind(&stack.name).await?;
    let count = count(codes.len(), "function");
    run.reporter().note(format!("{count} got the code that the stack's template names"));
    Ok(())
}
