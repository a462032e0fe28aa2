//! Files of one table, without stages and includes: policies, and projects of plugins.

use super::check::{self, Mode};
use super::node::Node;
use super::problem::{ManifestError, Problems};
use super::shape::{Shape, TableShape};
use super::source::Sources;
use super::syntax;

/// Reads a file's text; `name` is what people are shown.
///
/// # Errors
/// All mistakes at once.
pub(super) fn read(
    name: &str,
    text: String,
    shape: &'static TableShape,
) -> Result<(Node, Sources), ManifestError> {
    let (mut problems, mut sources) = (Problems::default(), Sources::default());
    let file = sources.add(name.to_owned(), text);
    let tree = syntax::read(&sources, file, &mut problems);
    if let Some(tree) = &tree {
        let (top, shape) = (sources.top(file), Shape::Table(shape));
        check::check(&mut problems, Mode::Full, &check::Path::Root, top, tree, &shape);
    }
    match tree {
        Some(tree) if problems.is_empty() => Ok((tree, sources)),
        _ => Err(ManifestError::Invalid {
            file: name.to_owned(),
            problems: problems.into_list(&sources),
        }),
    }
}
