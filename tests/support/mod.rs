//! What every test works with: a project in a folder of its own, the binary with a clean
//! environment, the guests, and servers.

mod command;
mod docker;
mod fault;
pub mod golden;
pub mod guests;
mod http;
mod language;
mod lifeline;
mod lint;
mod ministack;
mod parallel;
mod podman;
mod project;
mod registry;
mod scripted;
mod server;
mod tool;
pub mod transcript;
mod until;

pub use command::{Finished, Phalanx, Running};
pub use docker::Engine;
pub use fault::Fault;
pub use language::Language;
pub use lifeline::{HOLD_LIFELINE, Lifeline};
pub use lint::findings;
pub use ministack::Account;
pub use parallel::in_parallel;
pub use podman::Podman;
pub(crate) use project::repository;
pub use project::{Project, change, change_file};
pub use registry::{CREDENTIALS, Registry};
pub use scripted::{Answer, Call, Scripted};
pub use server::{Asked, Given, Server};
pub use tool::{run_tool, tool, tool_s};
pub use transcript::{Transcript, words};
pub use until::until;
