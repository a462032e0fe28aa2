//! What every test works with: a project in a folder of its own, the binary with a clean
//! environment, and the guests.

mod command;
pub mod guests;
mod project;

pub use command::{Finished, Phalanx};
pub use project::Project;
pub(crate) use project::repository;
