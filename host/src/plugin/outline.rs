//! The outermost layer of a component, read from its bytes.

use serde::{Deserialize, Serialize};
use wasmparser::{ComponentNameSectionReader, Encoding, Parser, Payload};
use wasmtime::Engine;

use super::error::{NotComponent, Problem};
use crate::text::{safe_line, shorten};

/// What a component says about itself in front of its code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Outline {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    /// Bytes of the component.
    pub(super) size: u64,
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

impl Outline {
    /// Reads it, from a component of `limit` bytes at most.
    pub(super) fn read(bytes: &[u8], limit: u64) -> Result<Self, Problem> {
        let size = bytes.len() as u64;
        if size > limit {
            return Err(Problem::TooLarge { limit });
        }
        if let Some(found) = not_wasm(bytes) {
            return Err(Problem::NotComponent(found));
        }
        let invalid = |error: &wasmparser::BinaryReaderError| Problem::Invalid {
            reason: format!("{} at byte {}", error.message(), error.offset()),
        };
        let mut outline = Self { size, ..Self::default() };
        let mut parser = Parser::new(0);
        let mut rest = bytes;
        loop {
            let chunk = parser.parse(rest, true).map_err(|error| invalid(&error))?;
            let wasmparser::Chunk::Parsed { consumed, payload } = chunk else {
                return Err(Problem::Invalid { reason: "it is cut short".to_owned() });
            };
            rest = &rest[consumed..];
            match payload {
                Payload::Version { encoding: Encoding::Module, .. } => {
                    return Err(Problem::NotComponent(NotComponent::CoreModule));
                }
                // What is nested is the compiler's business.
                Payload::ModuleSection { unchecked_range: range, .. }
                | Payload::ComponentSection { unchecked_range: range, .. } => {
                    rest = rest.get(range.len()..).ok_or_else(|| Problem::Invalid {
                        reason: format!("it is cut short: a part goes on to byte {}", range.end),
                    })?;
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import.map_err(|error| invalid(&error))?;
                        outline.imports.push(import.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        let export = export.map_err(|error| invalid(&error))?;
                        outline.exports.push(export.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name() == "version" => {
                    outline.version = std::str::from_utf8(section.data()).ok().map(shown);
                }
                Payload::CustomSection(section) => {
                    if let wasmparser::KnownCustom::ComponentName(names) = section.as_known() {
                        outline.name = component_name(names);
                    }
                }
                Payload::End(_) => return Ok(outline),
                _ => {}
            }
        }
    }
}

fn component_name(names: ComponentNameSectionReader<'_>) -> Option<String> {
    names.into_iter().find_map(|name| match name {
        Ok(wasmparser::ComponentName::Component { name, .. }) => Some(shown(name)),
        _ => None,
    })
}

fn not_wasm(bytes: &[u8]) -> Option<NotComponent> {
    if bytes.starts_with(b"\0asm") {
        None
    } else if bytes.is_empty() {
        Some(NotComponent::Empty)
    } else if Engine::detect_precompiled(bytes).is_some() {
        Some(NotComponent::Precompiled)
    } else if looks_like_text(bytes) {
        Some(NotComponent::Text)
    } else {
        Some(NotComponent::Other)
    }
}

/// Text begins with `(module` or `(component`, or with a comment before that.
fn looks_like_text(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    [&b"(module"[..], b"(component", b"(;", b";;"].iter().any(|start| text.starts_with(start))
}

/// Foreign names as they may be shown.
pub(super) fn shown(name: &str) -> String {
    shorten(&safe_line(name), 200).into_owned()
}
