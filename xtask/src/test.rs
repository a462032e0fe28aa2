//! `cargo xtask test`: everything that must hold, the fastest first and the test runner last.

use crate::run::{Outcome, run_command};
use crate::setup::{cargo, setup};

/// The host, and the workspaces that hold guests.
const WORKSPACES: [&str; 4] = [".", "plugins", "tests/guests", "examples/pipeline-tour/plugin"];

/// Sets up and runs everything.
pub(crate) fn test() -> Outcome {
    setup()?;
    lint()?;
    // Guests' own logic is tested on the native target, without any host.
    run_command(&mut cargo("plugins", &["test", "--workspace", "--locked"]))?;
    run_command(&mut cargo(".", &["test", "--workspace", "--locked"]))
}

/// Format, lints and docs.
pub(crate) fn lint() -> Outcome {
    for workspace in WORKSPACES {
        run_command(&mut cargo(workspace, &["fmt", "--all", "--check"]))?;
    }
    for workspace in WORKSPACES {
        let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        run_command(&mut cargo(workspace, &clippy))?;
    }
    let mut docs = cargo(".", &["doc", "--workspace", "--no-deps", "--locked"]);
    run_command(docs.env("RUSTDOCFLAGS", "-D warnings"))
}
