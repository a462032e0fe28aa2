//! `context`: the map that all plugins of a run share.

use wasmtime::Result;

use super::super::bindings::{WitFailure, context::Host};
use super::super::hook::Object;
use super::super::state::{OutOfScope, State};
use super::{failure, json, text};
use crate::context::Context;

fn context<'a>(
    state: &'a mut State,
    function: &'static str,
) -> Result<&'a mut Context, OutOfScope> {
    state.world(Object::Context, function).map(|world| &mut world.context)
}

impl Host for State {
    fn get(&mut self, key: String) -> Result<Option<String>> {
        Ok(context(self, "get")?.get(&key).map(text))
    }

    fn set(&mut self, key: String, value: String) -> Result<Result<(), WitFailure>> {
        let context = context(self, "set")?;
        let value = match json(&key, &value) {
            Ok(value) => value,
            Err(failure) => return Ok(Err(failure)),
        };
        Ok(context.set(&key, value).map_err(|error| failure(&error)))
    }

    fn remove(&mut self, key: String) -> Result<Result<bool, WitFailure>> {
        Ok(context(self, "remove")?.remove(&key).map_err(|error| failure(&error)))
    }

    fn keys(&mut self) -> Result<Vec<String>> {
        Ok(context(self, "keys")?.keys().map(str::to_owned).collect())
    }
}
