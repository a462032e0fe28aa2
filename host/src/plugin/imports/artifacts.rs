//! `artifacts`: what goes into each function's package.

use wasmtime::Result;

use super::super::bindings::WitFailure;
use super::super::bindings::artifacts::{Artifact, Host};
use super::super::hook::Object;
use super::super::state::{OutOfScope, State};
use super::super::world::Artifacts;

fn artifacts<'a>(
    state: &'a mut State,
    function: &'static str,
) -> Result<&'a mut (dyn Artifacts + 'static), OutOfScope> {
    let artifacts = state.world(Object::Artifacts, function)?.artifacts.as_deref_mut();
    artifacts.ok_or(OutOfScope { object: Object::Artifacts, function })
}

impl Host for State {
    fn list(&mut self) -> Result<Vec<Artifact>> {
        let list = artifacts(self, "list")?.list().into_iter();
        Ok(list
            .map(|artifact| Artifact {
                function: artifact.function,
                logical_id: artifact.logical_id,
                sha256: artifact.sha256,
                size: artifact.size,
            })
            .collect())
    }

    fn files(&mut self, function: String) -> Result<Result<Vec<String>, WitFailure>> {
        Ok(artifacts(self, "files")?.files(&function).map_err(Into::into))
    }

    fn read(&mut self, function: String, path: String) -> Result<Result<Vec<u8>, WitFailure>> {
        let limit = self.identity.limits.host_data;
        Ok(artifacts(self, "read")?.read(&function, &path, limit).map_err(Into::into))
    }

    fn write(
        &mut self,
        function: String,
        path: String,
        bytes: Vec<u8>,
        mode: u32,
    ) -> Result<Result<(), WitFailure>> {
        Ok(artifacts(self, "write")?.write(&function, &path, bytes, mode).map_err(Into::into))
    }
}
