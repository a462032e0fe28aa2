//! Who has to act on a plugin's error, and what to do about it.

use super::{NotComponent, PluginError, Problem, Stage, ticked};
use crate::hint::{Explain, Kind, nearest};
use crate::plugin::contract;
use crate::plugin::hook::Hook;
use crate::text::size;

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
            | Problem::Stubbed { .. }
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
                if let (true, Stage::Hook(hook)) = (hints.is_empty(), self.stage)
                    && hook != Hook::Rollback
                {
                    hints.push(format!(
                        "`on-failure = \"warn\"` in `[plugins.{plugin}]` lets the run go on without what this plugin does here"
                    ));
                }
                hints
            }
            Problem::Trap { .. } | Problem::Exit { .. } => vec![
                "this is a bug of the plugin: report it to its author, with what it logged".into(),
            ],
            Problem::Stubbed { .. } => vec![
                "this is a bug of the plugin: it must do without, or be built with WASI (for Python, without `--stub-wasi`)".into(),
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
        let (Problem::Trap { frames, .. }
        | Problem::StackOverflow { frames, .. }
        | Problem::MemoryLimit { frames, .. }
        | Problem::TimeLimit { frames, .. }
        | Problem::HandleLimit { frames, .. }
        | Problem::DataLimit { frames, .. }
        | Problem::Exit { frames, .. }
        | Problem::Stubbed { frames, .. }
        | Problem::Misuse { frames, .. }) = &*self.problem
        else {
            return None;
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
            Problem::WrongVersion { .. } | Problem::NewerFunction { .. } => {
                "plugin-contract-version"
            }
            Problem::MissingFunction { .. } | Problem::WrongType { .. } | Problem::Link { .. } => {
                "plugin-wrong-type"
            }
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
            Problem::Stubbed { .. } => "plugin-wasi-stubbed",
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

impl PluginError {
    fn limit_hint(&self, key: &str, example: &str) -> Vec<String> {
        vec![format!(
            "if the plugin really needs more, set `{key}` in `[plugins.{}.limits]`, such as `{key} = {example}`",
            self.plugin
        )]
    }
}
