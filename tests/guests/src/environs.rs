//! Needs `environment`: logs the variables that its config names. `config = { get = ["CI"] }`

use phalanx_plugin::{PreBuild, Result, environment, log};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environs {
    get: Vec<String>,
}

impl PreBuild for Environs {
    fn pre_build(&self) -> Result {
        for name in &self.get {
            log::info!("{name} = {:?}", environment::get(name));
        }
        Ok(())
    }
}

phalanx_plugin::export!(Environs: pre_build);
