//! `template-edit`: edits the template; the template keeps the journal.

use wasmtime::Result;

use super::super::bindings::{WitFailure, template_edit::Host};
use super::super::hook::Object;
use super::super::state::State;
use super::{failure, json};
use crate::template::{EditError, Pointer, Template};

const EDIT: Object = Object::TemplateEdit;

/// The result of an edit, which a plugin can handle.
type Edited<T> = Result<T, WitFailure>;

fn pointer(text: &str) -> Edited<Pointer> {
    Pointer::parse(text).map_err(|error| failure(&EditError::from(error)))
}

fn set(template: &mut Template, at: &str, value: &str) -> Edited<()> {
    let value = json(at, value)?;
    template.set(&pointer(at)?, value).map_err(|error| failure(&error))
}

fn set_all(template: &mut Template, edits: &[(String, String)]) -> Edited<()> {
    let parse = |(at, value): &(String, String)| Ok((pointer(at)?, json(at, value)?));
    let edits = edits.iter().map(parse).collect::<Edited<Vec<_>>>()?;
    template.set_all(edits).map_err(|error| failure(&error))
}

fn add(template: &mut Template, section: &str, id: &str, value: &str) -> Edited<()> {
    let value = json(id, value)?;
    template.add(section, id, value).map_err(|error| failure(&error))
}

fn merge(template: &mut Template, at: &str, patch: &str) -> Edited<()> {
    let patch = json(at, patch)?;
    template.merge(&pointer(at)?, patch).map_err(|error| failure(&error))
}

fn remove(template: &mut Template, at: &str) -> Edited<bool> {
    template.remove(&pointer(at)?).map_err(|error| failure(&error))
}

fn replace(template: &mut Template, document: &str) -> Edited<()> {
    let document = json("the whole document", document)?;
    template.replace(document).map_err(|error| failure(&error))
}

impl Host for State {
    fn set(&mut self, at: String, value: String) -> Result<Edited<()>> {
        Ok(set(self.template(EDIT, "set")?, &at, &value))
    }

    fn set_all(&mut self, edits: Vec<(String, String)>) -> Result<Edited<()>> {
        Ok(set_all(self.template(EDIT, "set-all")?, &edits))
    }

    fn add(&mut self, section: String, id: String, value: String) -> Result<Edited<()>> {
        Ok(add(self.template(EDIT, "add")?, &section, &id, &value))
    }

    fn merge(&mut self, at: String, patch: String) -> Result<Edited<()>> {
        Ok(merge(self.template(EDIT, "merge")?, &at, &patch))
    }

    fn remove(&mut self, at: String) -> Result<Edited<bool>> {
        Ok(remove(self.template(EDIT, "remove")?, &at))
    }

    fn replace(&mut self, document: String) -> Result<Edited<()>> {
        Ok(replace(self.template(EDIT, "replace")?, &document))
    }
}
