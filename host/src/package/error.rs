//! What can go wrong with packages, and what to do about it.

use std::path::PathBuf;

use crate::fs::{FsError, OutsideError};
use crate::hint::{Explain, Kind};
use crate::manifest::Architecture;
use crate::text;

/// A package that cannot be made, or must not be.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// There is no code where the manifest says.
    #[error("the code of function `{function}` is not there: `{path}`")]
    Missing {
        /// The function.
        function: String,
        /// Relative to the service's folder.
        path: String,
        /// A name beside the missing one that is much like it.
        nearest: Option<String>,
    },
    /// The code's path leaves the service's folder.
    #[error("cannot use the code of function `{function}`")]
    Outside {
        /// The function.
        function: String,
        /// Which path and why.
        source: OutsideError,
    },
    /// An `exclude` entry or a line of `.phalanxignore` is malformed.
    #[error("cannot use the exclusions of function `{function}`")]
    BadExclude {
        /// The function.
        function: String,
        /// Which and why.
        source: ignore::Error,
    },
    /// A link in the folder leads nowhere.
    #[error("`{path}` in the code of function `{function}` is a broken link to `{}`", target.display())]
    BrokenLink {
        /// The function.
        function: String,
        /// Relative to the code's folder.
        path: String,
        /// As the link says.
        target: PathBuf,
    },
    /// A link in the folder leads out of it.
    #[error(
        "`{path}` in the code of function `{function}` is a link to `{}`, outside that folder",
        target.display()
    )]
    LinkOutside {
        /// The function.
        function: String,
        /// Relative to the code's folder.
        path: String,
        /// As the link says.
        target: PathBuf,
    },
    /// A link in the folder leads to a folder that holds it.
    #[error("`{path}` in the code of function `{function}` is a link to `{}`, which holds it", target.display())]
    LinkLoop {
        /// The function.
        function: String,
        /// Relative to the code's folder.
        path: String,
        /// As the link says.
        target: PathBuf,
    },
    /// A socket, a device or the like.
    #[error("`{path}` in the code of function `{function}` is neither file nor folder")]
    Special {
        /// The function.
        function: String,
        /// Relative to the code's folder.
        path: String,
    },
    /// A name is not Unicode.
    #[error("the name of `{}` in the code of function `{function}` is not UTF-8", path.display())]
    NotUtf8 {
        /// The function.
        function: String,
        /// Relative to the code's folder.
        path: PathBuf,
    },
    /// Nothing would be in the package.
    #[error("the package of function `{function}` is empty: nothing to package in `{path}`")]
    Empty {
        /// The function.
        function: String,
        /// Relative to the service's folder.
        path: String,
    },
    /// A `.zip` or `.jar` that is none.
    #[error("the code of function `{function}` is not a zip archive: `{path}`")]
    NotZip {
        /// The function.
        function: String,
        /// Relative to the service's folder.
        path: String,
    },
    /// The program was built for another processor.
    #[error(
        "`bootstrap` of function `{function}` is built for {found}, and the function runs on {expected}"
    )]
    WrongArchitecture {
        /// The function.
        function: String,
        /// What the program's header says.
        found: String,
        /// What the manifest says.
        expected: Architecture,
    },
    /// The program was built for another system.
    #[error(
        "`bootstrap` of function `{function}` is built for {system}, and Lambda runs Linux programs"
    )]
    WrongSystem {
        /// The function.
        function: String,
        /// `macOS`, `Windows`.
        system: &'static str,
        /// What the manifest says.
        expected: Architecture,
    },
    /// More than Lambda takes.
    #[error(
        "the package of function `{function}` is too large: {} of at most {} unpacked",
        text::size(*size),
        text::size(*limit)
    )]
    TooLarge {
        /// The function.
        function: String,
        /// Bytes unpacked.
        size: u64,
        /// The most that Lambda takes, in bytes.
        limit: u64,
        /// The largest files, largest first, with their bytes.
        largest: Vec<(String, u64)>,
    },
    /// A file changed between hashing and zipping.
    #[error("`{}` changed while it was packaged", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// No such function.
    #[error("there is no function `{function}`")]
    UnknownFunction {
        /// As asked for.
        function: String,
        /// A function of a similar name.
        nearest: Option<String>,
    },
    /// No such file in the package.
    #[error("there is no file `{path}` in the package of function `{function}`")]
    UnknownFile {
        /// The function.
        function: String,
        /// As asked for.
        path: String,
        /// A file of a similar name.
        nearest: Option<String>,
    },
    /// The package is an archive that the user made, which is not looked into.
    #[error("the package of function `{function}` is a ready-made archive, which stays as it is")]
    Prebuilt {
        /// The function.
        function: String,
    },
    /// A path that cannot be in a package.
    #[error("`{}` cannot be the path of a packaged file: {problem}", text::safe_line(path))]
    BadPath {
        /// As given.
        path: String,
        /// Why not.
        problem: String,
    },
    /// Neither `0o644` nor `0o755`.
    #[error("`{path}` cannot have mode {mode:#o} in a package")]
    BadMode {
        /// The file.
        path: String,
        /// As given.
        mode: u32,
    },
    /// A file operation failed.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl Explain for PackageError {
    fn kind(&self) -> Kind {
        match self {
            Self::Fs(error) => error.kind(),
            Self::Outside { source, .. } => source.kind(),
            Self::Changed { .. } | Self::Missing { .. } => Kind::Failed,
            _ => Kind::BadInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fs(error) => error.code(),
            Self::Outside { source, .. } => source.code(),
            Self::Missing { .. } => "code-missing",
            Self::BadExclude { .. } => "bad-exclude",
            Self::BrokenLink { .. } | Self::LinkOutside { .. } | Self::LinkLoop { .. } => {
                "link-in-package"
            }
            Self::Special { .. } | Self::NotUtf8 { .. } => "file-in-package",
            Self::Empty { .. } => "package-empty",
            Self::NotZip { .. } => "not-a-zip",
            Self::WrongArchitecture { .. } => "wrong-architecture",
            Self::WrongSystem { .. } => "wrong-system",
            Self::TooLarge { .. } => "package-too-large",
            Self::Changed { .. } => "file-changed",
            Self::UnknownFunction { .. } => "unknown-function",
            Self::UnknownFile { .. } => "unknown-file",
            Self::Prebuilt { .. } => "prebuilt-package",
            Self::BadPath { .. } => "bad-path",
            Self::BadMode { .. } => "bad-mode",
        }
    }

    fn details(&self) -> Option<String> {
        let Self::TooLarge { largest, .. } = self else { return None };
        let line = |(path, size): &(String, u64)| {
            format!("{:>10}  {}", text::size(*size), text::safe_line(path))
        };
        Some(largest.iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    fn hints(&self) -> Vec<String> {
        let exclude = |function: &str| format!("`functions.{function}.exclude`");
        vec![match self {
            Self::Fs(error) => return error.hints(),
            Self::Outside { source, .. } => return source.hints(),
            Self::Missing { nearest: Some(nearest), function, .. } => {
                format!("did you mean `{nearest}`? change `functions.{function}.code`")
            }
            Self::Missing { function, .. } => {
                format!("build it first, or change `functions.{function}.code`")
            }
            Self::BadExclude { function, .. } => {
                format!("write {} in the syntax of `.gitignore`", exclude(function))
            }
            Self::BrokenLink { function, .. } | Self::Special { function, .. } => {
                format!("remove it, or add it to {}", exclude(function))
            }
            Self::LinkOutside { function, .. } => {
                format!("copy what it links to into the folder, or add it to {}", exclude(function))
            }
            Self::LinkLoop { function, .. } => format!("add it to {}", exclude(function)),
            Self::NotUtf8 { function, .. } => {
                format!("rename it, or add it to {}", exclude(function))
            }
            Self::Empty { function, .. } => {
                format!("check `functions.{function}.code` and {}", exclude(function))
            }
            Self::NotZip { function, .. } => format!(
                "`.zip` and `.jar` files are taken as ready-made packages: name a zip archive, or a file or folder of another name, in `functions.{function}.code`"
            ),
            Self::WrongArchitecture { function, found, expected } => match found.as_str() {
                "x86_64" | "arm64" => format!(
                    "build it for `{}`, or set `architecture = \"{found}\"` in `[functions.{function}]`",
                    target(*expected)
                ),
                _ => format!("build it for `{}`", target(*expected)),
            },
            Self::WrongSystem { expected, .. } => {
                format!("build it for Linux, with cargo by `--target {}`", target(*expected))
            }
            Self::TooLarge { function, .. } => format!(
                "leave out what the function does not need by {}, strip debug information, or move files to a layer",
                exclude(function)
            ),
            Self::Changed { .. } => "run the command again when nothing writes to it".into(),
            Self::UnknownFunction { nearest: Some(nearest), .. }
            | Self::UnknownFile { nearest: Some(nearest), .. } => {
                format!("did you mean `{nearest}`?")
            }
            Self::UnknownFunction { .. } | Self::UnknownFile { .. } => return Vec::new(),
            Self::Prebuilt { function } => format!(
                "name the folder that the archive was made from in `functions.{function}.code`, so that plugins can work on its files"
            ),
            Self::BadPath { .. } => {
                "give a relative path with `/` between its parts, such as `lib/config.json`".into()
            }
            Self::BadMode { .. } => "use `0o644` for data and `0o755` for programs".into(),
        }]
    }
}

/// The Rust target that suits a function.
fn target(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64-unknown-linux-musl",
        Architecture::Arm64 => "aarch64-unknown-linux-musl",
    }
}
