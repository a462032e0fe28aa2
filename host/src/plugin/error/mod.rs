//! What can go wrong with a plugin: each cause by itself, with what to do about it.

mod explain;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::contract;
use super::hook::{Hook, Object};
use crate::text::size;

/// A plugin that cannot be loaded, or whose call failed. Nothing of the call was kept.
#[derive(Debug)]
pub struct PluginError {
    plugin: String,
    version: Option<String>,
    stage: Stage,
    problem: Box<Problem>,
}

/// Where in a plugin's life it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before any of its code ran.
    Load,
    /// While it told the schema of its config.
    Schema,
    /// In a hook.
    Hook(Hook),
}

/// Why a file is no component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotComponent {
    /// A WebAssembly module without the component layer.
    #[error("it is a core WebAssembly module, not a component")]
    CoreModule,
    /// The text format.
    #[error("it is WebAssembly text, not a component in binary form")]
    Text,
    /// Machine code.
    #[error("it is precompiled machine code, which is never accepted from outside")]
    Precompiled,
    /// Something else.
    #[error("it is not WebAssembly")]
    Other,
    /// Nothing.
    #[error("it is empty")]
    Empty,
}

/// Why a plugin cannot be loaded or a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is no component.
    #[error("{0}")]
    NotComponent(NotComponent),
    /// The component exceeds the limit.
    #[error("it is larger than the {} that are accepted", size(*limit))]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The component is damaged or uses what is switched off.
    #[error("it is not a valid component: {reason}")]
    Invalid {
        /// What the parser or compiler says.
        reason: String,
    },
    /// The compiler failed.
    #[error("it could not be compiled: {reason}")]
    Compiler {
        /// What happened to the compiler.
        reason: String,
    },
    /// No hook is exported.
    #[error("it exports no hook")]
    NoHook {
        /// What it exports instead.
        exports: Vec<String>,
    },
    /// It wants an interface that nobody offers.
    #[error("it imports `{import}`, which Phalanx does not offer")]
    UnknownImport {
        /// The import.
        import: String,
    },
    /// It was built for WASI 0.3.
    #[error("it imports `{import}`: WASI 0.3 is not supported, only 0.2")]
    FutureWasi {
        /// The import.
        import: String,
    },
    /// It was built for another major version of the contract.
    #[error(
        "it was built for `{interface}`, and this Phalanx speaks version {} of that contract",
        contract::VERSION
    )]
    WrongVersion {
        /// The import or export.
        interface: String,
    },
    /// It was built for a newer minor version and calls what is new there.
    #[error("it calls `{function}` of `{interface}`, which this Phalanx does not have yet")]
    NewerFunction {
        /// The import.
        interface: String,
        /// The function.
        function: String,
    },
    /// A hook interface lacks a function.
    #[error("it exports `{interface}` without `{function}`")]
    MissingFunction {
        /// The export.
        interface: String,
        /// The function.
        function: &'static str,
    },
    /// A function's type differs from the contract's.
    #[error(
        "`{function}` of `{interface}` has the wrong type: expected `{expected}`, found `{found}`"
    )]
    WrongType {
        /// The import or export.
        interface: String,
        /// The function.
        function: String,
        /// Its type in the contract.
        expected: String,
        /// Its type in the component.
        found: String,
    },
    /// The linker found a difference that the checks above do not name.
    #[error("its imports cannot be satisfied: {reason}")]
    Link {
        /// What the linker says.
        reason: String,
    },
    /// Capabilities that the manifest does not grant.
    #[error("it needs {} that the manifest does not grant: {}", capabilities(missing.len()), names(missing))]
    NotGranted {
        /// Each with what would grant it.
        missing: Vec<MissingGrant>,
    },
    /// A grant that cannot be understood.
    #[error("the grant `{grant}` has `{pattern}`, which is not a valid pattern: {reason}")]
    BadGrant {
        /// The key in `grants`.
        grant: &'static str,
        /// As written.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The config schema is not a JSON Schema.
    #[error("the schema it gives for its config is not usable: {reason}")]
    BadSchema {
        /// What is wrong with it.
        reason: String,
    },
    /// The plugin said no.
    #[error("{message}")]
    Failure {
        /// The plugin's own code.
        code: String,
        /// The plugin's message.
        message: String,
        /// The plugin's hint.
        hint: Option<String>,
        /// An allocation of this call was refused before.
        memory_limit: Option<u64>,
    },
    /// It trapped.
    #[error("it crashed: {reason}")]
    Trap {
        /// The trap in words.
        reason: String,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It recursed too deeply.
    #[error("it ran out of stack: {} are allowed", size(*limit))]
    StackOverflow {
        /// Bytes of WebAssembly stack.
        limit: u64,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It wanted too much memory.
    #[error(
        "it ran out of memory: it had {} and wanted {} more, of {} allowed in all its memories",
        size(*used), size(*wanted), size(*limit)
    )]
    MemoryLimit {
        /// Bytes in use.
        used: u64,
        /// Bytes wanted beyond those.
        wanted: u64,
        /// Bytes allowed.
        limit: u64,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It took too long.
    #[error("it was stopped after {}{}", seconds(*limit), waiting_text(waiting.as_ref()))]
    TimeLimit {
        /// Time allowed.
        limit: Duration,
        /// What of the host it was waiting for.
        waiting: Option<String>,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It opened too many handles.
    #[error("it opened more than the {limit} handles that are allowed at one time")]
    HandleLimit {
        /// Handles allowed.
        limit: u32,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It passed too much in one call.
    #[error("it passed more than the {} that are allowed in one call to the host", size(*limit))]
    DataLimit {
        /// Bytes allowed.
        limit: u64,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It ended itself.
    #[error("it called `exit({status})` instead of returning from the hook")]
    Exit {
        /// The status.
        status: i32,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It needs a part of WASI in whose place its build has put something that traps.
    #[error("it asked for {what}, and its build has left WASI out")]
    Stubbed {
        /// What it asked for.
        what: &'static str,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// It used an object in a hook that does not have it.
    #[error("it called `{function}` of `{}`, which {}", object.name(), scope_text(*stage))]
    Misuse {
        /// The object.
        object: Object,
        /// The function.
        function: &'static str,
        /// Where.
        stage: Stage,
        /// The guest's functions, innermost first.
        frames: Vec<String>,
    },
    /// The host itself failed.
    #[error("the plugin engine failed: {reason}")]
    Engine {
        /// What happened.
        reason: String,
    },
}

/// A capability that the manifest does not grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingGrant {
    /// The imported interface.
    pub capability: &'static str,
    /// A line for `[plugins.NAME.grants]`.
    pub example: &'static str,
}

impl PluginError {
    /// An error of the plugin `plugin`.
    pub(super) fn new(
        plugin: &str,
        version: Option<&str>,
        stage: Stage,
        problem: impl Into<Problem>,
    ) -> Self {
        let (plugin, version) = (plugin.to_owned(), version.map(str::to_owned));
        Self { plugin, version, stage, problem: Box::new(problem.into()) }
    }

    /// The plugin's name in the manifest.
    pub fn plugin(&self) -> &str {
        &self.plugin
    }

    /// The plugin's version, when the component tells one.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The hook that failed; none before any hook.
    pub fn hook(&self) -> Option<Hook> {
        match self.stage {
            Stage::Hook(hook) => Some(hook),
            Stage::Load | Stage::Schema => None,
        }
    }

    /// What went wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl std::error::Error for PluginError {}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin `{}`", self.plugin)?;
        if let Some(version) = &self.version {
            write!(f, " {version}")?;
        }
        match self.stage {
            Stage::Load => f.write_str(" cannot be loaded")?,
            Stage::Schema => f.write_str(" failed to tell its config schema")?,
            Stage::Hook(hook) => write!(f, " failed in `{hook}`")?,
        }
        write!(f, ": {}", self.problem)
    }
}

fn ticked<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

fn capabilities(number: usize) -> String {
    if number == 1 { "a capability".to_owned() } else { format!("{number} capabilities") }
}

fn names(missing: &[MissingGrant]) -> String {
    ticked(&missing.iter().map(|grant| grant.capability).collect::<Vec<_>>())
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_millis() as f64 / 1_000.0)
}

fn waiting_text(waiting: Option<&String>) -> String {
    waiting.map(|what| format!(", waiting for {what}")).unwrap_or_default()
}

fn scope_text(stage: Stage) -> String {
    match stage {
        Stage::Hook(hook) => format!("`{hook}` does not have"),
        Stage::Load | Stage::Schema => "is not there while the config schema is asked for".into(),
    }
}

/// Where cached code lies that was thrown away, and why; reported as a warning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the compiled code of plugin `{plugin}` in the cache was thrown away: {reason} (`{}`)", path.display())]
pub(super) struct RejectedCode {
    /// The plugin.
    pub plugin: String,
    /// The entry.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}
