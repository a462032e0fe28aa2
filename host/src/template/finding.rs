//! What a check of the template found, by the built-in checks or by a validating plugin.

use std::fmt;

use serde::Serialize;

use super::pointer::Pointer;
use crate::manifest::Location;

/// One remark about the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule, in kebab-case.
    pub rule: String,
    /// Where in the template.
    pub at: Pointer,
    /// What is wrong: one sentence.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// The plugin that wrote the place; none for the service.
    pub by: Option<String>,
    /// The plugin that found it; none for the built-in checks.
    pub found_by: Option<String>,
    /// Where the service's files say it, when they do.
    pub location: Option<Location>,
}

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Stops the run.
    Error,
    /// Shown; the run goes on.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}
