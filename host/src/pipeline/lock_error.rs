//! What is wrong between the manifest, the lock file and the components.

use crate::hint::{Explain, Kind};

/// The manifest and the lock file do not agree.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The plugin is not locked.
    #[error("plugin `{plugin}` is not in the lock file")]
    Missing {
        /// The plugin.
        plugin: String,
        /// Where it stands in the manifest.
        location: String,
    },
    /// The manifest names another source or version.
    #[error("plugin `{plugin}` is locked as {locked}, and the manifest wants {wanted}")]
    Other {
        /// The plugin.
        plugin: String,
        /// What the lock file has.
        locked: String,
        /// What the manifest has.
        wanted: String,
    },
    /// The lock file has more than the manifest, which only `--locked` minds.
    #[error("the lock file is not up to date: {what}")]
    Stale {
        /// What it has.
        what: String,
    },
    /// The file of a plugin is not the one that is locked.
    #[error("plugin `{plugin}` is locked as sha256:{locked}, and `{file}` is sha256:{found}")]
    OtherFile {
        /// The plugin.
        plugin: String,
        /// Its file, as the manifest names it.
        file: String,
        /// The component that is locked.
        locked: String,
        /// The one in the file.
        found: String,
    },
    /// The manifest grants more, or has wider limits, than was approved.
    #[error("the manifest lets plugin `{plugin}` have more than the lock file: {}", grants.join(", "))]
    Widened {
        /// The plugin.
        plugin: String,
        /// What is new.
        grants: Vec<String>,
    },
    /// The lock file does not show the signature of those who must have signed the plugin.
    #[error(
        "the lock file does not show that plugin `{plugin}` is signed as {wanted_by} wants, with {keys}"
    )]
    NotSigned {
        /// The plugin.
        plugin: String,
        /// The manifest's `signer`, or a policy.
        wanted_by: String,
        /// The fingerprints of the keys of which one would do.
        keys: String,
    },
    /// What was signed is not about the component that the lock file pins.
    #[error(
        "the lock file does not show that what is signed of plugin `{plugin}` is its component, sha256:{component}"
    )]
    OtherSigned {
        /// The plugin.
        plugin: String,
        /// The component that is locked.
        component: String,
    },
    /// The component is not what the lock file says of it.
    #[error(
        "the lock file says of plugin `{plugin}` that it has {what} {locked}, and its component has {found}"
    )]
    Edited {
        /// The plugin.
        plugin: String,
        /// `hooks` or `capabilities`.
        what: &'static str,
        /// What the lock file has.
        locked: String,
        /// What the component shows.
        found: String,
    },
}

impl Explain for LockError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. } | Self::Other { .. } | Self::Stale { .. } => Kind::BadInput,
            Self::Widened { .. }
            | Self::NotSigned { .. }
            | Self::OtherSigned { .. }
            | Self::OtherFile { .. }
            | Self::Edited { .. } => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "not-locked",
            Self::Other { .. } => "lock-differs",
            Self::Stale { .. } => "lock-stale",
            Self::OtherFile { .. } => "lock-other-file",
            Self::Widened { .. } => "grants-widened",
            Self::NotSigned { .. } => "lock-not-signed",
            Self::OtherSigned { .. } => "lock-other-signed",
            Self::Edited { .. } => "lock-edited",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Missing { plugin, location } => format!(
                "run `phalanx plugin update {plugin}`, which shows what it may do and locks it; it stands at {location}"
            ),
            Self::Other { plugin, .. } => {
                format!("run `phalanx plugin update {plugin}`, or correct the manifest")
            }
            Self::Stale { .. } => {
                "run `phalanx plugin update`, or the command without `--locked`".into()
            }
            Self::OtherFile { plugin, .. } => format!(
                "run `phalanx plugin update {plugin}`, which shows what it may do now and locks it"
            ),
            Self::Widened { plugin, .. } => format!(
                "run `phalanx plugin update {plugin} --allow` if that is meant, or take it out of the manifest"
            ),
            Self::NotSigned { plugin, .. } => format!(
                "run `phalanx plugin update {plugin}`, which asks its registry for the signature"
            ),
            Self::OtherSigned { plugin, .. } => format!(
                "it may have been edited by hand: run `phalanx plugin update {plugin}`, which asks its registry what was signed"
            ),
            Self::Edited { plugin, .. } => format!(
                "someone has edited the lock file by hand: run `phalanx plugin update {plugin}` to see what it really is"
            ),
        }]
    }
}
