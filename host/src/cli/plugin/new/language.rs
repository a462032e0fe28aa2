//! The languages that a plugin can be started in, and the files of each.

use std::collections::BTreeMap;

use clap::ValueEnum;

use super::Hook;
use super::template::fill;

/// What new plugins say of themselves.
const DESCRIPTION: &str = "Decides how long queues keep their messages";

/// Path and text of each template: a folder for each language, and `cases`.
const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));
/// The guest crate.
const RUST_SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_rust.rs"));

/// The packages for Go.
const GO_SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_go.rs"));
/// The package for Python.
const PYTHON_SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_python.rs"));
/// The modules for JavaScript and TypeScript.
const JS_SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_js.rs"));
/// The header for C.
const C_SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_c.rs"));
/// The contract.
const WIT: &str = include_str!("../../../../../wit/pipeline.wit");

/// What a project is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Project<'a> {
    /// The plugin's name.
    pub(super) name: &'a str,
    /// The hooks that it runs at.
    pub(super) hooks: &'a [Hook],
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// Small and fast components; a crate with everything typed
    Rust,
    /// With all of CPython in the component
    #[value(alias = "py")]
    Python,
    /// On QuickJS: small components that start fast
    #[value(alias = "js")]
    Javascript,
    /// The same, and types are checked
    #[value(alias = "ts")]
    Typescript,
    /// With Go's own toolchain
    Go,
    /// The smallest components
    C,
}

impl Language {
    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Javascript => "JavaScript",
            Self::Typescript => "TypeScript",
            Self::Go => "Go",
            Self::C => "C",
        }
    }

    /// What it needs, and what installs that.
    pub(super) fn needs(self) -> (&'static str, &'static str) {
        match self {
            Self::Rust => ("rustup", "curl https://sh.rustup.rs -sSf | sh"),
            Self::Python => ("Python 3.10 or newer", "apt-get install python3-venv"),
            Self::Javascript | Self::Typescript => {
                ("Node.js 20 or newer", "apt-get install nodejs npm")
            }
            Self::Go => ("Go 1.25 or newer", "https://go.dev/doc/install"),
            Self::C => ("Python 3.9 or newer, for the compiler", "apt-get install python3-venv"),
        }
    }

    /// What installs the project's own tools, once.
    pub(super) fn setup(self) -> Option<&'static str> {
        match self {
            Self::Rust | Self::Go => None,
            Self::Javascript | Self::Typescript => Some("npm install --no-audit --no-fund"),
            Self::C | Self::Python => Some(
                "python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt",
            ),
        }
    }

    /// The folder of its templates.
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Javascript => "javascript",
            Self::Typescript => "typescript",
            Self::Go => "go",
            Self::C => "c",
        }
    }

    /// The files of a new project, by path.
    pub(super) fn files(self, project: &Project<'_>) -> BTreeMap<String, String> {
        let has = |hook: &str| project.hooks.iter().any(|own| own.name() == hook);
        let (snake, pascal) = (project.name.replace('-', "_"), pascal(project.name));
        let exports: Vec<_> =
            project.hooks.iter().map(|hook| hook.name().replace('-', "_")).collect();
        let exports = exports.join(", ");
        let setup = self.setup().map(|setup| format!("{setup}\n")).unwrap_or_default();
        let values = [
            ("name", project.name),
            ("snake", snake.as_str()),
            ("Type", pascal.as_str()),
            ("exports", exports.as_str()),
            ("description", DESCRIPTION),
            ("Language", self.name()),
            ("setup", setup.as_str()),
        ];
        let mut files = BTreeMap::new();
        for (path, text) in TEMPLATES {
            let path = match path.split_once('/') {
                // `.in`: what tools of this repository would take for their own.
                Some((folder, own)) if folder == self.folder() => {
                    own.trim_end_matches(".in").replace("gitignore", ".gitignore")
                }
                Some(("cases", case)) if has(hook_of(case)) => (*path).to_owned(),
                Some(("wit", _)) if self != Self::Rust => (*path).to_owned(),
                _ => continue,
            };
            let filled = fill(text, &values, has);
            // All of it was for a hook that the project does not have.
            if !filled.is_empty() {
                files.insert(path, filled);
            }
        }
        let (folder, library) = match self {
            Self::Rust => ("phalanx-plugin/", RUST_SDK),
            Self::Python => ("phalanx/", PYTHON_SDK),
            Self::Javascript | Self::Typescript => ("phalanx/", JS_SDK),
            Self::Go => ("", GO_SDK),
            Self::C => ("include/", C_SDK),
        };
        let library = library.iter();
        files.extend(library.map(|(path, text)| (format!("{folder}{path}"), (*text).to_owned())));
        if self != Self::Rust {
            files.insert("wit/deps/phalanx-pipeline/pipeline.wit".to_owned(), WIT.to_owned());
        }
        files
    }
}

/// The hook that a case calls: its folder is named for the function.
fn hook_of(case: &str) -> &str {
    match case.split('/').next().unwrap_or_default() {
        "pre-delete" | "post-delete" => "teardown",
        hook => hook,
    }
}

/// `house-rules` as the name of a type.
fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect()
}
