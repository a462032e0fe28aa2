//! What can go wrong between the steps, rather than inside a worker.

use crate::fs::FsError;
use crate::hint::{Explain, Kind};
use crate::template::Finding;

/// A failure of the pipeline itself.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The user interrupted.
    #[error("interrupted during `{at}`")]
    Interrupted {
        /// The step under way.
        at: &'static str,
    },
    /// The user interrupted a plugin.
    #[error("interrupted while plugin `{plugin}` ran at `{hook}`")]
    HookInterrupted {
        /// The plugin.
        plugin: String,
        /// Its hook.
        hook: &'static str,
    },
    /// The user interrupted while the cloud worked on the stack, which goes on.
    #[error("interrupted; stack `{stack}` goes on without this run: it is {status}")]
    LeftAlone {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
    },
    /// The user had the update cancelled.
    #[error("interrupted; the update of stack `{stack}` was cancelled and undone")]
    Cancelled {
        /// The stack.
        stack: String,
    },
    /// The stack policy is not JSON.
    #[error("the stack policy `{path}` is not JSON")]
    StackPolicy {
        /// The file, as the manifest names it.
        path: String,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// The user interrupted a function.
    #[error("interrupted; the function was stopped")]
    InvokeInterrupted,
    /// There is no such stack.
    #[error("there is no stack `{stack}` in the `{cloud}` cloud")]
    NoStack {
        /// The stack's name.
        stack: String,
        /// The cloud's name.
        cloud: &'static str,
        /// The stage asked for.
        stage: String,
    },
    /// A plugin's file cannot be read.
    #[error("plugin `{plugin}` cannot be loaded")]
    Unreadable {
        /// The plugin's name in the manifest.
        plugin: String,
        /// Where the manifest names the file.
        location: String,
        /// A file with a similar name.
        near: Option<String>,
        /// Why not.
        source: FsError,
    },
    /// A built-in plugin that does not exist.
    #[error("plugin `{plugin}`: there is no built-in plugin `{wanted}`")]
    NoBuiltin {
        /// The plugin's name in the manifest.
        plugin: String,
        /// The built-in's name.
        wanted: String,
        /// Where the manifest says so.
        location: String,
    },
    /// A plugin's configuration does not match its schema.
    #[error("the configuration of plugin `{plugin}` does not fit its schema")]
    Config {
        /// The plugin's name.
        plugin: String,
        /// Each: JSON Pointer into the configuration, and what is wrong there.
        problems: Vec<(String, String)>,
        /// Where the manifest says so.
        location: String,
    },
    /// A function is decorated by a plugin that decorates nothing.
    #[error(
        "function `{function}` names plugin `{plugin}` in `decorators`, and it has no `template-decorate` hook"
    )]
    NotADecorator {
        /// The function.
        function: String,
        /// The plugin.
        plugin: String,
        /// The hooks it does have.
        hooks: Vec<&'static str>,
    },
    /// The checks found errors in the template.
    #[error("the template has {}", crate::text::count(findings.len(), "error"))]
    Template {
        /// Every finding with severity error.
        findings: Vec<Finding>,
        /// True when a validator plugin refused, rather than a built-in check.
        refused: bool,
    },
    /// `explain` was asked about something that is not there.
    #[error("the template has nothing at `{subject}`")]
    NoSuchValue {
        /// What was asked.
        subject: String,
        /// The nearest thing that exists.
        nearest: Option<String>,
    },
    /// The user did not confirm the plan.
    #[error("the plan was not confirmed; nothing was changed")]
    NotConfirmed,
    /// The plan destroys data, and nobody is there to be asked.
    #[error(
        "the plan destroys what {} {}, and nobody is there to confirm it; nothing was changed",
        resources.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "),
        if resources.len() == 1 { "holds" } else { "hold" }
    )]
    Destructive {
        /// The logical ids of the resources that lose data.
        resources: Vec<String>,
    },
}

