//! What can go wrong in the local cloud, and what to do about it.

use std::path::PathBuf;

use crate::cloud::NoFunction;
use crate::fs::FsError;
use crate::hint::{Explain, Kind};
use crate::template::intrinsics::ResolveError;

use super::lock::Owner;

/// The local cloud could not do what was asked. The stack is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Another run works on the stack.
    #[error("stack `{stack}` is being changed by another run{}", owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default())]
    Busy {
        /// The stack.
        stack: String,
        /// Who is at it, when it has said so yet.
        owner: Option<Owner>,
    },
    /// The name of a stack or region is not what CloudFormation takes.
    #[error("`{}` cannot be the name of a {what}", crate::text::safe_line(name))]
    BadName {
        /// `stack` or `region`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Values of the template's parameters are missing or refused.
    #[error("{} of stack `{stack}` cannot be used: {}", if problems.len() == 1 { "a parameter" } else { "parameters" }, problems.join("; "))]
    Parameters {
        /// The stack.
        stack: String,
        /// One phrase a parameter, in template order.
        problems: Vec<String>,
    },
    /// A resource that is not an object with a type.
    #[error("resource `{0}` has no `Type`")]
    NoType(String),
    /// A function in a resource cannot be evaluated.
    #[error(
        "cannot provision `{logical_id}` ({resource_type}): its `{property}` cannot be evaluated"
    )]
    Property {
        /// The resource.
        logical_id: String,
        /// Its type.
        resource_type: String,
        /// The property.
        property: String,
        /// Why not.
        source: Box<ResolveError>,
    },
    /// The conditions cannot be evaluated.
    #[error("cannot evaluate the template's conditions")]
    Conditions(#[source] Box<ResolveError>),
    /// An output cannot be evaluated.
    #[error("cannot evaluate output `{name}`")]
    Output {
        /// The output.
        name: String,
        /// Why not.
        source: Box<ResolveError>,
    },
    /// An output is not text.
    #[error("output `{name}` is {found}, and an output must be text")]
    OutputNotText {
        /// The output.
        name: String,
        /// What it is.
        found: &'static str,
    },
    /// Two stacks export the same name.
    #[error("stack `{owner}` already exports `{export}`, which output `{output}` exports too")]
    ExportTaken {
        /// The exported name.
        export: String,
        /// The output of this stack.
        output: String,
        /// The stack that has it.
        owner: String,
    },
    /// A resource depends on what the template or its conditions leave out.
    #[error("resource `{logical_id}` depends on `{target}`, which is not provisioned")]
    MissingDependency {
        /// The resource.
        logical_id: String,
        /// What it names.
        target: String,
    },
    /// Resources that need each other.
    #[error("resources depend on each other: {}", .0.join(" → "))]
    Cycle(Vec<String>),
    /// A function's package was never stored.
    #[error(
        "the package of function `{logical_id}` is not stored: no `{key}` in bucket `{bucket}`"
    )]
    NoArtifact {
        /// The function.
        logical_id: String,
        /// Where it should be.
        bucket: String,
        /// Under which key.
        key: String,
        /// Whether it is a package of ours that was there once.
        stale: bool,
    },
    /// A stored artifact is not what was stored; it has been removed.
    #[error("the stored artifact `{}` was damaged and has been removed", .0.display())]
    ArtifactDamaged(PathBuf),
    /// A file of the local cloud cannot be understood.
    #[error("cannot understand `{}`", path.display())]
    BadState {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// A file of a stack is not there any more.
    #[error("`{}` is gone, which tells how stack `{stack}` stands", path.display())]
    LostState {
        /// The stack.
        stack: String,
        /// The file.
        path: PathBuf,
    },
    /// There is no such stack.
    #[error("there is no stack `{0}` in the local cloud")]
    NoStack(String),
    /// The stack is protected from being deleted.
    #[error("stack `{0}` is protected: it cannot be deleted")]
    Protected(String),
    /// Nothing in the local cloud takes long enough to be cancelled.
    #[error(
        "there is no update of stack `{0}` to cancel: a change in the local cloud is made at once"
    )]
    NothingToCancel(String),
    /// No deletion fails in the local cloud, so nothing has to be left behind.
    #[error("nothing blocks the deletion of stack `{0}` in the local cloud")]
    Retain(String),
    /// The stack has no such function.
    #[error(transparent)]
    NoFunction(#[from] NoFunction),
    /// Nothing is logged here.
    #[error("the local cloud keeps no logs")]
    NoLogs,
    /// Nothing is there that could differ from its template.
    #[error("nothing can drift in the local cloud: its resources exist by name only")]
    NoDrift,
    /// A function that has no zip package.
    #[error("function `{logical_id}` has no package of its own, so it cannot run locally")]
    NoPackage {
        /// The function.
        logical_id: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl Explain for LocalError {
    fn kind(&self) -> Kind {
        match self {
            Self::Fs(error) => error.kind(),
            Self::Busy { .. }
            | Self::Protected(_)
            | Self::NothingToCancel(_)
            | Self::NoArtifact { .. }
            | Self::ArtifactDamaged(_)
            | Self::LostState { .. }
            | Self::BadState { .. } => Kind::Failed,
            _ => Kind::BadInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "stack-busy",
            Self::BadName { .. } => "bad-name",
            Self::Parameters { .. } => "bad-parameters",
            Self::NoType(_)
            | Self::Property { .. }
            | Self::MissingDependency { .. }
            | Self::Cycle(_) => "resource-failed",
            Self::Conditions(_) => "condition-failed",
            Self::Output { .. } | Self::OutputNotText { .. } | Self::ExportTaken { .. } => {
                "output-failed"
            }
            Self::NoArtifact { .. } => "artifact-missing",
            Self::ArtifactDamaged(_) => "artifact-damaged",
            Self::BadState { .. } | Self::LostState { .. } => "local-state-damaged",
            Self::NoStack(_) => "no-such-stack",
            Self::Protected(_) => "stack-protected",
            Self::NothingToCancel(_) => "cannot-cancel",
            Self::Retain(_) => "retain-too-early",
            Self::NoFunction(missing) => missing.code(),
            Self::NoPackage { .. } => "no-such-function",
            Self::NoLogs => "no-logs",
            Self::NoDrift => "no-drift",
            Self::Fs(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Busy { owner, .. } => match owner {
                Some(owner) => format!("wait for it, or stop process {}", owner.pid),
                None => "wait for it and run the command again".into(),
            },
            Self::Parameters { .. } => {
                "set values in the manifest: `[parameters]`, or `[stages.NAME.parameters]`".into()
            }
            Self::Protected(_) => {
                "set `termination-protection = false` in `[deploy]` and deploy once more".into()
            }
            Self::Retain(_) => "run `phalanx delete --local` without `--retain`".into(),
            Self::BadName { .. } => {
                "use letters, digits and `-`, a letter first, at most 128".into()
            }
            Self::NoArtifact { stale: true, .. } => "run `phalanx deploy --local`".into(),
            Self::NoArtifact { stale: false, .. } => {
                "the local cloud holds only packages that Phalanx made: give the function a `code` \
                 path in `[functions]`"
                    .into()
            }
            Self::ArtifactDamaged(_) | Self::NoStack(_) => "run `phalanx deploy --local`".into(),
            Self::BadState { path, .. } => {
                format!("it was changed by hand: restore it, or remove `{}`", path.display())
            }
            Self::LostState { path, .. } => format!(
                "it was removed by hand: restore it, or remove the folder `{}` to start the stack anew",
                path.parent().unwrap_or(path).display()
            ),
            Self::NoFunction(missing) => return missing.hints(),
            Self::NoLogs => {
                "`phalanx invoke FUNCTION --local` shows what the function prints".into()
            }
            Self::NoDrift => "leave out `--local` to look at the stack in AWS".into(),
            Self::Property { source, .. }
            | Self::Output { source, .. }
            | Self::Conditions(source) => {
                return source.hints();
            }
            Self::Fs(error) => return error.hints(),
            _ => return Vec::new(),
        };
        vec![hint]
    }
}
