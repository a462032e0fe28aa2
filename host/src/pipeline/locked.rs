//! Plugins from registries, as the lock file pins them. A run resolves nothing: what it may use stands there.

use std::path::Path;

use crate::fs;
use crate::hint::{BoxError, Explain, Kind};
use crate::manifest::{PluginUse, Service, Source};
use crate::plugin::{Hook, Inspection};
use crate::registry::{Client, LockFile, Locked, LockedGrants, PublicKey, Reference, vendor};

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
    /// The manifest grants more than was approved.
    #[error("plugin `{plugin}` is granted more than the lock file has: {}", grants.join(", "))]
    Widened {
        /// The plugin.
        plugin: String,
        /// What is new.
        grants: Vec<String>,
    },
    /// The lock file does not show that the manifest's key signed the plugin.
    #[error("the lock file does not show that plugin `{plugin}` is signed with `{key}`")]
    NotSigned {
        /// The plugin.
        plugin: String,
        /// The key's file.
        key: String,
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
            Self::Missing { .. } | Self::Other { .. } => Kind::BadInput,
            Self::Widened { .. } | Self::NotSigned { .. } | Self::Edited { .. } => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "not-locked",
            Self::Other { .. } => "lock-differs",
            Self::Widened { .. } => "grants-widened",
            Self::NotSigned { .. } => "lock-not-signed",
            Self::Edited { .. } => "lock-edited",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing { plugin, location } => vec![format!(
                "run `phalanx plugin update {plugin}`, which shows what it may do and locks it; it stands at {location}"
            )],
            Self::Other { plugin, .. } => {
                vec![format!("run `phalanx plugin update {plugin}`, or correct the manifest")]
            }
            Self::Widened { plugin, .. } => vec![format!(
                "run `phalanx plugin update {plugin} --allow` if that is meant, or take the grants out of the manifest"
            )],
            Self::NotSigned { plugin, .. } => vec![format!(
                "run `phalanx plugin update {plugin}`, which asks its registry for the signature"
            )],
            Self::Edited { plugin, .. } => vec![format!(
                "someone has edited the lock file by hand: run `phalanx plugin update {plugin}` to see what it really is"
            )],
        }
    }
}

/// The component that is locked for a plugin: from the service's own folder, from the store, or from its registry by digest.
pub(super) async fn component(
    root: &Path,
    client: &Client,
    lock: &LockFile,
    usage: &PluginUse,
) -> Result<Vec<u8>, BoxError> {
    let locked = lock.plugins.get(&usage.name).ok_or_else(|| LockError::Missing {
        plugin: usage.name.clone(),
        location: usage.location.to_string(),
    })?;
    agrees(usage, locked)?;
    is_signed(root, usage, locked)?;
    if let Some(bytes) = vendor::read(root, &locked.component)? {
        return Ok(bytes);
    }
    let reference = Reference::parse(&locked.source)?.with_digest(&locked.manifest);
    Ok(client.fetch_locked(&reference, locked.component).await?)
}

/// Whether the lock file shows the signature that the manifest wants. Needs no registry.
fn is_signed(root: &Path, usage: &PluginUse, locked: &Locked) -> Result<(), BoxError> {
    let Some(key) = public_key(root, usage)? else { return Ok(()) };
    match &locked.proof {
        Some(proof) if proof.shows(&key, &locked.manifest) => Ok(()),
        _ => Err(LockError::NotSigned {
            plugin: usage.name.clone(),
            key: usage.signer.clone().unwrap_or_default(),
        }
        .into()),
    }
}

/// The key that must have signed a plugin.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn public_key(root: &Path, usage: &PluginUse) -> Result<Option<PublicKey>, BoxError> {
    let Some(name) = &usage.signer else { return Ok(None) };
    let pem = fs::read_to_string(&root.join(name))?;
    Ok(Some(PublicKey::parse(name, &pem)?))
}

/// Whether the lock file has what the manifest wants.
fn agrees(usage: &PluginUse, locked: &Locked) -> Result<(), LockError> {
    let shown = |source: &str, requirement: Option<&str>| match requirement {
        Some(requirement) => format!("`{source}` {requirement}"),
        None => format!("`{source}`"),
    };
    let source = usage.source.to_string();
    if locked.source != source || locked.requirement != usage.version {
        return Err(LockError::Other {
            plugin: usage.name.clone(),
            locked: shown(&locked.source, locked.requirement.as_deref()),
            wanted: shown(&source, usage.version.as_deref()),
        });
    }
    let grants = locked.grants.widened_by(&LockedGrants::from(&usage.grants));
    match grants.is_empty() {
        true => Ok(()),
        false => Err(LockError::Widened { plugin: usage.name.clone(), grants }),
    }
}

/// Whether a component is what the lock file says that it is.
pub(super) fn is_as_locked(
    lock: &LockFile,
    usage: &PluginUse,
    inspection: &Inspection,
) -> Result<(), LockError> {
    let Some(locked) = lock.plugins.get(&usage.name).filter(|_| is_locked(usage)) else {
        return Ok(());
    };
    let pairs = [
        ("hooks", &locked.hooks, hooks(inspection)),
        ("capabilities", &locked.capabilities, capabilities(inspection)),
    ];
    for (what, locked, found) in pairs {
        if *locked != found {
            let words = |list: &[String]| match list {
                [] => "none".to_owned(),
                list => list.join(", "),
            };
            return Err(LockError::Edited {
                plugin: usage.name.clone(),
                what,
                locked: words(locked),
                found: words(&found),
            });
        }
    }
    Ok(())
}

/// True for plugins whose component the lock file pins.
pub(super) fn is_locked(usage: &PluginUse) -> bool {
    matches!(usage.source, Source::Oci(_))
}

/// The lock file, which is read only for a service that has a plugin in it.
pub(super) fn read(service: &Service) -> Result<LockFile, BoxError> {
    match service.plugins.values().any(is_locked) {
        true => Ok(LockFile::read(&service.root)?),
        false => Ok(LockFile::default()),
    }
}

/// Its hooks, as the lock file names them.
pub(super) fn hooks(inspection: &Inspection) -> Vec<String> {
    inspection.hooks.iter().copied().map(Hook::name).map(str::to_owned).collect()
}

/// Its capabilities, as the lock file names them.
pub(super) fn capabilities(inspection: &Inspection) -> Vec<String> {
    inspection.capabilities.iter().map(|capability| capability.interface.clone()).collect()
}
