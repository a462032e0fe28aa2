//! `cargo xtask tour`: builds the plugin of `examples/pipeline-tour` and runs the commands of its README.

use std::fs;
use std::path::Path;

use wit_component::ComponentEncoder;

use crate::demo::phalanx_command;
use crate::run::{Outcome, root, run};
use crate::setup::wasm_target;

/// The README's commands, as a user would type them in `examples/pipeline-tour`.
const STORY: [&[&str]; 5] = [
    &["plan", "--local"],
    &["deploy", "--local", "--yes"],
    &["invoke", "tour", "--local"],
    &["explain", "Tour.Properties.Environment.Variables"],
    &["delete", "--local"],
];

/// Builds and tells.
pub(crate) fn tour() -> Outcome {
    wasm_target()?;
    run(&root(), &["cargo", "build", "--package", "phalanx", "--locked"])?;
    plugin()?;
    let service = root().join("examples/pipeline-tour");
    for words in STORY {
        phalanx_command(&service, words, |_| ())?;
    }
    Ok(())
}

/// Builds `plugin.wasm`.
fn plugin() -> Outcome {
    let folder = root().join("examples/pipeline-tour");
    let file = folder.join("plugin.wasm");
    fs::write(&file, component(&folder.join("plugin"), "tour")?)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))
}

/// The component of a plugin in Rust: cargo makes a module, which becomes a component.
pub(crate) fn component(source: &Path, library: &str) -> Result<Vec<u8>, String> {
    let made = ["cargo", "build", "--locked", "--release", "--target", "wasm32-unknown-unknown"];
    run(source, &made)?;
    let module =
        source.join("target/wasm32-unknown-unknown/release").join(format!("{library}.wasm"));
    let bytes =
        fs::read(&module).map_err(|error| format!("cannot read {}: {error}", module.display()))?;
    ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{} is no component: {error:#}", module.display()))
}
