//! Returns a config schema that is none.

use phalanx_plugin::{Configurable, PreBuild, Result, Value, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct BadSchema {}

impl Configurable for BadSchema {
    fn config_schema() -> Value {
        json!({ "type": "no-such-type", "properties": 3 })
    }
}

impl PreBuild for BadSchema {
    fn pre_build(&self) -> Result {
        Ok(())
    }
}

phalanx_plugin::export!(BadSchema: configurable, pre_build);
