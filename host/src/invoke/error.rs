//! Why a function could not be run, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::FunctionError;
use crate::fs::FsError;
use crate::hint::{Explain, Kind};

/// A function could not be run. What it does wrong while it runs is a [`FunctionError`] instead.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The event is not JSON.
    #[error("the event is not JSON")]
    EventNotJson(#[source] serde_json::Error),
    /// The package is not a zip file, or damaged.
    #[error("cannot unpack `{}`, the package of function `{function}`", package.display())]
    BadPackage {
        /// The function.
        function: String,
        /// The zip file.
        package: PathBuf,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// The package holds a path that leaves the folder it is unpacked to.
    #[error("the package of function `{function}` holds `{entry}`, which leads out of its folder")]
    UnsafeEntry {
        /// The function.
        function: String,
        /// The entry's name or, for a symbolic link, `name -> target`.
        entry: String,
    },
    /// The runtime cannot be run here.
    #[error("function `{function}` has the runtime `{runtime}`, which does not run locally")]
    UnsupportedRuntime {
        /// The function.
        function: String,
        /// Its runtime.
        runtime: String,
    },
    /// The runtime's interpreter is not installed.
    #[error(
        "function `{function}` needs `{program}` for its runtime `{runtime}`, and it is not on the PATH"
    )]
    NoInterpreter {
        /// The function.
        function: String,
        /// Its runtime.
        runtime: String,
        /// Such as `python3`.
        program: &'static str,
    },
    /// The package of a custom runtime holds no program.
    #[error(
        "the package of function `{function}` has no `bootstrap` at its top, which the runtime `{runtime}` starts"
    )]
    NoBootstrap {
        /// The function.
        function: String,
        /// Its runtime.
        runtime: String,
    },
    /// The program does not start.
    #[error("cannot start `{program}` of function `{function}`")]
    Start {
        /// The function.
        function: String,
        /// The program, relative to the package or as it was found.
        program: String,
        /// What the function is built for.
        architecture: String,
        /// Why.
        source: io::Error,
    },
    /// The runtime API cannot listen.
    #[error("cannot listen on 127.0.0.1 for the Lambda runtime API")]
    Listen(#[source] io::Error),
    /// A file cannot be read or written.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// `ENOEXEC`, which std has no name for.
const EXEC_FORMAT_ERROR: i32 = 8;

impl Explain for InvokeError {
    fn kind(&self) -> Kind {
        match self {
            Self::EventNotJson(_) | Self::UnsupportedRuntime { .. } | Self::NoBootstrap { .. } => {
                Kind::BadInput
            }
            _ => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::EventNotJson(_) => "event-not-json",
            Self::BadPackage { .. } | Self::UnsafeEntry { .. } => "package-damaged",
            Self::UnsupportedRuntime { .. } => "runtime-unsupported",
            Self::NoInterpreter { .. } => "interpreter-missing",
            Self::NoBootstrap { .. } => "bootstrap-missing",
            Self::Start { .. } => "function-not-started",
            Self::Listen(_) => "runtime-api-failed",
            Self::Fs(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::EventNotJson(_) => {
                "give a JSON document, such as `-d '{\"name\": \"value\"}'` or `-d @event.json`"
                    .into()
            }
            Self::BadPackage { .. } | Self::UnsafeEntry { .. } => {
                "deploy the service again: `phalanx deploy --local`".into()
            }
            Self::UnsupportedRuntime { .. } => {
                "runtimes that run locally are `provided.*`, `python3.*` and `nodejs*`".into()
            }
            Self::NoInterpreter { program, .. } => {
                let package = if *program == "node" { "Node.js" } else { "Python 3" };
                format!("install {package} and make sure that `{program}` is on the PATH")
            }
            Self::NoBootstrap { .. } => "let `code` name the program itself, or put an executable \
                                         named `bootstrap` at the top of the folder"
                .into(),
            Self::Start { architecture, source, .. } => match source.raw_os_error() {
                Some(EXEC_FORMAT_ERROR) => format!(
                    "it is built for another kind of machine (the function says `{architecture}`, \
                     this machine is `{}`), or is a script without `#!` line",
                    std::env::consts::ARCH
                ),
                _ if source.kind() == io::ErrorKind::NotFound => {
                    "its interpreter or dynamic loader is not on this machine; a program linked \
                     statically, such as one for `*-unknown-linux-musl`, needs none"
                        .into()
                }
                _ if source.kind() == io::ErrorKind::PermissionDenied => {
                    "make it executable: `chmod +x`".into()
                }
                _ => return Vec::new(),
            },
            Self::Listen(_) => return Vec::new(),
            Self::Fs(error) => return error.hints(),
        };
        vec![hint]
    }
}

impl Explain for FunctionError {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "function-error"
    }

    fn hints(&self) -> Vec<String> {
        match self.error_type.as_str() {
            "Sandbox.Timedout" => {
                vec![format!("raise `timeout` of function `{}`", self.function)]
            }
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Option<String> {
        let lines = if self.stack.is_empty() { &self.last_lines } else { &self.stack };
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}
