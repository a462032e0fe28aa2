//! Every key of `plugin.toml`.

use super::BUILD;
use crate::manifest::names;
use crate::manifest::project::{NAME, VERSION};
use crate::manifest::shape::{Key, Shape, TableShape};

/// The whole file.
pub(in crate::manifest) static PROJECT: TableShape = TableShape::new(&[
    Key::new("name", Shape::Text(&NAME), "the plugin's name").required(),
    Key::new("version", Shape::Text(&VERSION), "its version, such as `1.2.0`").required(),
    Key::new("description", Shape::Text(&names::FILLED), "what it does, in one sentence"),
    Key::new(
        "authors",
        Shape::List { of: &Shape::Text(&names::FILLED), min: 0, max: usize::MAX },
        "who wrote it",
    )
    .default("[]"),
    Key::new("license", Shape::Text(&names::FILLED), "its licence, an SPDX expression"),
    Key::new("source", Shape::Text(&names::FILLED), "where its sources are, a URL"),
    Key::new("documentation", Shape::Text(&names::FILLED), "where its documentation is, a URL"),
    Key::new("build", Shape::Table(&BUILD), "what makes the module; nothing without it"),
    Key::new(
        "bindings",
        Shape::Table(&BINDINGS),
        "bindings that are made of a world before each build, for languages whose tools make none",
    ),
    Key::new(
        "tools",
        Shape::Map {
            names: &names::FILLED,
            values: &Shape::Text(&names::FILLED),
            max: usize::MAX,
        },
        "programs that the build needs, on PATH or by their path in the folder, each with the command that installs it",
    )
    .default("{}"),
    Key::new(
        "module",
        Shape::Text(&names::PATH),
        "path of the core module or component that the build makes",
    )
    .required(),
    Key::new(
        "component",
        Shape::Text(&names::PATH),
        "path of the component that is written; `NAME.wasm` without it",
    ),
]);

static BINDINGS: TableShape = TableShape::new(&[
    Key::new("language", Shape::Choice(&["c", "go"]), "their language").required(),
    Key::new("wit", Shape::Text(&names::PATH), "the folder with the world").default("\"wit\""),
    Key::new("world", Shape::Text(&names::FILLED), "the world's name").default("\"plugin\""),
    Key::new("folder", Shape::Text(&names::PATH), "where they are written").default("\"bindings\""),
]);
