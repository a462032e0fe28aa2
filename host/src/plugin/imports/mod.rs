//! The host functions, one file an interface.
//!
//! A function's first line makes sure that its object is in scope, or that what is asked for is
//! granted; both are decided elsewhere (`hook.rs`, `grants.rs`). What the guest does wrong is a `failure`
//! that it can handle; using what is not in scope is a trap.

mod artifacts;
mod aws;
mod commands;
mod context;
mod environment;
mod files;
mod images;
mod log;
mod outcome;
mod run;
mod stack;
mod tape;
mod template_edit;
mod template_view;
pub(super) mod wasi;

use serde_json::Value;
use wasmtime::component::{HasSelf, Linker};

use super::bindings::{self, WitFailure};
use super::inspect::Inspection;
use super::state::State;
use super::world::Failure;
use crate::text::{safe_line, shorten};

/// Links what the component imports and nothing else.
pub(super) fn link(linker: &mut Linker<State>, inspection: &Inspection) -> wasmtime::Result<()> {
    type Own = HasSelf<State>;
    let capabilities = inspection.capabilities.iter().map(|capability| &capability.interface);
    for interface in inspection.objects.iter().chain(capabilities) {
        match interface.as_str() {
            "run" => bindings::run::add_to_linker::<_, Own>(linker, |state| state),
            "log" => bindings::log::add_to_linker::<_, Own>(linker, |state| state),
            "context" => bindings::context::add_to_linker::<_, Own>(linker, |state| state),
            "template-view" => {
                bindings::template_view::add_to_linker::<_, Own>(linker, |state| state)
            }
            "template-edit" => {
                bindings::template_edit::add_to_linker::<_, Own>(linker, |state| state)
            }
            "artifacts" => bindings::artifacts::add_to_linker::<_, Own>(linker, |state| state),
            "stack" => bindings::stack::add_to_linker::<_, Own>(linker, |state| state),
            "outcome" => bindings::outcome::add_to_linker::<_, Own>(linker, |state| state),
            "commands" => bindings::commands::add_to_linker::<_, Own>(linker, |state| state),
            "files" => bindings::files::add_to_linker::<_, Own>(linker, |state| state),
            "images" => bindings::images::add_to_linker::<_, Own>(linker, |state| state),
            "aws" => bindings::aws::add_to_linker::<_, Own>(linker, |state| state),
            "environment" => bindings::environment::add_to_linker::<_, Own>(linker, |state| state),
            _ => Ok(()),
        }?;
    }
    if !inspection.wasi.is_empty() {
        wasi::link(linker, inspection.uses_http())?;
    }
    Ok(())
}

impl bindings::types::Host for State {}

/// Reads JSON that a plugin passed for `place`.
fn json(place: &str, text: &str) -> Result<Value, WitFailure> {
    serde_json::from_str(text).map_err(|error| {
        let place = shown(place);
        Failure::new("not-json", format!("the value for `{place}` is not JSON: {error}")).into()
    })
}

/// JSON for a plugin.
fn text(value: &Value) -> String {
    // A `Value` has only string keys and finite numbers, and a `String` takes everything.
    serde_json::to_string(value).expect("a JSON value can always be written")
}

/// What a plugin passed, as it may be shown.
fn shown(text: &str) -> String {
    shorten(&safe_line(text), 200).into_owned()
}

/// An error of the library, as a plugin gets it.
fn failure(error: &dyn crate::hint::Explain) -> WitFailure {
    WitFailure {
        code: error.code().to_owned(),
        message: error.to_string(),
        hint: error.hints().into_iter().next(),
    }
}
