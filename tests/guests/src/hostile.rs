//! Does one bad thing in one hook: `config = { mode = "loop", hook = "template-decorate" }`.
//!
//! It exports every hook, so any may be chosen; `hook` is `template-decorate` unless named. What it
//! would need a capability for is in guests of its own: a component's type says what it imports.

use std::hint::black_box;

use phalanx_plugin::bindings::wire;
use phalanx_plugin::{
    Failure, Finding, Pointer, PostBuild, PostProvision, PreBuild, Result, Rollback, Severity,
    Teardown, TemplateDecorate, TemplateValidate, context, json, log, template,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hostile {
    mode: Mode,
    #[serde(default = "template_decorate")]
    hook: String,
}

fn template_decorate() -> String {
    "template-decorate".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Behaves.
    Nothing,
    /// Loops for ever.
    Loop,
    /// Calls the host for ever.
    LoopInHost,
    /// Allocates without end.
    Allocate,
    /// Recurses without end.
    Recurse,
    /// Executes `unreachable`.
    Trap,
    /// Panics with a message.
    Panic,
    /// Edits the template and the context, then traps.
    EditThenTrap,
    /// Edits the template and the context, then fails.
    EditThenFail,
    /// Returns a failure with a hint.
    Fail,
    /// Returns a failure with terminal escapes in all its parts.
    FailWithEscapes,
    /// Writes 64 MiB of log.
    FloodLog,
    /// Writes terminal escapes into the log.
    Escapes,
    /// Sets the template to a text that is not JSON.
    NotJson,
    /// Sets a context key to a text that is not JSON.
    ContextNotJson,
    /// Sets a pointer that leads into a text.
    ScalarParent,
    /// Sets a pointer that is none.
    BadPointer,
    /// Edits the template, whatever the hook.
    EditTemplate,
    /// Reads the template, whatever the hook.
    ReadTemplate,
    /// Passes a text of 100 MB to the host.
    HugeString,
    /// Adds a resource that refers to nothing.
    DanglingRef,
    /// Adds two resources that depend on each other.
    Cycle,
    /// Adds a resource without a type.
    NoType,
    /// Adds a resource whose id is taken: the first there is.
    TakenId,
    /// Removes all resources.
    RemoveAll,
    /// Replaces the document by a list.
    ReplaceByList,
    /// Returns a finding with an unknown severity, a bad pointer and terminal escapes.
    OddFinding,
    /// Returns a finding that is an error.
    ErrorFinding,
    /// Returns 100,000 findings.
    FloodFindings,
}

impl Hostile {
    fn act(&self, hook: &str) -> Result {
        if self.hook == hook { self.misbehave() } else { Ok(()) }
    }

    fn misbehave(&self) -> Result {
        match self.mode {
            Mode::Nothing | Mode::OddFinding | Mode::ErrorFinding | Mode::FloodFindings => {}
            Mode::Loop => loop {
                black_box(0);
            },
            Mode::LoopInHost => loop {
                black_box(context::keys());
            },
            Mode::Allocate => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(black_box(vec![1_u8; 1 << 20]));
                }
            }
            Mode::Recurse => {
                black_box(recurse(1));
            }
            Mode::Trap => unreachable_instruction(),
            Mode::Panic => panic!("the cache is empty"),
            Mode::EditThenTrap => {
                edit()?;
                unreachable_instruction();
            }
            Mode::EditThenFail => {
                edit()?;
                return Err(Failure::new("second-thoughts", "changed its mind after editing"));
            }
            Mode::Fail => {
                return Err(Failure::new("no-quota", "the account has no quota for queues")
                    .with_hint("ask for a higher quota"));
            }
            Mode::FailWithEscapes => {
                return Err(Failure::new("a\x1b[31mb", "red \x1b[31mtext\x07\r\nand \u{202e}back")
                    .with_hint("\x1b]0;title\x07hint\x1b[2J"));
            }
            Mode::FloodLog => {
                let line = "x".repeat(1 << 10);
                (0..64 << 10).for_each(|_| log::info!("{line}"));
            }
            Mode::Escapes => {
                log::warn!("\x1b[2J\x1b[31mred\x1b[0m \x07bell\rcarriage\nnewline \u{9b}c1")
            }
            Mode::NotJson => edited(wire::template_edit::set("/Metadata", "{not json"))?,
            Mode::ContextNotJson => edited(wire::context::set("hostile", "{not json"))?,
            Mode::ScalarParent => template::set("/AWSTemplateFormatVersion/x/y", &1)?,
            Mode::BadPointer => template::set("Resources/X", &1)?,
            Mode::EditTemplate => template::set("/Metadata/Hostile", &true)?,
            Mode::ReadTemplate => {
                log::info!("there are {} resources", template::logical_ids().len())
            }
            Mode::HugeString => context::set("huge", &"x".repeat(100_000_000))?,
            Mode::DanglingRef => template::add_resource(
                "Dangling",
                &json!({
                    "Type": "AWS::SNS::Topic",
                    "Properties": { "DisplayName": { "Ref": "NoSuchThing" } },
                }),
            )?,
            Mode::Cycle => {
                for (id, other) in [("Chicken", "Egg"), ("Egg", "Chicken")] {
                    let topic = json!({ "Type": "AWS::SNS::Topic", "DependsOn": other });
                    template::add_resource(id, &topic)?;
                }
            }
            Mode::NoType => template::add_resource("Typeless", &json!({ "Properties": {} }))?,
            Mode::TakenId => {
                let ids = template::logical_ids();
                let first = ids.first().ok_or_else(|| Failure::new("empty", "no resources"))?;
                template::add_resource(first, &json!({ "Type": "AWS::SNS::Topic" }))?;
            }
            Mode::RemoveAll => {
                template::remove("/Resources")?;
            }
            Mode::ReplaceByList => template::replace(&json!([1, 2]))?,
        }
        Ok(())
    }
}

