//! Bindings for languages whose toolchains make none, of the world that a plugin's project names.

use std::path::{Path, PathBuf};

use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::{Resolve, WorldId};

use crate::hint::{Explain, Kind};
use crate::text::safe_text;

/// Bindings in C of a world: a header, a source, and an object that tells the world to whoever links it. Each with
/// its name; the same world gives the same bytes.
///
/// # Errors
/// When there is no such world in the folder, or it is not WIT.
pub fn c_bindings(wit: &Path, world: &str) -> Result<Vec<(String, Vec<u8>)>, BindgenError> {
    let bad = |reason| BindgenError { folder: wit.to_owned(), world: world.to_owned(), reason };
    let (mut resolve, id) = read(wit, world).map_err(bad)?;
    let mut files = Files::default();
    let generated = wit_bindgen_c::Opts::default().build().generate(&mut resolve, id, &mut files);
    generated.map_err(|error| bad(format!("{error:#}")))?;
    Ok(files.iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect())
}

/// The world, with its package and all that it uses; or what is wrong with them, and where.
fn read(wit: &Path, world: &str) -> Result<(Resolve, WorldId), String> {
    let mut resolve = Resolve::default();
    let pushed = resolve.push_dir(wit);
    let (package, _) = pushed.map_err(|error| resolve.render_error(&error))?;
    let id = resolve.select_world(&[package], Some(world));
    let id = id.map_err(|error| format!("{error:#}"))?;
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
