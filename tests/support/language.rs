//! The languages that plugins can be written in, and what `cargo xtask setup` installs for each.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::project::repository;
use super::tool::{missing, on_path, tool_in, tool_s};

/// A language that `phalanx plugin new` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Rust,
    C,
    JavaScript,
    TypeScript,
    Python,
    Go,
}

impl Language {
    /// Its name for `--lang`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Go => "go",
        }
    }

    /// Whether its tools are there. Missing is a failure in CI and a loud line elsewhere.
    pub fn is_there(self) -> bool {
        match self {
            // These tests are in Rust.
            Self::Rust => true,
            Self::C => tool_s("ziglang", "python").is_some(),
            Self::JavaScript => tool_in("javascript", "node_modules/.bin/jco").is_some(),
            Self::TypeScript => tool_in("javascript", "node_modules/.bin/tsc").is_some(),
            Self::Python => tool_s("componentize-py", "componentize-py").is_some(),
            Self::Go => {
                let found = on_path("go").is_some();
                if !found {
                    missing("go");
                }
                found
            }
        }
    }

    /// Puts its tools where the project's own set-up would install them. Rust has what was compiled for an earlier
    /// run in `target/PURPOSE`.
    pub fn link(self, project: &Path, purpose: &str) {
        let tools = |name: &str| repository().join("target/tools").join(name);
        let (from, to) = match self {
            Self::Rust => {
                let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(purpose);
                fs::create_dir_all(&shared).unwrap();
                (shared, "target")
            }
            Self::C => (tools("ziglang"), ".venv"),
            Self::JavaScript | Self::TypeScript => {
                (tools("javascript/node_modules"), "node_modules")
            }
            Self::Python => (tools("componentize-py"), ".venv"),
            Self::Go => return,
        };
        symlink(from, project.join(to)).unwrap();
    }
}
