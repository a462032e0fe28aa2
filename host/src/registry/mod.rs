//! Where plugins come from.

pub mod builtin;
