//! A plugin's component, from what a compiler has made: a core module is wrapped, debugging sections go, and name,
//! version and origin are written into it.

use serde::Serialize;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasm_encoder::{ComponentSection as _, CustomSection, RawSection, Section as _};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::hint::{Explain, Kind};
use crate::text::safe_line;

/// What is written into a component. Tools of others read it too, by the same names.
/// Source: <https://github.com/bytecodealliance/wasm-tools> (`wasm-metadata`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// The plugin's name.
    #[serde(skip)]
    pub name: String,
    /// Its version.
    #[serde(skip)]
    pub version: String,
    /// One sentence.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Option<String>,
    /// SPDX expression.
    pub licenses: Option<String>,
    /// Where its sources are.
    pub source: Option<String>,
    /// Where its documentation is.
    pub homepage: Option<String>,
    /// The revision of the sources.
    pub revision: Option<String>,
}

impl About {
    fn sections(&self) -> [(&'static str, Option<&String>); 7] {
        [
            ("version", Some(&self.version)),
            ("description", self.description.as_ref()),
            ("authors", self.authors.as_ref()),
            ("licenses", self.licenses.as_ref()),
            ("source", self.source.as_ref()),
            ("homepage", self.homepage.as_ref()),
            ("revision", self.revision.as_ref()),
        ]
    }

    /// What is known beside name and version, each with its name.
    pub fn origin(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.sections().into_iter().skip(1).filter_map(|(name, text)| Some((name, text?.as_str())))
    }

    /// What a component says of itself but its name; what it does not say is empty.
    pub fn read(component: &[u8]) -> Self {
        let mut about = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 => {
                    let Ok(text) = std::str::from_utf8(section.data()) else { continue };
                    let field = match section.name() {
                        "version" => {
                            about.version = text.to_owned();
                            continue;
                        }
                        "description" => &mut about.description,
                        "authors" => &mut about.authors,
                        "licenses" => &mut about.licenses,
                        "source" => &mut about.source,
                        "homepage" => &mut about.homepage,
                        "revision" => &mut about.revision,
                        _ => continue,
                    };
                    *field = Some(text.to_owned());
                }
                _ => {}
            }
        }
        about
    }
}

/// Makes a component of a core module, or of a component; gives it this to say of itself.
///
/// # Errors
/// When it is neither, or does not fit the world that it was made for.
pub fn assemble(made: &[u8], about: &About) -> Result<Vec<u8>, AssembleError> {
    let encoding = Parser::new(0).parse_all(made).find_map(|payload| match payload {
        Ok(Payload::Version { encoding, .. }) => Some(encoding),
        _ => None,
    });
    let component = match encoding {
        Some(Encoding::Component) => made.to_vec(),
        Some(Encoding::Module) => wrapped(&without_debugging(made)?)?,
        None => return Err(AssembleError::NotWasm),
    };
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(about.name.clone());
    let mut component = metadata.to_wasm(&component).map_err(|error| AssembleError::of(&error))?;
    for (name, text) in about.sections() {
        if let Some(text) = text {
            let data = text.as_bytes().into();
            CustomSection { name: name.into(), data }.append_to_component(&mut component);
        }
    }
    Ok(component)
}

/// A module that was built for WASI preview 1 gets the adapter that turns its calls into those of WASI 0.2; one
/// that makes no such call has none of it.
fn wrapped(module: &[u8]) -> Result<Vec<u8>, AssembleError> {
    let encoder = ComponentEncoder::default().validate(true).module(module);
    let encoder = encoder.and_then(|encoder| {
        let adapter = WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
        encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)
    });
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| AssembleError::of(&error))
}

/// The module without what only a debugger reads. Names stay: they are what a trap is shown with.
fn without_debugging(module: &[u8]) -> Result<Vec<u8>, AssembleError> {
    let mut kept = module[..8].to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let payload =
            payload.map_err(|error| AssembleError::Malformed { reason: error.to_string() })?;
        if let Payload::CustomSection(section) = &payload
            && section.name().starts_with(".debug_")
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            RawSection { id, data: &module[range] }.append_to(&mut kept);
        }
    }
    Ok(kept)
}

/// No component can be made of it.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// It is no WebAssembly.
    #[error("what the build has made is not WebAssembly")]
    NotWasm,
    /// It is damaged.
    #[error("what the build has made is damaged: {}", safe_line(reason))]
    Malformed {
        /// Where and how.
        reason: String,
    },
    /// It has no world, or does not fit it.
    #[error("no component can be made of the module: {}", safe_line(reason))]
    NoComponent {
        /// Why not.
        reason: String,
    },
}

impl AssembleError {
    fn of(error: &dyn std::fmt::Display) -> Self {
        Self::NoComponent { reason: format!("{error:#}") }
    }
}

impl Explain for AssembleError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotWasm => "not-wasm",
            Self::Malformed { .. } => "bad-wasm",
            Self::NoComponent { .. } => "no-component",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![
            match self {
                Self::NotWasm => "correct `module` in `plugin.toml`: it names the file that the build makes",
                Self::Malformed { .. } => "build it again from scratch",
                Self::NoComponent { .. } => {
                    "it must be built with bindings of `phalanx:pipeline`, which tell its world: the guest crate, or wit-bindgen"
                }
            }
            .into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About {
            name: "rules".into(),
            version: "1.2.0".into(),
            licenses: Some("MIT".into()),
            ..About::default()
        }
    }

    #[test]
    fn a_component_gets_a_name_and_keeps_its_code() {
        let plain = wat::parse_str("(component)").unwrap();
        let made = assemble(&plain, &about()).unwrap();
        let read = About::read(&made);
        assert_eq!((read.version.as_str(), read.licenses.as_deref()), ("1.2.0", Some("MIT")));
        assert_eq!(assemble(&plain, &about()).unwrap(), made, "the same bytes each time");
        assert!(made.starts_with(&plain[..8]));
    }

    #[test]
    fn what_only_debuggers_read_goes() {
        let text =
            "(module (func $f) (@custom \".debug_info\" \"abc\") (@custom \"kept\" \"abc\"))";
        let module = wat::parse_str(text).unwrap();
        let kept = without_debugging(&module).unwrap();
        let has = |bytes: &[u8], name: &str| {
            bytes.windows(name.len()).any(|part| part == name.as_bytes())
        };
        assert!(has(&module, ".debug_info") && !has(&kept, ".debug_info"));
        assert!(has(&kept, "kept") && kept.len() < module.len());
    }

    #[test]
    fn what_is_no_component_is_told() {
        let told = |bytes: &[u8]| assemble(bytes, &about()).unwrap_err().to_string();
        insta::assert_snapshot!(told(b"text"), @"what the build has made is not WebAssembly");
        let module = |text: &str| told(&wat::parse_str(text).unwrap());
        insta::assert_snapshot!(module("(module (import \"env\" \"f\" (func)))"), @"no component can be made of the module: failed to decode world from module: module was not valid: failed to resolve import `env::f`: module requires an import interface named `env`");
    }
}
