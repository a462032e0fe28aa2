//! The service's manifest: from `phalanx.toml` to a valid [`Service`].

mod service;

pub use service::*;
