//! `cargo xtask demo`: the main job on real input. A Rust Lambda function is built, packaged, worked
//! on by two plugins, deployed to the embedded local cloud and invoked.

use std::path::Path;
use std::process::Command;

use crate::run::{Outcome, command, root, run, run_command, target};
use crate::setup::wasm_target;

/// The commands, as a user would type them in `examples/hello`.
const STORY: [&[&str]; 6] = [
    &["plan", "--local"],
    &["deploy", "--local", "--yes"],
    &["invoke", "hello", "--local", "--data", r#"{"queryStringParameters":{"name":"Phalanx"}}"#],
    &["outputs", "--local"],
    &["explain", "Hello.Properties.Tags"],
    &["status", "--local"],
];

/// Tells the story.
pub(crate) fn demo() -> Outcome {
    wasm_target()?;
    run(&root(), &["cargo", "build", "--package", "phalanx", "--locked"])?;
    let service = root().join("examples/hello");
    for words in STORY {
        phalanx_command(&service, words, |_| ())?;
    }
    eprintln!("\ndone; examples/hello is deployed in its own folder, see examples/hello/.phalanx");
    Ok(())
}

/// Runs the `phalanx` that has just been built, shown with the short name that a user types.
pub(crate) fn phalanx_command(
    service: &Path,
    words: &[&str],
    prepare: impl FnOnce(&mut Command),
) -> Outcome {
    let mut command = phalanx(service, words)?;
    prepare(&mut command);
    run_command(&mut command)
}

/// `phalanx` by its short name.
pub(crate) fn phalanx(service: &Path, words: &[&str]) -> Result<Command, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut paths = vec![target().join("debug")];
    paths.extend(std::env::split_paths(&path));
    let path = std::env::join_paths(paths).map_err(|error| error.to_string())?;
    let mut command = command(service, &[&["phalanx"], words].concat());
    command.env("PATH", path);
    Ok(command)
}
