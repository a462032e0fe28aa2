//! `explain`: who wrote a value of the final template, and how it came to be.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::hint::{BoxError, nearest};
use crate::manifest::Location;
use crate::template::{Explanation, Origin, Pointer, Template};
use crate::text::{safe_line, shorten};

use super::error::PipelineError;
use super::run::Run;

/// The answer, with the service's line where the service wrote it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explained {
    /// Who wrote what.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// Where the service's files say it; none when a plugin wrote it, or when the value was made
    /// from other keys of the manifest.
    pub location: Option<Location>,
}

/// Answers who wrote the value that `subject` names.
pub(super) fn explain(run: &mut Run, subject: &str) -> Result<Explained, BoxError> {
    let template = run.template.as_ref().expect("synthesize has run");
    let pointer = pointer_of(template, subject)?;
    let explanation = template.explain(&pointer);
    let location = matches!(explanation.written_by, Some(Origin::Service))
        .then(|| location_of(run, &pointer))
        .flatten();
    Ok(Explained { explanation, location })
}

/// `/Resources/X` as it is; `X.Properties.Tags` below the resource, or else the output or parameter,
/// of that logical id.
fn pointer_of(template: &Template, subject: &str) -> Result<Pointer, BoxError> {
    let document = template.document();
    let missing = |nearest: Option<String>| PipelineError::NoSuchValue {
        subject: subject.to_owned(),
        nearest,
    };
    if subject.starts_with('/') {
        let pointer = Pointer::parse(subject).map_err(|_| missing(None))?;
        return match template.get(&pointer) {
            Some(_) => Ok(pointer),
            None => Err(missing(nearest_below(document, &pointer)).into()),
        };
    }
    let mut words = subject.split('.');
    let id = words.next().unwrap_or_default();
    let sections = ["Resources", "Outputs", "Parameters", "Conditions", "Mappings"];
    let section = sections.into_iter().find(|section| document[*section].get(id).is_some());
    let Some(section) = section else {
        let ids = sections.iter().filter_map(|section| document[*section].as_object());
        let near = nearest(id, ids.flat_map(|map| map.keys().map(String::as_str)));
        return Err(missing(near.map(|near| subject.replacen(id, near, 1))).into());
    };
    let mut pointer = Pointer::of([section, id]);
    for word in words {
        pointer.push(word);
    }
    match template.get(&pointer) {
        Some(_) => Ok(pointer),
        None => Err(missing(nearest_below(document, &pointer)).into()),
    }
}

/// The pointer with its first wrong token mended, when that is near enough.
fn nearest_below(document: &Value, pointer: &Pointer) -> Option<String> {
    let mut at = Pointer::root();
    for token in pointer.tokens() {
        let next = at.child(&token);
        if next.resolve(document).is_none() {
            let keys = at.resolve(document)?.as_object()?.keys().map(String::as_str);
            return Some(at.child(nearest(&token, keys)?).to_string());
        }
        at = next;
    }
    None
}

/// The manifest's line of the value, or of the nearest thing around it.
fn location_of(run: &Run, pointer: &Pointer) -> Option<Location> {
    let mut at = Some(pointer.clone());
    while let Some(pointer) = at {
        if let Some(location) = run.locations.get(pointer.as_str()) {
            return Some(location.clone());
        }
        at = pointer.parent();
    }
    None
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { pointer, value, written_by, history, parts } = &self.explanation;
        if let Some(value) = value {
            writeln!(f, "{pointer} = {}", in_short(value))?;
        }
        if let Some(writer) = written_by {
            write!(f, "  written by {}", name(writer))?;
            match &self.location {
                Some(location) => writeln!(f, ", {location}")?,
                None => writeln!(f)?,
            }
        }
        for part in parts {
            writeln!(f, "  {} written by {}", part.pointer, name(&part.written_by))?;
        }
        if !history.is_empty() {
            writeln!(f, "  history:")?;
        }
        for edit in history {
            let before = edit.before.as_ref().map_or("nothing".into(), in_short);
            let after = edit.after.as_ref().map_or("nothing".into(), in_short);
            writeln!(f, "    {}: {}: {before} -> {after}", edit.writer(), edit.pointer)?;
        }
        Ok(())
    }
}

fn name(origin: &Origin) -> String {
    match origin {
        Origin::Service => "the service".into(),
        Origin::Plugin(writer) => writer.to_string(),
    }
}

fn in_short(value: &Value) -> String {
    let text = value.to_string();
    shorten(&safe_line(&text), 160).into_owned()
}
