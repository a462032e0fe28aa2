//! What can go wrong with a build, and what to do about it.

use std::path::{Path, PathBuf};

use super::{Output, Request};
use crate::fs::{self, FsError, OutsideError};
use crate::hint::{Explain, Kind};

/// A build that failed or cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An input glob is malformed.
    #[error("input `{glob}` of build `{build}` is not a valid glob")]
    BadGlob {
        /// The build.
        build: String,
        /// As written in the manifest.
        glob: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// An input glob matches no file.
    #[error("input `{glob}` of build `{build}` matches no file")]
    NoMatch {
        /// The build.
        build: String,
        /// As written in the manifest.
        glob: String,
        /// It does match folders.
        only_folders: bool,
        /// A name beside the missing one that is much like it.
        nearest: Option<String>,
    },
    /// An input's name is not Unicode.
    #[error("the name of input `{}` of build `{build}` is not UTF-8", path.display())]
    NotUtf8 {
        /// The build.
        build: String,
        /// Relative to the service's folder.
        path: PathBuf,
    },
    /// An input glob leaves the service's folder.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A file operation failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The shell could not be started, or its output not read.
    #[error("cannot run the command of build `{build}`: `{command}`")]
    Start {
        /// The build.
        build: String,
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// The command ended badly.
    #[error("build `{build}` failed: `{command}` {ending}")]
    Failed {
        /// The build.
        build: String,
        /// The command.
        command: String,
        /// `exited with code 101`, `was killed by signal 9`.
        ending: String,
        /// The exit code, unless a signal ended it.
        code: Option<i32>,
        /// The last lines that it printed.
        tail: Vec<String>,
    },
    /// The command ended well without making what a function needs.
    #[error("build `{build}` did not make `{path}`, which `{key}` names")]
    MissingOutput {
        /// The build.
        build: String,
        /// The manifest's key.
        key: String,
        /// Relative to the service's folder.
        path: String,
        /// A path beside the missing one that is much like it.
        nearest: Option<String>,
    },
}

/// The error for an output that is not there, with the nearest name that is.
pub(super) fn missing_output(request: Request<'_>, output: &Output) -> BuildError {
    let nearest = fs::nearest_name(&request.root.join(&output.path));
    BuildError::MissingOutput {
        build: request.name.to_owned(),
        key: output.key.clone(),
        path: output.path.clone(),
        nearest: nearest
            .map(|name| Path::new(&output.path).with_file_name(name).display().to_string()),
    }
}

impl Explain for BuildError {
    fn kind(&self) -> Kind {
        match self {
            Self::BadGlob { .. } | Self::NoMatch { .. } | Self::NotUtf8 { .. } => Kind::BadInput,
            Self::Outside(error) => error.kind(),
            Self::Fs(error) => error.kind(),
            Self::Start { .. } | Self::Failed { .. } | Self::MissingOutput { .. } => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadGlob { .. } | Self::NoMatch { .. } | Self::NotUtf8 { .. } => "build-inputs",
            Self::Outside(error) => error.code(),
            Self::Fs(error) => error.code(),
            Self::Start { .. } | Self::Failed { .. } => "build-failed",
            Self::MissingOutput { .. } => "build-output-missing",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::BadGlob { .. } => vec![
                "`*` matches within one folder, `**` across folders, `{a,b}` either, `[ab]` one character".into(),
            ],
            Self::NoMatch { glob, only_folders: true, .. } => vec![format!(
                "it matches folders only: write `{}/**` for the files in them",
                glob.trim_end_matches('/')
            )],
            Self::NoMatch { nearest: Some(nearest), .. } => vec![format!("did you mean `{nearest}`?")],
            Self::NoMatch { .. } => vec![
                "inputs are globs below the service's folder; `*` stays within one folder, `**` crosses folders".into(),
            ],
            Self::NotUtf8 { .. } => vec!["rename the file, or narrow the glob".into()],
            Self::Outside(error) => error.hints(),
            Self::Fs(error) => error.hints(),
            Self::Start { .. } => vec!["build commands need `sh` on the `PATH`".into()],
            Self::Failed { code: Some(127), .. } => vec![
                "127 means that the shell did not find a program: install it, or check `PATH`".into(),
            ],
            Self::Failed { .. } => Vec::new(),
            Self::MissingOutput { key, nearest, .. } => vec![match nearest {
                Some(nearest) => format!("did you mean `{nearest}`? change `{key}`"),
                None => format!("change `{key}`, or make the build command write there"),
            }],
        }
    }

    fn details(&self) -> Option<String> {
        match self {
            Self::Failed { tail, .. } if !tail.is_empty() => Some(tail.join("\n")),
            _ => None,
        }
    }
}
