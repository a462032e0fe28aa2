//! What a call did, in a form that can be kept, read and compared.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::TextDiff;

use super::TestedCase;
use super::error::CaseError;
use crate::context::Context;
use crate::digest::Digest;
use crate::fs;
use crate::hint::{BoxError, Explain as _};
use crate::plugin::{Artifacts, Output, PluginError, Problem, World};
use crate::report::Event;

/// What is expected of a call.
const EXPECTED: &str = "expected.json";
/// The template that it is expected to leave.
const TEMPLATE: &str = "expected.template.json";
/// Bytes of a file that is shown as text.
const SHORT: usize = 4 << 10;
/// Lines around a difference that are shown.
const AROUND: usize = 3;

/// What a call did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Observed {
    /// The template's journal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edits: Vec<ObservedEdit>,
    /// Keys of the context that were set, and those that were removed: with null.
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: Map<String, Value>,
    /// Files of packages that were written, `FUNCTION/PATH` with what is in them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    packages: BTreeMap<String, String>,
    /// What a validator found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ObservedFailure>,
    /// What it logged, `LEVEL: MESSAGE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
    /// The template that it left, when it edited it.
    #[serde(skip)]
    template: Option<Value>,
}

/// One edit of the template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ObservedEdit {
    pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ObservedFailure {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The files of packages, `FUNCTION/PATH`, each with its text, or its digest where that is long or no text.
pub(super) type Packages = BTreeMap<String, String>;

/// What is in the packages.
pub(super) fn packages(artifacts: &dyn Artifacts) -> Packages {
    let mut all = Packages::new();
    for package in artifacts.list() {
        for path in artifacts.files(&package.function).unwrap_or_default() {
            let Ok(bytes) = artifacts.read(&package.function, &path, u64::MAX) else { continue };
            let content = match std::str::from_utf8(&bytes) {
                Ok(text) if text.len() <= SHORT => text.to_owned(),
                _ => format!("sha256:{}", Digest::of(&bytes)),
            };
            all.insert(format!("{}/{path}", package.function), content);
        }
    }
    all
}

impl Observed {
    /// What a call did to `world`.
    pub(super) fn new(
        world: &World,
        before: &Context,
        before_packages: Option<Packages>,
        result: &Result<Output, PluginError>,
        events: &[Event],
    ) -> Self {
        let template = world.template.as_ref();
        let edits = template.map(|template| template.edits()).unwrap_or_default();
        let edits = edits.iter().map(|edit| ObservedEdit {
            pointer: edit.pointer.to_string(),
            before: edit.before.clone(),
            after: edit.after.clone(),
        });
        let edits: Vec<_> = edits.collect();
        let now = world.artifacts.as_ref().map(|artifacts| packages(&**artifacts));
        let before_packages = before_packages.unwrap_or_default();
        let written = now.unwrap_or_default().into_iter();
        let findings = result.iter().flat_map(|output| &output.findings).map(|finding| {
            let mut finding = serde_json::to_value(finding).expect("findings serialise");
            // Who found it is who is tested.
            if let Some(finding) = finding.as_object_mut() {
                finding.retain(|key, value| key != "found-by" && !value.is_null());
            }
            finding
        });
        Self {
            template: template.filter(|_| !edits.is_empty()).map(|one| one.document().clone()),
            edits,
            context: changes(before, &world.context),
            packages: written
                .filter(|(path, content)| before_packages.get(path) != Some(content))
                .collect(),
            findings: findings.collect(),
            failure: result.as_ref().err().map(failure),
            log: events.iter().filter_map(logged).collect(),
        }
    }

    /// Keeps it as what is expected.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BoxError> {
        fs::write(&folder.join(EXPECTED), pretty(self))?;
        match &self.template {
            Some(template) => fs::write(&folder.join(TEMPLATE), pretty(template))?,
            None => fs::remove_file(&folder.join(TEMPLATE))?,
        }
        Ok(())
    }

    /// Holds it against what is expected.
    pub(super) fn compare(&self, folder: &Path, tested: &mut TestedCase) -> Result<(), BoxError> {
        let Some(expected) = read(folder, EXPECTED)? else {
            let name = &tested.name;
            let told = format!(
                "it has no `{EXPECTED}` yet: `phalanx plugin test --case {name} --bless` writes what the plugin does now"
            );
            tested.problems.push(told);
            return Ok(());
        };
        // As text: the order of keys is the template's, too.
        let text = |template: &Option<Value>| template.as_ref().map(pretty).unwrap_or_default();
        let template = (text(&read(folder, TEMPLATE)?), text(&self.template));
        for (file, (expected, now)) in
            [(EXPECTED, (pretty(&expected), pretty(self))), (TEMPLATE, template)]
        {
            if expected != now {
                tested.differences.push(difference(file, &expected, &now));
            }
        }
        Ok(())
    }
}

/// Keys of the context that are other than before; null for those that went.
fn changes(before: &Context, after: &Context) -> Map<String, Value> {
    let mut changes = Map::new();
    for (key, value) in after.iter().filter(|(key, value)| before.get(key) != Some(value)) {
        changes.insert(key.to_owned(), value.clone());
    }
    for key in before.keys().filter(|key| after.get(key).is_none()) {
        changes.insert(key.to_owned(), Value::Null);
    }
    changes
}

fn failure(error: &PluginError) -> ObservedFailure {
    match error.problem() {
        Problem::Failure { code, message, hint, .. } => {
            ObservedFailure { code: code.clone(), message: message.clone(), hint: hint.clone() }
        }
        // Where in the plugin it happened is not the same in every build of it.
        _ => ObservedFailure {
            code: error.code().to_owned(),
            message: error.problem().to_string(),
            hint: None,
        },
    }
}

fn logged(event: &Event) -> Option<String> {
    match event {
        Event::PluginLog { level, message, .. } => Some(format!("{level}: {message}")),
        _ => None,
    }
}

fn read(folder: &Path, file: &str) -> Result<Option<Value>, BoxError> {
    let path = folder.join(file);
    let Some(bytes) = fs::read_if_present(&path)? else { return Ok(None) };
    let read = serde_json::from_slice(&bytes);
    Ok(Some(read.map_err(|source| CaseError::NotJson { path, source })?))
}

/// JSON as it is kept.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("it is JSON");
    format!("{text}\n")
}

/// The lines that differ, and some around them.
fn difference(file: &str, expected: &str, now: &str) -> String {
    let diff = TextDiff::from_lines(expected, now);
    let mut unified = diff.unified_diff();
    unified.context_radius(AROUND).header(file, "what the plugin does").to_string()
}
