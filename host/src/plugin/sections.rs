//! Where the bytes of a component are.

use std::fmt;

use serde::Serialize;
use wasmparser::{Parser, Payload};

use crate::text::size;

/// Bytes by what they are for, over all modules of a component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sections {
    /// Instructions.
    pub code: u64,
    /// What memory begins with.
    pub data: u64,
    /// Names of functions, which traps are shown with.
    pub names: u64,
    /// What only debuggers read.
    pub debugging: u64,
    /// Types, imports, exports and all else.
    pub rest: u64,
}

impl Sections {
    /// Of a component's bytes; what cannot be read counts as the rest.
    pub fn of(component: &[u8]) -> Self {
        let mut sections = Self::default();
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            let (part, range) = match &payload {
                Payload::CodeSectionStart { range, .. } => (&mut sections.code, range.clone()),
                Payload::DataSection(reader) => (&mut sections.data, reader.range()),
                Payload::CustomSection(reader) => match reader.name() {
                    "name" | "component-name" => (&mut sections.names, reader.range()),
                    name if name.starts_with(".debug_") => {
                        (&mut sections.debugging, reader.range())
                    }
                    _ => continue,
                },
                _ => continue,
            };
            *part += range.len() as u64;
        }
        let Self { code, data, names, debugging, .. } = sections;
        sections.rest = (component.len() as u64).saturating_sub(code + data + names + debugging);
        sections
    }
}

impl fmt::Display for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("code", self.code),
            ("data", self.data),
            ("names", self.names),
            ("debugging", self.debugging),
            ("rest", self.rest),
        ];
        let shown = parts.iter().filter(|(_, bytes)| *bytes > 0);
        let shown: Vec<_> = shown.map(|(name, bytes)| format!("{name} {}", size(*bytes))).collect();
        f.write_str(&shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_counted_once() {
        let text = "(component (core module (memory 1) (data (i32.const 0) \"0123456789\") (func $f nop) \
                    (@custom \".debug_info\" \"abc\")))";
        let component = wat::parse_str(text).unwrap();
        let sections = Sections::of(&component);
        let Sections { code, data, names, debugging, rest } = sections;
        assert!(code > 0 && data > 10 && names > 0 && debugging > 0, "{sections:?}");
        assert_eq!(code + data + names + debugging + rest, component.len() as u64);
        assert_eq!(Sections::of(b"text").rest, 4);
    }
}
