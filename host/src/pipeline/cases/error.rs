//! Why cases cannot be run.

use std::path::PathBuf;

use super::CASES;
use crate::hint::{Explain, Kind, nearest};

/// Why cases cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum CaseError {
    /// There are none.
    #[error("there are no cases in `{}`", folder.join(CASES).display())]
    NoCases {
        /// The plugin's folder.
        folder: PathBuf,
    },
    /// There is no such case.
    #[error("there is no case `{name}`")]
    NoCase {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A file of a case is not JSON.
    #[error("`{}` is not JSON", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// What was recorded cannot be read.
    #[error("`{}` is no recording: {reason}", path.display())]
    BadRecording {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        reason: String,
    },
    /// The context is more than a context can be.
    #[error("the context of the case cannot be: `{key}`: {reason}")]
    BadContext {
        /// The key.
        key: String,
        /// Why not.
        reason: String,
    },
}

impl Explain for CaseError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoCases { .. } => "no-cases",
            Self::NoCase { .. } => "no-such-case",
            Self::NotJson { .. } | Self::BadRecording { .. } | Self::BadContext { .. } => {
                "bad-case"
            }
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoCases { .. } => vec![format!(
                "write `{CASES}/NAME/case.toml` with the `hook` that it calls: `docs/testing-plugins.md` shows it"
            )],
            Self::NoCase { name, known } => {
                let near = nearest(name, known.iter().map(String::as_str));
                vec![match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are: {}", known.join(", ")),
                }]
            }
            Self::BadRecording { .. } => {
                vec!["record it again: `phalanx plugin test --record`".into()]
            }
            Self::NotJson { .. } | Self::BadContext { .. } => Vec::new(),
        }
    }
}
