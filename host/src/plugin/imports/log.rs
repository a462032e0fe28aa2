//! `log`: lines in the run's log. The only object that is there in every call, so that even a plugin
//! that fails while it tells its config schema can say why.

use wasmtime::Result;

use super::super::bindings::log::Host;
use super::super::state::State;

impl Host for State {
    fn log(&mut self, level: String, message: String) -> Result<()> {
        let level = match level.as_str() {
            "trace" | "debug" | "warn" | "error" => level.as_str(),
            _ => "info",
        };
        self.log.message(level, &message);
        Ok(())
    }
}
