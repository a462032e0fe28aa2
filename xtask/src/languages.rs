//! The toolchains of the languages that plugins can be written in, as new projects pin them.

use std::fs;

use crate::run::{Outcome, root};
use crate::setup::tool;

/// Where new projects come from.
const TEMPLATES: &str = "host/src/cli/templates/plugin";

/// Installs them, once.
pub(crate) fn languages() -> Outcome {
    python("ziglang", "c")
}

/// What the `requirements.txt` of a language names.
fn python(name: &str, language: &str) -> Outcome {
    let path = root().join(TEMPLATES).join(language).join("requirements.txt");
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    tool(name, &text.lines().collect::<Vec<_>>())
}