fn edit() -> Result {
    context::set("hostile.was-here", &true)?;
    template::set("/Metadata/Hostile", &true)?;
    template::add_resource("HostileTopic", &json!({ "Type": "AWS::SNS::Topic" }))
}

fn edited(result: Result<(), wire::types::Failure>) -> Result {
    result.map_err(|failure| Failure::new(failure.code, failure.message))
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    if depth == u64::MAX {
        return 0;
    }
    recurse(depth + 1) + room[(depth % 64) as usize]
}

#[inline(never)]
fn unreachable_instruction() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
}

impl PreBuild for Hostile {
    fn pre_build(&self) -> Result {
        self.act("pre-build")
    }
}

impl PostBuild for Hostile {
    fn post_build(&self) -> Result {
        self.act("post-build")
    }
}

impl TemplateDecorate for Hostile {
    fn decorate_service(&self) -> Result {
        self.act("template-decorate")
    }
}

impl TemplateValidate for Hostile {
    fn validate(&self) -> Result<Vec<Finding>> {
        self.act("template-validate")?;
        let error = |message: &str| {
            let at = Pointer::from("/Resources");
            Finding::new(Severity::Error, "no-resources", at, message).with_hint("remove them")
        };
        Ok(match self.mode {
            Mode::ErrorFinding => vec![error("resources are not allowed here")],
            Mode::OddFinding => {
                let at = Pointer::from("no pointer");
                vec![Finding::new(Severity::Warning, "Odd \x1b[31mrule", at, "a\x1b[2Jb\nc")]
            }
            Mode::FloodFindings => (0..100_000).map(|_| error("again")).collect(),
            _ => Vec::new(),
        })
    }
}

impl PostProvision for Hostile {
    fn post_provision(&self) -> Result {
        self.act("post-provision")
    }
}

impl Rollback for Hostile {
    fn rollback(&self) -> Result {
        self.act("rollback")
    }
}

impl Teardown for Hostile {
    fn pre_delete(&self) -> Result {
        self.act("pre-delete")
    }

    fn post_delete(&self) -> Result {
        self.act("post-delete")
    }
}

phalanx_plugin::export!(
    Hostile: pre_build, post_build, template_decorate, template_validate, post_provision, rollback,
    teardown
);
