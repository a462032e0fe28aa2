//! Which program speaks the runtime API for a function: its own `bootstrap`, or for Python and
//! Node.js a small client of ours, run by the machine's interpreter of whatever version.

use std::path::{Path, PathBuf};

use super::{FunctionSpec, InvokeError, Options};
use crate::digest::Digest;
use crate::fs;
use crate::settings::find_program;

const PYTHON: &str = include_str!("runtime.py");
const NODE: &str = include_str!("runtime.mjs");

/// A command line.
#[derive(Debug)]
pub(super) struct Program {
    /// What is started.
    pub(super) path: PathBuf,
    /// With which arguments.
    pub(super) arguments: Vec<PathBuf>,
    /// What it is called in errors.
    pub(super) label: String,
}

/// The program for `function`, whose package is unpacked in `task_root`.
pub(super) fn program(
    function: &FunctionSpec,
    task_root: &Path,
    options: &Options,
) -> Result<Program, InvokeError> {
    let runtime = function.runtime.as_str();
    if runtime.starts_with("provided") {
        let path = task_root.join("bootstrap");
        if !fs::exists(&path) {
            return Err(InvokeError::NoBootstrap {
                function: function.label.clone(),
                runtime: runtime.to_owned(),
            });
        }
        return Ok(Program { path, arguments: Vec::new(), label: "bootstrap".into() });
    }
    let (interpreter, script, extension) = if runtime.starts_with("python3") {
        ("python3", PYTHON, "py")
    } else if runtime.starts_with("nodejs") {
        ("node", NODE, "mjs")
    } else {
        return Err(InvokeError::UnsupportedRuntime {
            function: function.label.clone(),
            runtime: runtime.to_owned(),
        });
    };
    let path = find_program(interpreter, &options.search_path).ok_or_else(|| {
        InvokeError::NoInterpreter {
            function: function.label.clone(),
            runtime: runtime.to_owned(),
            program: interpreter,
        }
    })?;
    let client = options
        .cache_dir
        .join("runtimes")
        .join(format!("{}.{extension}", Digest::of(script).short()));
    if fs::read_if_present(&client)?.as_deref() != Some(script.as_bytes()) {
        fs::write(&client, script)?;
    }
    Ok(Program { path, arguments: vec![client], label: interpreter.into() })
}
