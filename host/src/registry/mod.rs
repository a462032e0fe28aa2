//! Where plugins come from: this binary, and OCI registries.
//!
//! A registry is asked only when someone says so (`plugin add`, `update`, `publish`). What a service runs is
//! pinned in its lock file by two digests, of the manifest and of the component, and read from the store
//! when it is there.

mod answer;
mod artifact;
mod authority;
pub mod builtin;
mod client;
mod connection;
mod cosign;
mod credentials;
mod error;
mod keys;
mod lock;
mod packages;
mod push;
mod reference;
mod sealed;
mod store;
mod transfer;
mod trust;
pub mod vendor;
mod versions;
mod web;

pub use artifact::{Artifact, ArtifactAbout, Claims};
pub use authority::{LockedGrants, LockedLimits};
pub use client::{Client, Found};
pub use cosign::Proof;
pub use credentials::Logins;
pub use error::RegistryError;
pub use keys::{PrivateKey, PublicKey};
pub use lock::{FILE as LOCK_FILE, LockFile, Locked};
pub use packages::Packages;
pub use reference::Reference;
pub use store::{Blob, Store};
pub use trust::{Judged, PolicyError, Signers, Trust};
pub use versions::{choose, newest};
