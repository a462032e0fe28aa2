//! The policies in force for a run: the organisation's, and the service's own.

use std::path::Path;

use crate::digest::Digest;
use crate::fs;
use crate::hint::BoxError;
use crate::manifest::{Service, read_policy};
use crate::registry::{Client, PolicyError, Trust};
use crate::settings::{self, Settings};

/// Reads them all.
///
/// # Errors
/// When one cannot be had, or is none.
pub(super) async fn trust(
    settings: &Settings,
    client: &Client,
    service: &Service,
) -> Result<Trust, BoxError> {
    let mut trust = Trust::default();
    let named = [
        (settings::POLICY, &settings.policy, &settings.current_dir),
        ("service.policy", &service.policy, &service.root),
    ];
    for (named_by, name, folder) in named {
        if let Some(name) = name {
            enact(&mut trust, client, named_by, name, folder).await?;
        }
    }
    Ok(trust)
}

async fn enact(
    trust: &mut Trust,
    client: &Client,
    named_by: &'static str,
    name: &str,
    folder: &Path,
) -> Result<(), BoxError> {
    if !name.contains("://") {
        let path = folder.join(name);
        let text = fs::read_to_string(&path);
        let text = text.map_err(|source| PolicyError::Unreadable { named_by, source })?;
        let policy = read_policy(name, text)?;
        return Ok(trust.enact(policy, path.parent())?);
    }
    let pinned = name.rsplit_once("@sha256:").and_then(|(url, hex)| Some((url, hex.parse().ok()?)));
    let Some((url, digest)): Option<(&str, Digest)> = pinned else {
        return Err(PolicyError::Unpinned { policy: name.to_owned() }.into());
    };
    let bytes = client.pinned_document(url, &digest).await?;
    Ok(trust.enact(read_policy(url, String::from_utf8_lossy(&bytes).into_owned())?, None)?)
}
