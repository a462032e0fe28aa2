//! `run`: read-only facts, and the plugin's own configuration.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::run::Host;
use super::super::hook::Object;
use super::super::state::{OutOfScope, State};
use super::super::world::Facts;

fn facts<'a>(state: &'a mut State, function: &'static str) -> Result<&'a Arc<Facts>, OutOfScope> {
    state.world(Object::Run, function).map(|world| &world.facts)
}

impl Host for State {
    fn service(&mut self) -> Result<String> {
        Ok(facts(self, "service")?.service.clone())
    }

    fn stage(&mut self) -> Result<String> {
        Ok(facts(self, "stage")?.stage.clone())
    }

    fn stack_name(&mut self) -> Result<String> {
        Ok(facts(self, "stack-name")?.stack_name.clone())
    }

    fn region(&mut self) -> Result<String> {
        Ok(facts(self, "region")?.region.clone())
    }

    fn account(&mut self) -> Result<Option<String>> {
        Ok(facts(self, "account")?.account.clone())
    }

    fn build_id(&mut self) -> Result<String> {
        Ok(facts(self, "build-id")?.build_id.clone())
    }

    fn dry_run(&mut self) -> Result<bool> {
        Ok(facts(self, "dry-run")?.dry_run)
    }

    fn config(&mut self) -> Result<String> {
        facts(self, "config")?;
        Ok(self.identity.config.clone())
    }
}
