//! The integration tests: one binary, so that everything links once. Each module tests one subject
//! through the real `phalanx` binary, with real components, in a folder of its own.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at files and processes as they are, and a panic is how they fail"
)]

/// Projects, commands, guests.
mod support;

/// Deployments to the embedded local cloud, packages and builds.
mod deploys;
/// Modules use only the layers above their own; files stay small; every file says what it is for.
mod layers;
