//! A plugin as a person sees it before saying yes, and as `--output json` has it.

use std::fmt;

use phalanx::registry::Locked;
use phalanx::text::{safe_line, size};
use serde::Serialize;

/// A plugin that is, or would be, locked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Shown {
    /// Its name in the manifest.
    pub(super) name: String,
    /// What the lock file says of it.
    #[serde(flatten)]
    pub(super) locked: Locked,
    /// Bytes of the component; none when it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Locked { source, component, hooks, capabilities, grants, .. } = &self.locked;
        let list = |list: &[String]| match list {
            [] => "none".to_owned(),
            list => safe_line(&list.join(", ")).into_owned(),
        };
        let version = self.locked.version.as_deref();
        let version = version.map(|version| format!(" {}", safe_line(version))).unwrap_or_default();
        writeln!(f, "plugin {}{version}", self.name)?;
        writeln!(f, "  source        {source}")?;
        if let Some(place) = &self.locked.place {
            writeln!(f, "  place         {place}")?;
        }
        if let Some(manifest) = &self.locked.manifest {
            writeln!(f, "  manifest      {manifest}")?;
        }
        let bytes = self.size.map(|bytes| format!(" ({})", size(bytes))).unwrap_or_default();
        writeln!(f, "  component     sha256:{component}{bytes}")?;
        writeln!(f, "  hooks         {}", list(hooks))?;
        writeln!(f, "  capabilities  {}", list(capabilities))?;
        writeln!(f, "  grants        {}", list(&grants.words()))?;
        match self.locked.signers.as_slice() {
            [] => writeln!(f, "  signer        none: it is pinned by its digest"),
            signers => writeln!(f, "  signer        {}", signers.join(", ")),
        }
    }
}
