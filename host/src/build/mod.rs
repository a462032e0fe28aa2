//! Runs the user's build commands, unless nothing that they read has changed.
//!
//! A build names its inputs by globs. Their fingerprint, together with the command and the declared
//! environment, is recorded after a good build; while it stays the same and the outputs are there, the
//! build is skipped. What the command reads beyond its inputs is the user's affair: there is no
//! tracing and no sandbox here. Commands are run by `sh`.

mod command;
mod error;
mod inputs;
mod orphan;
mod record;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use self::error::BuildError;
use self::inputs::Inputs;
use self::orphan::Claim;
use self::record::Record;
use crate::digest::{Digest, Hasher};
use crate::fs;
use crate::manifest::Build;
use crate::report::Reporter;

/// One build to run.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Names the build in messages, and its record: unique in the service and fit for a file name,
    /// such as `service` or a function's name.
    pub name: &'a str,
    /// What to run.
    pub build: &'a Build,
    /// The service's folder, in which the command runs.
    pub root: &'a Path,
    /// The folder for records, usually `.phalanx` in the service's folder.
    pub state_dir: &'a Path,
    /// The environment of the command, to which the build's own is added.
    pub environment: &'a BTreeMap<String, String>,
    /// What must be there afterwards.
    pub outputs: &'a [Output],
    /// Build even when nothing changed.
    pub force: bool,
}

/// A file or folder that a build has to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The manifest's key that names it, such as `functions.hello.code`.
    pub key: String,
    /// Relative to the service's folder.
    pub path: String,
}

/// What a build came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The command ran and its outputs are there.
    Built,
    /// Nothing changed since the last good build.
    Skipped {
        /// How many input files were compared.
        inputs: usize,
    },
}

/// Runs one build, or finds that it need not run. Dropping the future ends the command and all its
/// children.
///
/// # Errors
/// When an input glob is wrong or matches nothing, the command fails, or an output is missing
/// afterwards.
pub async fn run(request: Request<'_>, reporter: Arc<dyn Reporter>) -> Result<Outcome, BuildError> {
    let record_path = request.state_dir.join("build").join(format!("{}.json", request.name));
    let old = Record::load(&record_path)?;
    let inputs = scan(request, old.clone()).await?;
    let fingerprint = fingerprint(request.build, &inputs);

    let current = !request.build.inputs.is_empty() && old.fingerprint == Some(fingerprint);
    if current && !request.force && missing_output(request).is_none() {
        // Some were too young to be trusted last time, or only their stamps changed.
        if inputs.read_any {
            Record { fingerprint: Some(fingerprint), ..inputs.into_record() }.save(&record_path)?;
        }
        return Ok(Outcome::Skipped { inputs: old.files.len() });
    }

    // Without a fingerprint a build counts as never done: an interrupted one runs again.
    let mut record = inputs.into_record();
    record.save(&record_path)?;
    let claim = Claim::take(request).await?;
    command::run(request, &claim, reporter).await?;
    drop(claim);
    if let Some(output) = missing_output(request) {
        return Err(error::missing_output(request, output));
    }
    record.fingerprint = Some(fingerprint);
    record.save(&record_path)?;
    Ok(Outcome::Built)
}

/// Walks and hashes the inputs without holding up the other work of the run.
async fn scan(request: Request<'_>, old: Record) -> Result<Inputs, BuildError> {
    let name = request.name.to_owned();
    let globs = request.build.inputs.clone();
    let root = request.root.to_owned();
    let state_dir = request.state_dir.to_owned();
    let scan = move || inputs::scan(&name, &globs, &root, &state_dir, &old);
    match tokio::task::spawn_blocking(scan).await {
        Ok(inputs) => inputs,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Everything that decides whether the build has to run.
fn fingerprint(build: &Build, inputs: &Inputs) -> Digest {
    let mut hasher = Hasher::new();
    hasher.field(&build.command);
    let environment: BTreeMap<_, _> = build.environment.iter().collect();
    hasher.field(environment.len().to_le_bytes());
    for (name, value) in environment {
        hasher.field(name).field(value);
    }
    for (path, file) in &inputs.record {
        hasher.field(path).field(file.mode.to_le_bytes()).field(file.digest.as_bytes());
    }
    hasher.finish()
}

fn missing_output<'a>(request: Request<'a>) -> Option<&'a Output> {
    request.outputs.iter().find(|output| !fs::exists(&request.root.join(&output.path)))
}

#[cfg(test)]
mod tests;