impl Explain for PipelineError {
    fn kind(&self) -> Kind {
        match self {
            Self::Interrupted { .. }
            | Self::HookInterrupted { .. }
            | Self::LeftAlone { .. }
            | Self::Cancelled { .. }
            | Self::InvokeInterrupted => Kind::Interrupted,
            Self::NoStack { .. } | Self::NotConfirmed | Self::Destructive { .. } => Kind::Failed,
            Self::StackPolicy { .. }
            | Self::Unreadable { .. }
            | Self::NoBuiltin { .. }
            | Self::Config { .. }
            | Self::NotADecorator { .. }
            | Self::NoSuchValue { .. } => Kind::BadInput,
            Self::Template { refused: true, .. } => Kind::Refused,
            Self::Template { .. } => Kind::BadInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Interrupted { .. } | Self::HookInterrupted { .. } | Self::InvokeInterrupted => {
                "interrupted"
            }
            Self::LeftAlone { .. } => "stack-goes-on",
            Self::Cancelled { .. } => "update-cancelled",
            Self::StackPolicy { .. } => "stack-policy",
            Self::NoStack { .. } => "no-stack",
            Self::Unreadable { .. } => "plugin-unreadable",
            Self::NoBuiltin { .. } => "no-such-builtin",
            Self::Config { .. } => "plugin-config",
            Self::NotADecorator { .. } => "not-a-decorator",
            Self::Template { .. } => "template-invalid",
            Self::NoSuchValue { .. } => "no-such-value",
            Self::NotConfirmed => "not-confirmed",
            Self::Destructive { .. } => "destructive",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Interrupted { .. } | Self::HookInterrupted { .. } => vec!["run the same command again to go on".into()],
            Self::LeftAlone { status, .. } => {
                let again = "`phalanx status` tells how it stands; the same command again follows it to its end";
                let mut hints = vec![again.to_owned()];
                if status == "CREATE_IN_PROGRESS" {
                    hints.push("`phalanx delete` breaks the creation off and removes what is there".into());
                }
                hints
            }
            Self::Cancelled { .. } => vec!["run the same command again to make the update after all".into()],
            Self::StackPolicy { path, .. } => vec![format!("correct `{path}`, or `stack-policy` in `[deploy]`")],
            Self::NoStack { stage, cloud, .. } => vec![format!(
                "deploy it first with `phalanx deploy{} --stage {stage}`, or name another stage with `--stage`",
                if *cloud == "local" { " --local" } else { "" }
            )],
            Self::Unreadable { plugin, location, near, .. } => {
                let mut hints =
                    Vec::from_iter(near.as_ref().map(|name| format!("did you mean `{name}`?")));
                hints.push(format!(
                    "build the plugin first, or correct `source` of `[plugins.{plugin}]`, at {location}"
                ));
                hints
            }
            Self::NoBuiltin { wanted, location, .. } => {
                let names: Vec<_> = crate::registry::builtin::names().collect();
                let near = crate::hint::nearest(wanted, names.iter().copied());
                let mut hints =
                    Vec::from_iter(near.map(|name| format!("did you mean `builtin:{name}`?")));
                hints.push(format!("built-in plugins: {}; see {location}", names.join(", ")));
                hints
            }
            Self::Config { plugin, location, .. } => vec![
                format!("correct `config` of `[plugins.{plugin}]`, at {location}"),
                format!("run `phalanx plugin inspect {plugin}` to see the schema"),
            ],
            Self::NotADecorator { function, plugin, hooks } => vec![format!(
                "take `{plugin}` out of `functions.{function}.decorators`; it runs at {} for the whole service",
                hooks.join(", ")
            )],
            Self::NoSuchValue { nearest, .. } => {
                let mut hints =
                    Vec::from_iter(nearest.as_ref().map(|near| format!("did you mean `{near}`?")));
                hints.push("name a logical id and a path, such as `Queue.Properties.Tags`, or a JSON Pointer, such as `/Outputs/Url`".into());
                hints
            }
            Self::Destructive { .. } => vec![
                "if that is meant, run the command again with `--allow-destructive`".into(),
                "`DeletionPolicy` and `UpdateReplacePolicy` with the value `Retain` keep a resource that is removed or replaced".into(),
            ],
            Self::NotConfirmed | Self::Template { .. } | Self::InvokeInterrupted => Vec::new(),
        }
    }

    fn details(&self) -> Option<String> {
        match self {
            Self::Config { problems, .. } => Some(
                problems
                    .iter()
                    .map(|(pointer, message)| {
                        let place = if pointer.is_empty() { "config" } else { pointer };
                        format!("  {place}: {message}")
                    })
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
            Self::Template { findings, .. } => {
                let shown = findings.iter().take(super::check::SHOWN).map(super::check::render);
                let mut text = shown.collect::<Vec<_>>().join("\n");
                if let Some(more @ 1..) = findings.len().checked_sub(super::check::SHOWN) {
                    text.push_str(&format!("\n  … and {more} more"));
                }
                Some(text)
            }
            _ => None,
        }
    }
}
