//! `plugin.toml`: what a plugin is called, and how its component is built.

use indexmap::IndexMap;

use super::names;
use super::node::Node;
use super::problem::{ManifestError, complaint};
use super::shape::Text;
use super::{Build, keys, lower, single};

/// The project of one plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The plugin's name.
    pub name: String,
    /// Its version, semver.
    pub version: String,
    /// One sentence.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// SPDX expression.
    pub license: Option<String>,
    /// Where its sources are.
    pub source: Option<String>,
    /// Where its documentation is.
    pub documentation: Option<String>,
    /// What makes the module.
    pub build: Option<Build>,
    /// Bindings that are made before the build.
    pub bindings: Option<ProjectBindings>,
    /// Programs that the build needs, with what installs each.
    pub tools: IndexMap<String, String>,
    /// The core module or component that the build makes, in the project's folder.
    pub module: String,
    /// The component that is written, in the project's folder.
    pub component: String,
}

/// Bindings of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectBindings {
    /// Their language.
    pub language: String,
    /// The folder of the world.
    pub wit: String,
    /// The world's name.
    pub world: String,
    /// Where they are written.
    pub folder: String,
}

/// Reads a project's text; `name` is what people are shown.
///
/// # Errors
/// All mistakes at once.
pub fn read_project(name: &str, text: String) -> Result<Project, ManifestError> {
    let (tree, _) = single::read(name, text, &keys::project::PROJECT)?;
    let text = |key| tree.text(key);
    let plugin = text("name").unwrap_or_default();
    Ok(Project {
        version: text("version").unwrap_or_default(),
        description: text("description"),
        authors: tree.texts("authors"),
        license: text("license"),
        source: text("source"),
        documentation: text("documentation"),
        build: tree.get("build").map(lower::build),
        bindings: tree.get("bindings").map(bindings),
        tools: tree.scalars("tools"),
        module: text("module").unwrap_or_default(),
        component: text("component").unwrap_or_else(|| format!("{plugin}.wasm")),
        name: plugin,
    })
}

fn bindings(node: &Node) -> ProjectBindings {
    let or = |key: &str, default: &str| node.text(key).unwrap_or_else(|| default.to_owned());
    ProjectBindings {
        language: or("language", ""),
        wit: or("wit", "wit"),
        world: or("world", "plugin"),
        folder: or("folder", "bindings"),
    }
}

/// A whole version.
pub(super) const VERSION: Text = Text {
    what: "a version such as `1.2.0`",
    pattern: Some(r"^\d+\.\d+\.\d+"),
    check: |text| match semver::Version::parse(text) {
        Ok(version) if version.build.is_empty() => Ok(()),
        Ok(_) => Err(complaint(
            format!("`{text}` cannot be published"),
            "a tag of a registry cannot hold `+`",
        )),
        Err(error) => Err(complaint(format!("`{text}` is no version: {error}"), "such as `1.2.0`")),
    },
};

/// A plugin's name, which also names its component.
pub(super) const NAME: Text = names::PLUGIN;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hint::Explain as _;

    #[test]
    fn a_project_says_what_it_says() {
        let text = "name = \"rules\"\nversion = \"1.0.0\"\nmodule = \"target/rules.wasm\"\n\
                    [build]\ncommand = \"make\"\n";
        let project = read_project("plugin.toml", text.to_owned()).unwrap();
        assert_eq!(project.component, "rules.wasm");
        assert_eq!(project.build.unwrap().command, "make");
    }

    #[test]
    fn all_mistakes_are_shown_where_they_stand() {
        let text = "name = \"house rules\"\nversion = \"1.0\"\nlicence = \"MIT\"\n";
        let error = read_project("plugin.toml", text.to_owned()).unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.details().unwrap()), @r#"
        `plugin.toml` has 4 problems
        missing key `module` at the top level
         --> plugin.toml:1:1
          |
        1 | name = "house rules"
          | ^
          = help: `module`: path of the core module or component that the build makes

        `name`: `house rules` cannot be a plugin's name
         --> plugin.toml:1:8
          |
        1 | name = "house rules"
          |        ^^^^^^^^^^^^^
          = help: a letter, then letters, digits, `-` and `_`, at most 64

        `version`: `1.0` is no version: unexpected end of input while parsing minor version number
         --> plugin.toml:2:11
          |
        2 | version = "1.0"
          |           ^^^^^
          = help: such as `1.2.0`

        unknown key `licence` at the top level
         --> plugin.toml:3:1
          |
        3 | licence = "MIT"
          | ^^^^^^^
          = help: did you mean `license`?
        "#);
    }
}
