//! Bindings for languages whose toolchains make none, of the world that a plugin's project names.

use std::path::{Path, PathBuf};

use wit_bindgen_core::wit_parser::{Resolve, WorldId};
use wit_bindgen_core::{Files, WorldGenerator};
use wit_component::{StringEncoding, embed_component_metadata};

use crate::hint::{Explain, Kind};
use crate::text::safe_text;

/// A language that bindings can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingsLanguage {
    /// A header, a source, and an object that tells the world to whoever links it.
    C,
    /// Packages; what the linker makes of them does not know its world.
    Go,
}

/// Bindings of a world, each file with its name; the same world gives the same bytes.
///
/// # Errors
/// When there is no such world in the folder, or it is not WIT.
pub fn bindings(
    language: BindingsLanguage,
    wit: &Path,
    world: &str,
) -> Result<Vec<(String, Vec<u8>)>, BindgenError> {
    let (mut resolve, id) = read(wit, world)?;
    let mut files = Files::default();
    let mut generator: Box<dyn WorldGenerator> = match language {
        BindingsLanguage::C => wit_bindgen_c::Opts::default().build(),
        BindingsLanguage::Go => wit_bindgen_go::Opts {
            // Otherwise what is written would depend on the machine.
            format: wit_bindgen_go::Format::False,
            pkg_name: Some("phalanx-plugin/bindings".into()),
            export_pkg_name: Some("phalanx-plugin/hooks".into()),
            ..wit_bindgen_go::Opts::default()
        }
        .build(),
    };
    let generated = generator.generate(&mut resolve, id, &mut files);
    generated.map_err(|error| BindgenError::of(wit, world, format!("{error:#}")))?;
    Ok(files.iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect())
}

/// Writes into a module which world it was made for.
///
/// # Errors
/// As [`bindings`]; and when it is no module.
pub fn embed_world(module: &mut Vec<u8>, wit: &Path, world: &str) -> Result<(), BindgenError> {
    let (resolve, id) = read(wit, world)?;
    embed_component_metadata(module, &resolve, id, StringEncoding::UTF8)
        .map_err(|error| BindgenError::of(wit, world, format!("{error:#}")))
}

/// The world, with its package and all that it uses.
fn read(wit: &Path, world: &str) -> Result<(Resolve, WorldId), BindgenError> {
    let bad = |reason| BindgenError::of(wit, world, reason);
    let mut resolve = Resolve::default();
    let pushed = resolve.push_dir(wit);
    let (package, _) = pushed.map_err(|error| bad(resolve.render_error(&error)))?;
    let id = resolve.select_world(&[package], Some(world));
    let id = id.map_err(|error| bad(format!("{error:#}")))?;
    Ok((resolve, id))
}

/// No bindings can be made of a world.
#[derive(Debug, thiserror::Error)]
#[error("no bindings can be made of the world `{world}` in `{}`", folder.display())]
pub struct BindgenError {
    folder: PathBuf,
    world: String,
    reason: String,
}

impl BindgenError {
    fn of(wit: &Path, world: &str, reason: String) -> Self {
        Self { folder: wit.to_owned(), world: world.to_owned(), reason }
    }
}

impl Explain for BindgenError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "bad-world"
    }

    fn details(&self) -> Option<String> {
        Some(safe_text(&self.reason))
    }
}
