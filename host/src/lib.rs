#![doc = include_str!("../ARCHITECTURE.md")]

// In reading order, which is the order of the layers: a module uses only those above its own block.
// `tests/layers.rs` holds that.

pub mod digest;
pub mod fs;
pub mod hint;
pub mod report;
pub mod settings;
pub mod text;

pub mod context;
pub mod manifest;
pub mod template;

pub mod build;
pub mod cloud;
pub mod docker;
pub mod invoke;
pub mod package;
pub mod registry;

pub mod plugin;

pub mod pipeline;
