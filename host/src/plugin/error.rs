//! What can go wrong with a plugin: each cause by itself, with what to do about it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::contract;
use super::hook::{Hook, Object};
use crate::hint::{Explain, Kind, nearest};
use crate::text::{count, size};

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
    #[error("it has {}, and at most {} are accepted", size(*found), size(*limit))]
    TooLarge {
        /// Bytes it has.
        found: u64,
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
    #[error("`{function}` of `{interface}` has the wrong type: expected `{expected}`, found `{found}`")]
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
    /// A capability of the contract that comes later.
    #[error("it needs the capability `{capability}`, which is not offered by this version of Phalanx")]
    NotOffered {
        /// The interface.
        capability: String,
    },
    /// Capabilities that the manifest does not grant.
    #[error("it needs {} that the manifest does not grant: {}", count(missing.len(), "capability").replace("capabilitys", "capabilities"), names(missing))]
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

    fn limit_hint(&self, key: &str, example: &str) -> Vec<String> {
        vec![format!(
            "if the plugin really needs more, set `{key}` in `[plugins.{}.limits]`, such as `{key} = {example}`",
            self.plugin
        )]
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

impl Explain for PluginError {
    fn kind(&self) -> Kind {
        match &*self.problem {
            Problem::NotComponent(_)
            | Problem::TooLarge { .. }
            | Problem::Invalid { .. }
            | Problem::NoHook { .. }
            | Problem::UnknownImport { .. }
            | Problem::FutureWasi { .. }
            | Problem::WrongVersion { .. }
            | Problem::NewerFunction { .. }
            | Problem::MissingFunction { .. }
            | Problem::WrongType { .. }
            | Problem::Link { .. }
            | Problem::NotOffered { .. }
            | Problem::BadGrant { .. }
            | Problem::BadSchema { .. } => Kind::BadInput,
            Problem::NotGranted { .. }
            | Problem::Failure { .. }
            | Problem::Trap { .. }
            | Problem::StackOverflow { .. }
            | Problem::MemoryLimit { .. }
            | Problem::TimeLimit { .. }
            | Problem::HandleLimit { .. }
            | Problem::DataLimit { .. }
            | Problem::Exit { .. }
            | Problem::Misuse { .. } => Kind::Refused,
            Problem::Compiler { .. } | Problem::Engine { .. } => Kind::Failed,
        }
    }

    fn hints(&self) -> Vec<String> {
        let plugin = &self.plugin;
        match &*self.problem {
            Problem::NotComponent(NotComponent::CoreModule) => vec![
                "turn it into a component with `wasm-tools component new`, or build it with `phalanx plugin build`".into(),
            ],
            Problem::NotComponent(NotComponent::Text) => {
                vec!["turn it into binary form with `wasm-tools parse`".into()]
            }
            Problem::NotComponent(NotComponent::Precompiled) => {
                vec!["give the component (`.wasm`) itself: Phalanx compiles and caches it".into()]
            }
            Problem::NotComponent(_) | Problem::Invalid { .. } => {
                vec!["it may be damaged or cut short: build or download it again".into()]
            }
            Problem::TooLarge { .. } => {
                vec!["strip debug information from it, for instance with `wasm-tools strip`".into()]
            }
            Problem::Compiler { .. } => vec![
                "`phalanx plugin inspect` tells more; a component that the compiler cannot handle must be rebuilt".into(),
            ],
            Problem::NoHook { exports } => {
                let mut hints = vec![format!(
                    "export one of {}",
                    contract::hook_interfaces()
                        .iter()
                        .map(|name| format!("`{}/{name}`", contract::PACKAGE))
                        .collect::<Vec<_>>()
                        .join(", ")
                )];
                if !exports.is_empty() {
                    hints.push(format!("it exports {}", ticked(exports)));
                }
                hints
            }
            Problem::UnknownImport { import } => unknown_import_hints(import),
            Problem::FutureWasi { .. } => vec![
                "build it for WASI 0.2: `wasm32-wasip2` for Rust, `--backend-qjs-disable-async` for jco, without async exports for componentize-py".into(),
            ],
            Problem::WrongVersion { .. } | Problem::NewerFunction { .. } => vec![format!(
                "update Phalanx, or use a version of the plugin that was built against `{}@{}`",
                contract::PACKAGE,
                contract::VERSION
            )],
            Problem::MissingFunction { .. } | Problem::WrongType { .. } | Problem::Link { .. } => {
                vec![format!(
                    "rebuild it against `wit/pipeline.wit` of `{}@{}`",
                    contract::PACKAGE,
                    contract::VERSION
                )]
            }
            Problem::NotOffered { .. } => Vec::new(),
            Problem::NotGranted { missing } => missing
                .iter()
                .map(|grant| {
                    format!(
                        "if you trust it with `{}`, add `{}` to `[plugins.{plugin}.grants]`",
                        grant.capability, grant.example
                    )
                })
                .collect(),
            Problem::BadGrant { grant, .. } => {
                vec![format!("mend `{grant}` in `[plugins.{plugin}.grants]`")]
            }
            Problem::BadSchema { .. } => {
                vec!["its author must mend `config-schema`; until then use another version".into()]
            }
            Problem::Failure { hint, memory_limit, .. } => {
                let mut hints: Vec<_> = hint.iter().cloned().collect();
                if let Some(limit) = memory_limit {
                    hints.push(format!(
                        "it had reached its memory limit of {}: `memory` in `[plugins.{plugin}.limits]`",
                        size(*limit)
                    ));
                }
                hints
            }
            Problem::Trap { .. } | Problem::Exit { .. } => vec![
                "this is a bug of the plugin: report it to its author, with what it logged".into(),
            ],
            Problem::StackOverflow { .. } => self.limit_hint("stack", "\"4MiB\""),
            Problem::MemoryLimit { .. } => self.limit_hint("memory", "\"512MiB\""),
            Problem::TimeLimit { .. } => self.limit_hint("time", "\"60s\""),
            Problem::HandleLimit { .. } => self.limit_hint("handles", "16384"),
            Problem::DataLimit { .. } => self.limit_hint("host-data", "\"64MiB\""),
            Problem::Misuse { object, .. } => vec![format!(
                "this is a bug of the plugin: `{}` can be used in {}",
                object.name(),
                ticked(object.hooks())
            )],
            Problem::Engine { .. } => Vec::new(),
        }
    }

    fn details(&self) -> Option<String> {
        let frames = match &*self.problem {
            Problem::Trap { frames, .. }
            | Problem::StackOverflow { frames, .. }
            | Problem::MemoryLimit { frames, .. }
            | Problem::TimeLimit { frames, .. }
            | Problem::HandleLimit { frames, .. }
            | Problem::DataLimit { frames, .. }
            | Problem::Exit { frames, .. }
            | Problem::Misuse { frames, .. } => frames,
            _ => return None,
        };
        if frames.is_empty() {
            return None;
        }
        let mut text = "in the plugin's functions, innermost first:".to_owned();
        for frame in frames {
            text.push_str("\n  ");
            text.push_str(frame);
        }
        Some(text)
    }

    fn code(&self) -> &'static str {
        match &*self.problem {
            Problem::NotComponent(_) => "plugin-not-a-component",
            Problem::TooLarge { .. } => "plugin-too-large",
            Problem::Invalid { .. } => "plugin-invalid",
            Problem::Compiler { .. } => "plugin-compiler",
            Problem::NoHook { .. } => "plugin-without-hook",
            Problem::UnknownImport { .. } => "plugin-unknown-import",
            Problem::FutureWasi { .. } => "plugin-wasi-version",
            Problem::WrongVersion { .. } | Problem::NewerFunction { .. } => "plugin-contract-version",
            Problem::MissingFunction { .. } | Problem::WrongType { .. } | Problem::Link { .. } => {
                "plugin-wrong-type"
            }
            Problem::NotOffered { .. } => "plugin-capability-not-offered",
            Problem::NotGranted { .. } => "plugin-not-granted",
            Problem::BadGrant { .. } => "plugin-bad-grant",
            Problem::BadSchema { .. } => "plugin-bad-schema",
            Problem::Failure { .. } => "plugin-failure",
            Problem::Trap { .. } => "plugin-trap",
            Problem::StackOverflow { .. } => "plugin-stack-limit",
            Problem::MemoryLimit { .. } => "plugin-memory-limit",
            Problem::TimeLimit { .. } => "plugin-time-limit",
            Problem::HandleLimit { .. } => "plugin-handle-limit",
            Problem::DataLimit { .. } => "plugin-data-limit",
            Problem::Exit { .. } => "plugin-exit",
            Problem::Misuse { .. } => "plugin-misuse",
            Problem::Engine { .. } => "plugin-engine",
        }
    }
}

fn unknown_import_hints(import: &str) -> Vec<String> {
    let offered: Vec<_> = contract::OBJECTS
        .iter()
        .chain(contract::CAPABILITIES)
        .map(|interface| format!("{}/{}", contract::PACKAGE, interface.name))
        .collect();
    let path = import.split('@').next().unwrap_or(import);
    match contract::Name::parse(import) {
        Some(name) if name.package == contract::PACKAGE => {
            let near = nearest(path, offered.iter().map(String::as_str));
            near.map(|near| format!("did you mean `{near}`?"))
                .into_iter()
                .chain(["it may have been built for a newer Phalanx".to_owned()])
                .collect()
        }
        _ => vec![format!(
            "a plugin may import `{}` and WASI 0.2 (`wasi:cli`, `clocks`, `filesystem`, `http`, `io`, `random`, `sockets`)",
            contract::PACKAGE
        )],
    }
}

fn ticked<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
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
