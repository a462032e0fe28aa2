//! Images and containers, on a real Docker Engine, with real registries, and ECS tasks of ministack's.

/// Registries and engines that refuse or go away.
mod faults;
/// The plugin that builds and pushes.
mod images;
/// What is refused before it is begun.
mod refusals;
/// The engine, the registries and the tasks that the other tests work with.
mod rig;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::repository;

/// A folder with what makes an image of one static program, which prints `words`, a line for each, and
/// waits. `mark` makes another image of it.
fn say(mark: &str, words: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(program(), folder.path().join("say")).unwrap();
    let words = serde_json::to_string(words).unwrap();
    let text = format!(
        "FROM scratch\nLABEL mark={mark}\nCOPY say /say\nENTRYPOINT [\"/say\"]\nCMD {words}\n"
    );
    std::fs::write(folder.path().join("Dockerfile"), text).unwrap();
    folder
}

/// The program, compiled once in a test run.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = repository().join("target/tests/docker/say");
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        let output = Command::new("rustc")
            .current_dir(repository())
            .args(["--edition=2024", "-Ctarget-feature=+crt-static", "-Cstrip=symbols", "-o"])
            .args([&program, &repository().join("tests/docker/fixtures/say.rs")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        program
    })
}
