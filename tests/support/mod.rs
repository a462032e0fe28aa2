//! What every test works with: a project in a folder of its own, the binary with a clean
//! environment, and the guests.

mod command;
pub mod golden;
pub mod guests;
mod lifeline;
mod ministack;
mod project;
mod tool;
pub mod transcript;

pub use command::{Finished, Phalanx};
pub use lifeline::{HOLD_LIFELINE, Lifeline};
pub use ministack::Account;
pub(crate) use project::repository;
pub use project::{Project, change};
pub use tool::tool;
pub use transcript::{Transcript, words};
