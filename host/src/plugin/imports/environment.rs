//! `environment`: reads named variables.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::environment::Host;
use super::super::hook::Object;
use super::super::state::State;

impl Host for State {
    /// The contract has no failure here: a variable that is not granted is not there, and the log
    /// tells that it was asked for.
    fn get(&mut self, name: String) -> Result<Option<String>> {
        let services = Arc::clone(&self.world(Object::Capability, "environment.get")?.services);
        if let Err(failure) = self.identity.grants.variable(&name) {
            self.deny(failure);
            return Ok(None);
        }
        Ok(services.environment(&name))
    }
}
