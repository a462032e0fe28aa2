//! The service's manifest: from `phalanx.toml` to a valid [`Service`].
//!
//! One pass of many small steps over trees whose every value knows its place: read the TOML
//! (`syntax`), hold it against the table of keys (`check`, `keys`), lay the stage over it (`stages`),
//! read the included CloudFormation (`include`), see that all fits together (`cross`) and only then
//! make the [`Service`] (`lower`). Each step reports what it finds and goes on, so that one run shows
//! every mistake. Whether code exists on disk is not looked at here: a build may yet make it.

mod arns;
mod case;
mod ceiling;
mod check;
mod cross;
pub mod edit;
mod events;
mod hosts;
mod include;
mod keys;
mod locations;
mod lower;
mod names;
mod node;
mod plugins;
mod policy;
mod problem;
mod project;
mod runtimes;
mod schema;
mod service;
mod shape;
mod single;
mod source;
mod stages;
mod syntax;
mod units;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use case::{Case, CaseOutcome, CaseResource, CaseRun, CaseStack, read_case};
pub use hosts::HostRule;
pub use policy::{Policy, SourceRule, read_policy};
pub use problem::{ManifestError, Problem};
pub use project::{Project, ProjectBindings, read_project};
pub use schema::{FileKind, json_schema};
pub use service::*;

use check::Mode;
use problem::{Problems, complaint};
use shape::Shape;
use source::{At, Sources};

use crate::fs;

/// The usual name of a manifest.
pub const FILE_NAME: &str = "phalanx.toml";

/// What the command line says about the service.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The stage; `dev` when none.
    pub stage: Option<String>,
    /// The region; the manifest's when none.
    pub region: Option<String>,
}

/// Reads the manifest at `path`, or `phalanx.toml` in the folder `path`, and the files it includes.
///
/// # Errors
/// When there is no manifest, it cannot be read, the options name no stage or region, or the files
/// hold mistakes: then all of them are in the error.
pub fn load(path: &Path, options: &LoadOptions) -> Result<Service, ManifestError> {
    let path = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let bytes = fs::read_if_present(&path)?.ok_or_else(|| ManifestError::Missing(path.clone()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let root = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
    let file = path.file_name().map_or(FILE_NAME.into(), |name| name.to_string_lossy());
    read(bytes, &file, &root, options)
}

/// Whether a plugin can be called so by who makes it: what manifests, packages and languages all take.
pub fn is_plugin_name(name: &str) -> bool {
    (names::PLUGIN.check)(name).is_ok() && plugins::is_label(name)
}

/// [`load`] for a manifest's bytes.
fn read(
    bytes: Vec<u8>,
    file: &str,
    root: &Path,
    options: &LoadOptions,
) -> Result<Service, ManifestError> {
    let stage = options.stage.as_deref().unwrap_or(stages::DEFAULT);
    check_option(stage, &names::STAGE)?;
    if let Some(region) = &options.region {
        check_option(region, &names::REGION)?;
    }
    let mut problems = Problems::default();
    let mut sources = Sources::default();
    let invalid = |problems: Problems, sources: &Sources| {
        Err(ManifestError::Invalid { file: file.to_owned(), problems: problems.into_list(sources) })
    };

    let (text, bad_byte) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
        }
    };
    let manifest = sources.add(file.to_owned(), text);
    if let Some(byte) = bad_byte {
        let hint = "save the file as UTF-8";
        problems.add(At::new(manifest, byte, byte + 1), complaint("this is not UTF-8", hint));
        return invalid(problems, &sources);
    }
    let Some(mut tree) = syntax::read(&sources, manifest, &mut problems) else {
        return invalid(problems, &sources);
    };

    let top = sources.top(manifest);
    let shape = Shape::Table(&keys::ROOT);
    check::check(&mut problems, Mode::Full, &check::Path::Root, top, &tree, &shape);
    let values = stages::apply(&mut tree, file, stage, &mut problems)?;
    if values.is_some() {
        check::check(&mut problems, Mode::Merged, &check::Path::Root, top, &tree, &shape);
    }
    check_stack_name(&tree, stage, &mut problems);
    let sections = include::load(&tree, root, &mut sources, &mut problems);
    let values = values.as_ref();
    cross::Cross { tree: &tree, sections: &sections, values, sources: &sources, root }
        .check(&mut problems);
    if !problems.is_empty() {
        return invalid(problems, &sources);
    }

    let locations = locations::collect(&tree, &sections, &sources);
    let region = options.region.as_deref();
    let (tree, sections, sources) = (&tree, &sections, &sources);
    Ok(lower::service(lower::Parts {
        root,
        file,
        stage,
        region,
        tree,
        sections,
        values,
        sources,
        locations,
    }))
}

fn check_option(value: &str, rules: &shape::Text) -> Result<(), ManifestError> {
    (rules.check)(value).map_err(|complaint| ManifestError::BadOption {
        message: complaint.message,
        hint: complaint.hint,
    })
}

/// Name and stage may each be fine and too long together.
fn check_stack_name(tree: &node::Node, stage: &str, problems: &mut Problems) {
    let service = tree.get("service");
    let Some(name) = service.and_then(|service| service.entry("name")) else { return };
    if service.is_some_and(|service| service.get("stack-name").is_some()) {
        return;
    }
    let stack = lower::stack_name(tree, stage);
    if (names::SERVICE.check)(name.node.as_text().unwrap_or_default()).is_ok()
        && let Err(complaint) = (names::STACK.check)(&stack)
    {
        problems.add(name.node.at, complaint);
    }
}
