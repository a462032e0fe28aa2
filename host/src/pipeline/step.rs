//! The fixed steps of the pipeline and their names; the CLI, the docs and `outcome.completed` use them.

use std::fmt;

use serde::Serialize;

/// One step of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Manifest and stage to a valid service.
    Load,
    /// Plugins found, verified, compiled, granted and configured.
    Resolve,
    /// The user's builds.
    Build,
    /// Package contents collected and hashed.
    Package,
    /// Packages written, digests final.
    Seal,
    /// Manifest to template.
    Synthesize,
    /// Built-in checks and validators.
    Check,
    /// The difference to what is deployed.
    Plan,
    /// Packages stored in the cloud.
    Upload,
    /// The stack created or updated.
    Provision,
    /// The stack deleted; only in `delete`.
    Delete,
}

impl Step {
    /// The name in messages and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Resolve => "resolve",
            Self::Build => "build",
            Self::Package => "package",
            Self::Seal => "seal",
            Self::Synthesize => "synthesize",
            Self::Check => "check",
            Self::Plan => "plan",
            Self::Upload => "upload",
            Self::Provision => "provision",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
