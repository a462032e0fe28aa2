//! The sandbox: plugins are WebAssembly components, and this room loads and calls them.
//!
//! In reading order: `hook` and `world` say what a call works on; `contract`, `outline` and `inspect` what
//! a component is; `grants` what it may; `host` loads it (`engine`, `compile`, `cache`); `call` runs one
//! hook in a fresh instance (`state`, `limits`, `log`, `imports/`) and `trap` tells what went wrong
//! (`error`). WIT types do not leave this module. Which plugins run where, and what their failure means
//! for a run, is the pipeline's business.

mod actions;
mod assemble;
mod bindgen;
mod bindings;
mod cache;
mod call;
mod compile;
mod contract;
mod deadline;
mod engine;
mod error;
mod grants;
mod hook;
mod host;
mod imports;
mod inspect;
mod limits;
mod log;
mod outline;
mod reach;
mod schema;
mod sections;
mod state;
mod trap;
mod wit;
mod world;

#[cfg(test)]
mod tests;

pub use assemble::{About, AssembleError, assemble};
pub use bindgen::{BindgenError, BindingsLanguage, bindings, embed_world};
pub use cache::{CAPACITY as CACHE_CAPACITY, prune as prune_cache};
pub use call::{Call, Output};
pub use compile::compile_child;
pub use contract::VERSION as CONTRACT_VERSION;
pub use engine::Metering;
pub use error::{MissingGrant, NotComponent, PluginError, Problem, Stage};
pub use hook::{Hook, Object};
pub use host::{Host, HostOptions, MAX_COMPONENT, Plugin};
pub use inspect::{Capability, Inspection};
pub use reach::{
    Command, CommandOutput, HttpAnswer, HttpCall, HttpTape, Images, PushedImage, Services,
};
pub use schema::check_config;
pub use sections::Sections;
pub use wit::wit;
pub use world::{
    Artifact, Artifacts, Facts, Failure, OutcomeView, StackResource, StackView, World,
};
