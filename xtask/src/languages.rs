//! The toolchains of the languages that plugins can be written in, as new projects pin them.

use std::fs;

use crate::run::{Outcome, root};
use crate::setup::{install, npm_install, tool};

/// Where new projects come from.
const TEMPLATES: &str = "host/src/cli/templates/plugin";

/// Installs them, once.
pub(crate) fn languages() -> Outcome {
    python("ziglang", "c")?;
    python("componentize-py", "python")?;
    // Packs the guest library for Python.
    tool("flit", &["flit_core==4.2.0"])?;
    // What TypeScript needs, JavaScript needs too.
    npm("javascript", "typescript")
}

/// What the `package.json` of a language names.
fn npm(name: &str, language: &str) -> Outcome {
    let manifest = template(language, "package.json")?.replace("{{name}}", "plugin");
    install(name, &[&manifest], |folder| {
        npm_install(folder, &manifest, &[]).map_err(|error| {
            format!("{error}\nhint: install Node.js 20 or newer with npm, then run this again")
        })
    })
}

/// What the `requirements.txt` of a language names.
fn python(name: &str, language: &str) -> Outcome {
    let text = template(language, "requirements.txt")?;
    tool(name, &text.lines().collect::<Vec<_>>())
}

fn template(language: &str, file: &str) -> Result<String, String> {
    let path = root().join(TEMPLATES).join(language).join(file);
    fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
