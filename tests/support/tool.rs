//! Programs that `cargo xtask setup` installs for the tests.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::project::repository;

/// The program of a tool of the same name. Missing is a failure in CI and a loud line elsewhere.
pub fn tool(name: &str) -> Option<PathBuf> {
    tool_s(name, name)
}

/// One of a tool's programs.
pub fn tool_s(name: &str, program: &str) -> Option<PathBuf> {
    tool_in(name, &format!("bin/{program}"))
}

/// A file of a tool.
pub fn tool_in(name: &str, file: &str) -> Option<PathBuf> {
    let program = repository().join("target/tools").join(name).join(file);
    if program.is_file() {
        return Some(program);
    }
    missing(name);
    None
}

/// A program of the system.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Runs a program in a folder, which must go well; gives what it prints.
pub fn run_tool(program: impl AsRef<Path>, words: &[&str], folder: &Path) -> String {
    let program = program.as_ref();
    let output = Command::new(program).args(words).current_dir(folder).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {words:?}: {stderr}", program.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Says that a test lacks this: a failure in CI and a loud line elsewhere.
pub fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what} is missing: run `cargo xtask setup`");
    // Past the test harness, which would swallow what is printed.
    let line = format!("\n*** NOT TESTED: {what} is missing; run `cargo xtask setup` ***\n\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
