//! `files`: reads files of the service.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::{WitFailure, files::Host};
use super::super::hook::Object;
use super::super::state::State;

impl Host for State {
    /// Lists what is both there and granted. When all that is there is not granted, that is told:
    /// an empty list would look like an empty folder.
    fn list(&mut self, glob: String) -> Result<Result<Vec<String>, WitFailure>> {
        let services = Arc::clone(&self.world(Object::Capability, "files.list")?.services);
        let mut files = match services.list_files(&glob) {
            Ok(files) => files,
            Err(failure) => return Ok(Err(failure.into())),
        };
        let nothing = files.is_empty();
        files.retain(|path| self.identity.grants.allows_file(path));
        if files.is_empty() && !nothing {
            return Ok(Err(self.deny(self.identity.grants.no_files(&glob))));
        }
        Ok(Ok(files))
    }

    fn read(&mut self, path: String) -> Result<Result<Vec<u8>, WitFailure>> {
        let services = Arc::clone(&self.world(Object::Capability, "files.read")?.services);
        if let Err(failure) = self.identity.grants.file(&path) {
            return Ok(Err(self.deny(failure)));
        }
        let limit = self.identity.limits.host_data;
        Ok(services.read_file(&path, limit).map_err(Into::into))
    }
}
