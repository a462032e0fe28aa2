//! Programs that `cargo xtask setup` installs for the tests.

use std::io::Write as _;
use std::path::PathBuf;

use super::project::repository;

/// The program of a tool of the same name. Missing is a failure in CI and a loud line elsewhere.
pub fn tool(name: &str) -> Option<PathBuf> {
    let program = repository().join("target/tools").join(name).join("bin").join(name);
    if program.is_file() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is missing: run `cargo xtask setup`");
    // Past the test harness, which would swallow what is printed.
    let line = format!("\n*** NOT TESTED: {name} is missing; run `cargo xtask setup` ***\n\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}
