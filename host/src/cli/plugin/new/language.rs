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

/// What is to know of a language.
pub(super) struct Facts {
    /// Its name for people.
    pub(super) name: &'static str,
    /// What must be installed.
    pub(super) needs: &'static str,
    /// What installs that.
    pub(super) install: &'static str,
    /// What installs the project's own tools, once.
    pub(super) setup: Option<&'static str>,
    /// Where in the project its guest library goes.
    folder: &'static str,
    /// The library: path and text of each file.
    library: &'static [(&'static str, &'static str)],
}

/// Tools that a `requirements.txt` names.
const VENV: Option<&str> =
    Some("python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt");
/// Tools that a `package.json` names.
const NPM: Facts = Facts {
    name: "JavaScript",
    needs: "Node.js 20 or newer",
    install: "apt-get install nodejs npm",
    setup: Some("npm install --no-audit --no-fund"),
    folder: "phalanx/",
    library: JS_SDK,
};

impl Language {
    /// What is to know of it.
    pub(super) fn facts(self) -> Facts {
        match self {
            Self::Rust => Facts {
                name: "Rust",
                needs: "rustup",
                install: "curl https://sh.rustup.rs -sSf | sh",
                setup: None,
                folder: "phalanx-plugin/",
                library: RUST_SDK,
            },
            Self::Python => Facts {
                name: "Python",
                needs: "Python 3.10 or newer",
                install: "apt-get install python3-venv",
                setup: VENV,
                folder: "phalanx/",
                library: PYTHON_SDK,
            },
            Self::Javascript => NPM,
            Self::Typescript => Facts { name: "TypeScript", ..NPM },
            Self::Go => Facts {
                name: "Go",
                needs: "Go 1.25 or newer",
                install: "https://go.dev/doc/install",
                setup: None,
                folder: "",
                library: GO_SDK,
            },
            Self::C => Facts {
                name: "C",
                needs: "Python 3.9 or newer, for the compiler",
                install: "apt-get install python3-venv",
                setup: VENV,
                folder: "include/",
                library: C_SDK,
            },
        }
    }

    /// The files of a new project, by path.
    pub(super) fn files(self, project: &Project<'_>) -> BTreeMap<String, String> {
        let Facts { name: language, setup, folder, library, .. } = self.facts();
        let own = value_name(&self);
        let names: Vec<_> = project.hooks.iter().map(value_name).collect();
        let has = |part: &str| part == own || names.iter().any(|name| name == part);
        let (snake, pascal) = (project.name.replace('-', "_"), pascal(project.name));
        let exports = names.join(", ").replace('-', "_");
        let setup = setup.map(|setup| format!("{setup}\n")).unwrap_or_default();
        // The one thing in which TypeScript differs within a line.
        let text = if self == Self::Typescript { ": string" } else { "" };
        let values = [
            ("name", project.name),
            ("snake", snake.as_str()),
            ("Type", pascal.as_str()),
            ("exports", exports.as_str()),
            ("description", DESCRIPTION),
            ("Language", language),
            ("text", text),
            ("setup", setup.as_str()),
        ];
        let mut files = BTreeMap::new();
        for (path, text) in TEMPLATES {
            let path = match path.split_once('/') {
                // `.in`: what tools of this repository would take for their own.
                Some((folder, path)) if folder == own => {
                    path.trim_end_matches(".in").replace("gitignore", ".gitignore")
                }
                // One source serves both.
                Some(("javascript", "src/plugin.js")) if self == Self::Typescript => {
                    "src/plugin.ts".to_owned()
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
        let library = library.iter();
        files.extend(library.map(|(path, text)| (format!("{folder}{path}"), (*text).to_owned())));
        if self != Self::Rust {
            files.insert("wit/deps/phalanx-pipeline/pipeline.wit".to_owned(), WIT.to_owned());
        }
        files
    }
}

/// What the command line calls it.
fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().expect("no value is hidden").get_name().to_owned()
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
