//! Needs the clock and randomness of WASI: logs what they say, to show whether they are the real ones.

use phalanx_plugin::{PreBuild, Result, log};
use serde::Deserialize;
use wasip2::clocks::wall_clock;
use wasip2::random::random;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clockwork {}

impl PreBuild for Clockwork {
    fn pre_build(&self) -> Result {
        log::info!("the clock says {}", wall_clock::now().seconds);
        log::info!("the dice say {:016x}", random::get_random_u64());
        Ok(())
    }
}

phalanx_plugin::export!(Clockwork: pre_build);
