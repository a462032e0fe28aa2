//! Puts the template's sections together: those of the manifest and those of included CloudFormation
//! files.
//!
//! A file is a piece of a template in JSON or YAML. Names must be unique over all files. `Description`
//! and `AWSTemplateFormatVersion` of a piece are read and dropped: the whole has its own.

mod files;
mod json;
mod tags;
mod yaml;

use std::path::Path;

use indexmap::IndexMap;

use super::check::{self, Mode};
use super::keys;
use super::node::{Content, Entry, Node, Table};
use super::problem::{Problems, complaint, suggest};
use super::shape::Shape;
use super::source::{At, FileId, Sources};

/// Nesting beyond this is refused: no template needs it, and all that walks a tree recurses.
const MAX_DEPTH: usize = 100;

/// The sections of a template that hold named entries, in the order of the final document.
const NAMED: [(&str, Option<Shape>); 7] = [
    ("Parameters", Some(keys::PARAMETERS)),
    ("Mappings", Some(keys::MAPPINGS)),
    ("Conditions", Some(keys::CONDITIONS)),
    ("Rules", None),
    ("Metadata", None),
    ("Resources", Some(keys::RESOURCES)),
    ("Outputs", Some(keys::OUTPUTS)),
];

/// Sections that hold no named entries.
const OTHERS: [&str; 3] = ["AWSTemplateFormatVersion", "Description", "Transform"];

/// The template's sections, each entry with its place.
#[derive(Debug, Default)]
pub(super) struct Sections {
    named: IndexMap<&'static str, Table>,
    transforms: Vec<Node>,
}

impl Sections {
    pub(super) fn entries(&self, section: &str) -> impl Iterator<Item = (&str, &Entry)> {
        let table = self.named.get(section);
        table.into_iter().flatten().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Sections that are there, in the order of the final document.
    pub(super) fn present(&self) -> impl Iterator<Item = (&'static str, &Table)> {
        NAMED.iter().filter_map(|(name, _)| Some((*name, self.named.get(name)?)))
    }

    pub(super) fn transforms(&self) -> &[Node] {
        &self.transforms
    }

    fn add(
        &mut self,
        section: &'static str,
        table: &Table,
        sources: &Sources,
        problems: &mut Problems,
    ) {
        let all = self.named.entry(section).or_default();
        for (name, entry) in table {
            match all.get(name) {
                Some(first) => {
                    let message = format!("`{name}` is in `{section}` already");
                    let hint = format!("the first is at {}", sources.locate(first.key));
                    problems.add(entry.key, complaint(message, hint));
                }
                None => {
                    all.insert(name.clone(), entry.clone());
                }
            }
        }
    }
}

/// The manifest's own sections and those of the files it includes.
pub(super) fn load(
    tree: &Node,
    root: &Path,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Sections {
    let mut sections = Sections::default();
    for (section, _) in NAMED {
        let table = tree.get(&section.to_lowercase()).and_then(Node::table);
        if let Some(table) = table {
            sections.add(section, table, sources, problems);
        }
    }
    if let Some(outputs) = sections.named.get_mut("Outputs") {
        outputs.values_mut().for_each(|output| substitute_output(&mut output.node));
    }
    for (path, at) in files::find(tree.items("include"), root, problems) {
        let text = match read(root, &path) {
            Ok(text) => text,
            Err(why) => {
                problems.add(at, format!("cannot read the included file `{path}`: {why}"));
                continue;
            }
        };
        let file = sources.add(path.clone(), text);
        let tree = if path.ends_with(".json") {
            json::read(sources, file, problems)
        } else {
            yaml::read(sources, file, problems)
        };
        if let Some(tree) = tree {
            add_file(&mut sections, &tree, file, sources, problems);
        }
    }
    sections
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    let bytes = crate::fs::read(&root.join(path)).map_err(|error| error.source.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

fn add_file(
    sections: &mut Sections,
    tree: &Node,
    file: FileId,
    sources: &Sources,
    problems: &mut Problems,
) {
    let Some(table) = tree.table() else {
        let kind = tree.kind();
        let message =
            format!("`{}` must hold sections of a template, not {kind}", sources.name(file));
        problems.add(tree.at, complaint(message, "such as `Resources`"));
        return;
    };
    if table.is_empty() {
        problems.add(tree.at, format!("`{}` holds no section of a template", sources.name(file)));
    }
    for (name, entry) in table {
        if let Some((section, shape)) = NAMED.iter().find(|(section, _)| section == name) {
            let Some(entries) = entry.node.table() else {
                let kind = entry.node.kind();
                problems.add(
                    entry.node.at,
                    format!("`{name}` must be a table of named entries, not {kind}"),
                );
                continue;
            };
            if let Some(shape) = shape {
                let path = check::Path::Key(&check::Path::Root, name);
                check::check(problems, Mode::Full, &path, entry.key, &entry.node, shape);
            }
            sections.add(section, entries, sources, problems);
        } else if name == "Transform" {
            let single = std::slice::from_ref(&entry.node);
            sections.transforms.extend_from_slice(entry.node.as_list().unwrap_or(single));
        } else if name == "AWSTemplateFormatVersion" {
            if entry.node.as_text() != Some("2010-09-09") {
                problems.add(entry.node.at, "the only template version is `2010-09-09`");
            }
        } else if name != "Description" {
            let known = NAMED.iter().map(|(section, _)| *section).chain(OTHERS);
            let hint = suggest(name, "sections", known);
            let message = format!("unknown section `{}` of a template", name.escape_debug());
            problems.add(entry.key, complaint(message, hint));
        }
    }
}

/// In the manifest's outputs, `"${Queue}"` is short for `Fn::Sub`.
fn substitute_output(output: &mut Node) {
    if let Some(table) = output.table_mut() {
        if let Some(value) = table.get_mut("Value") {
            substitute(&mut value.node);
        }
        let export = table.get_mut("Export").and_then(|export| export.node.table_mut());
        if let Some(name) = export.and_then(|export| export.get_mut("Name")) {
            substitute(&mut name.node);
        }
    }
}

fn substitute(node: &mut Node) {
    if node.as_text().is_some_and(|text| text.contains("${")) {
        *node = function("Fn::Sub", node.at, node.clone());
    }
}

/// `{ name: argument }`
fn function(name: &str, at: At, argument: Node) -> Node {
    let table = Table::from([(name.to_owned(), Entry { key: at, node: argument })]);
    Node::new(at, Content::Table(table))
}
