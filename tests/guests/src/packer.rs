//! Writes a file into packages. `config = { function = "hello", path = "a.txt", text = "x" }`

use phalanx_plugin::{Failure, PostBuild, Result, artifacts, log};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Packer {
    function: String,
    path: String,
    text: String,
    #[serde(default = "plain")]
    mode: u32,
    #[serde(default)]
    then_fail: bool,
}

fn plain() -> u32 {
    0o644
}

impl PostBuild for Packer {
    fn post_build(&self) -> Result {
        artifacts::write(&self.function, &self.path, self.text.as_bytes(), self.mode)?;
        let bytes = artifacts::read(&self.function, &self.path)?;
        let files = artifacts::files(&self.function)?.join(" ");
        log::info!("{} bytes in {}; files: {files}", bytes.len(), self.path);
        if self.then_fail {
            return Err(Failure::new("told-to-fail", "was told to fail after writing"));
        }
        Ok(())
    }
}

phalanx_plugin::export!(Packer: post_build);
