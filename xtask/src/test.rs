//! `cargo xtask test`: everything that must hold, the fastest first and the test runner last.

use crate::demo_aws;
use crate::run::{Outcome, root, run, run_command, target};
use crate::setup::{HOST, cargo, mdbook, setup};

/// The workspaces that hold guests and examples.
const GUESTS: [&str; 6] = [
    "plugins",
    "tests/guests",
    "examples/hello",
    "examples/pipeline-tour/plugin",
    "examples/queue-worker",
    "examples/shared-plugin/house-rules",
];

const CLIPPY: [&str; 5] = ["--all-targets", "--locked", "--", "-D", "warnings"];

/// Sets up and runs everything.
pub(crate) fn test() -> Outcome {
    setup()?;
    lint()?;
    // Guests' own logic is tested on the native target, without any host.
    run_command(&mut cargo("plugins", &["test", "--workspace", "--locked"]))?;
    run_command(&mut cargo("examples/pipeline-tour/plugin", &["test", "--locked"]))?;
    let rules = "examples/shared-plugin/house-rules";
    run_command(&mut cargo(rules, &["test", "--all-features", "--locked"]))?;
    // As it is deployed: what is compiled of it here serves the other tests and the demo, too.
    let mut worker = cargo("examples/queue-worker", &["test", "--locked", "--release"]);
    run_command(worker.env("CARGO_BUILD_BUILD_DIR", target().join("tests/rust")))?;
    let tests = ["test", "--package", "phalanx", "--locked"];
    // Elsewhere the demo is there for who wants to see it.
    if std::env::var_os("CI").is_some() {
        run_command(&mut cargo(HOST, &[&tests[..], &["--no-run"]].concat()))?;
        demo_aws::tell()?;
    }
    run_command(&mut cargo(HOST, &tests))
}

/// Format, lints, the book and the docs.
pub(crate) fn lint() -> Outcome {
    run_command(&mut cargo(HOST, &["fmt", "--all", "--check"]))?;
    for workspace in GUESTS {
        run_command(&mut cargo(workspace, &["fmt", "--all", "--check"]))?;
    }
    // One package at a time: together they would unify the features of shared dependencies, and
    // everything would be compiled once more.
    for package in ["phalanx", "xtask"] {
        run_command(&mut cargo(HOST, &[&["clippy", "--package", package], &CLIPPY[..]].concat()))?;
    }
    for workspace in GUESTS {
        run_command(&mut cargo(workspace, &[&["clippy", "--workspace"], &CLIPPY[..]].concat()))?;
    }
    mdbook()?;
    run(&root(), &[&target().join("tools/mdbook/bin/mdbook").to_string_lossy(), "build"])?;
    let mut docs = cargo(HOST, &["doc", "--package", "phalanx", "--no-deps", "--locked"]);
    run_command(docs.env("RUSTDOCFLAGS", "-D warnings"))
}
