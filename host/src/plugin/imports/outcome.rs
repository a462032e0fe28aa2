//! `outcome`: how the run went wrong.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::{WitFailure, outcome::Host};
use super::super::hook::Object;
use super::super::state::{OutOfScope, State};
use super::super::world::OutcomeView;

fn outcome<'a>(
    state: &'a mut State,
    function: &'static str,
) -> Result<&'a OutcomeView, OutOfScope> {
    let outcome = state.world(Object::Outcome, function)?.outcome.as_ref();
    outcome.map(Arc::as_ref).ok_or(OutOfScope { object: Object::Outcome, function })
}

impl Host for State {
    fn failed_step(&mut self) -> Result<String> {
        Ok(outcome(self, "failed-step")?.failed_step.clone())
    }

    fn error(&mut self) -> Result<WitFailure> {
        Ok(outcome(self, "error")?.error.clone().into())
    }

    fn completed(&mut self) -> Result<Vec<String>> {
        Ok(outcome(self, "completed")?.completed.clone())
    }
}
