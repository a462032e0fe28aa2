//! Container images, built and pushed through the API of a Docker Engine, or of what speaks it, such as
//! Podman.
//!
//! Bollard's types stay in this folder. Nothing here knows a cloud: who pushes brings the login.

mod build;
mod connect;
mod context;
mod error;
mod ignored;
mod names;
mod push;

pub use connect::Engine;
pub use context::Context;
pub use error::ImageError;
pub use names::{check_platform, check_repository};
pub use push::{Login, Pushing};

use serde::{Deserialize, Serialize};

/// An image to build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageRequest {
    /// The context's folder inside the service's, as the user wrote it.
    pub context: String,
    /// Path of the Dockerfile inside the context.
    pub dockerfile: String,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// `name:tag` of the local image.
    pub tag: String,
    /// Such as `linux/arm64`; none for the engine's own.
    pub platform: Option<String>,
    /// Build stage to stop at.
    pub target: Option<String>,
    /// Labels of the image.
    pub labels: Vec<(String, String)>,
    /// Images whose layers may be used again.
    pub cache_from: Vec<String>,
}

/// An image that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// The image's id, `sha256:…`.
    pub id: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Hears how work on an image goes on.
pub trait Progress: Send + Sync {
    /// A line that a builder or a registry said.
    fn line(&self, line: &str);
    /// Bytes done, and bytes in all as far as they are known, of all layers.
    fn bytes(&self, done: u64, total: u64);
}
