//! `stack`: the deployed stack, read-only.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::stack::{Host, StackResource};
use super::super::hook::Object;
use super::super::state::{OutOfScope, State};
use super::super::world::StackView;

fn stack<'a>(state: &'a mut State, function: &'static str) -> Result<&'a StackView, OutOfScope> {
    let stack = state.world(Object::Stack, function)?.stack.as_ref();
    stack.map(Arc::as_ref).ok_or(OutOfScope { object: Object::Stack, function })
}

impl Host for State {
    fn id(&mut self) -> Result<String> {
        Ok(stack(self, "id")?.id.clone())
    }

    fn created(&mut self) -> Result<bool> {
        Ok(stack(self, "created")?.created)
    }

    fn unchanged(&mut self) -> Result<bool> {
        Ok(stack(self, "unchanged")?.unchanged)
    }

    fn outputs(&mut self) -> Result<Vec<(String, String)>> {
        Ok(stack(self, "outputs")?.outputs.clone())
    }

    fn resources(&mut self) -> Result<Vec<StackResource>> {
        let resources = stack(self, "resources")?.resources.iter().cloned();
        Ok(resources
            .map(|resource| StackResource {
                logical_id: resource.logical_id,
                physical_id: resource.physical_id,
                type_: resource.resource_type,
                status: resource.status,
            })
            .collect())
    }
}
