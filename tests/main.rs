//! The integration tests: one binary, so that everything links once. Each module tests one subject
//! through the real `phalanx` binary, with real components, in a folder of its own.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at files and processes as they are, and a panic is how they fail"
)]
#![expect(unreachable_pub, reason = "`support` is written like a library for the other modules")]

/// Projects, commands, guests.
mod support;

/// Deployments to the AWS APIs, of a server on loopback.
mod aws;
/// The pages in `docs`.
mod book;
/// Templates of every kind against cfn-lint.
mod cfn_lint;
/// The command line as a user meets it.
mod cli;
/// One plugin in every language.
mod conformance;
/// Deployments to the embedded local cloud, packages and builds.
mod deploys;
/// Images and containers, on a real Docker Engine.
mod docker;
/// Containers on ECS, by the plugin `ecs-cluster`.
mod ecs;
/// `examples/hello` through its whole life.
mod hello;
/// Every hook through the binary: order, failures, conflicts, capabilities, interrupts.
mod hooks;
/// Bad input and hostile plugins.
mod hostile;
/// Modules use only the layers above their own; files stay small; every file says what it is for.
mod layers;
/// Plugins, from a toolchain's output to a component.
mod plugin_build;
/// What keeps plugins from being loaded.
mod plugin_doctor;
/// New projects of plugins, with the toolchain of each language.
mod plugin_new;
/// Cases that plugins are held to.
mod plugin_test;
/// `examples/queue-worker`: its program, its image and its stack.
mod queue_worker;
/// The console blocks of the READMEs, run.
mod readme;
/// The reference pages in `docs/`, made from the program itself.
mod reference;
/// Plugins shared by OCI registries, and the lock file that pins them.
mod registry;
