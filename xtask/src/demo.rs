//! `cargo xtask demo`: the main job on real input. A Rust Lambda function is built, packaged, worked
//! on by two plugins, deployed to the embedded local cloud and invoked.

use std::path::Path;

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
    let phalanx = target().join("debug/phalanx");
    let service = root().join("examples/hello");
    for words in STORY {
        phalanx_command(&phalanx, &service, words)?;
    }
    eprintln!("\ndone; examples/hello is deployed in its own folder, see examples/hello/.phalanx");
    Ok(())
}

/// Shown with the short name that a user types.
pub(crate) fn phalanx_command(phalanx: &Path, service: &Path, words: &[&str]) -> Outcome {
    let folder = phalanx.parent().expect("a file lies in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut paths = vec![folder.to_owned()];
    paths.extend(std::env::split_paths(&path));
    let path = std::env::join_paths(paths).map_err(|error| error.to_string())?;
    let mut all = vec!["phalanx"];
    all.extend(words);
    run_command(command(service, &all).env("PATH", path))
}
