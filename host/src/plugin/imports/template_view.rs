//! `template-view`: reads the template.

use wasmtime::Result;

use super::super::bindings::template_view::Host;
use super::super::hook::Object;
use super::super::state::State;
use super::{shown, text};
use crate::template::Pointer;

const VIEW: Object = Object::TemplateView;

impl Host for State {
    fn get(&mut self, pointer: String) -> Result<Option<String>> {
        let template = self.template(VIEW, "get")?;
        match Pointer::parse(&pointer) {
            Ok(pointer) => Ok(template.get(&pointer).map(text)),
            Err(error) => {
                // Nothing lies there, as the contract says; but the author wants to know why.
                self.log.remark(&format!("get `{}`: {error}", shown(&pointer)));
                Ok(None)
            }
        }
    }

    fn logical_ids(&mut self, of_type: Option<String>) -> Result<Vec<String>> {
        Ok(self.template(VIEW, "logical-ids")?.logical_ids(of_type.as_deref()))
    }

    fn document(&mut self) -> Result<String> {
        Ok(text(self.template(VIEW, "document")?.document()))
    }
}
