//! What every test works with: a project in a folder of its own, the binary with a clean
//! environment, and the guests.

mod command;
mod fault;
pub mod golden;
pub mod guests;
mod http;
mod lifeline;
mod lint;
mod ministack;
mod parallel;
mod project;
mod scripted;
mod tool;
pub mod transcript;

pub use command::{Finished, Phalanx, Running};
pub use fault::Fault;
pub use lifeline::{HOLD_LIFELINE, Lifeline};
pub use ministack::Account;
pub use parallel::in_parallel;
pub(crate) use project::repository;
pub use project::{Project, change};
pub use scripted::{Answer, Call, Scripted};
pub use tool::tool;
pub use transcript::{Transcript, words};
