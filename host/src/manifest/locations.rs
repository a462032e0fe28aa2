//! Remembers where everything was written, for later findings: by pointer into the template
//! (`/Resources/Queue/Properties/Tags/0`) or into the manifest (`#/functions/hello/memory`).

use std::collections::BTreeMap;

use super::Location;
use super::include::Sections;
use super::node::{Content, Entry, Node, Table};
use super::source::{At, Sources};

/// Sections of the manifest that are known by where they are in the template.
const IN_TEMPLATE: [&str; 5] = ["resources", "outputs", "parameters", "conditions", "mappings"];

/// Places of all keys and list items.
pub(super) fn collect(
    tree: &Node,
    sections: &Sections,
    sources: &Sources,
) -> BTreeMap<String, Location> {
    let mut walk = Walk { sources, pointer: "#".into(), found: Vec::new() };
    for (name, entry) in tree.table().into_iter().flatten() {
        if !IN_TEMPLATE.contains(&name.as_str()) {
            walk.entry(name, entry);
        }
    }
    walk.pointer.clear();
    for (section, table) in sections.present() {
        walk.below(section, |walk| walk.table(table));
    }
    walk.found.into_iter().collect()
}

struct Walk<'a> {
    sources: &'a Sources,
    pointer: String,
    found: Vec<(String, Location)>,
}

impl Walk<'_> {
    fn below(&mut self, token: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        // RFC 6901.
        for character in token.chars() {
            match character {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                other => self.pointer.push(other),
            }
        }
        visit(self);
        self.pointer.truncate(length);
    }

    fn found(&mut self, at: At) {
        self.found.push((self.pointer.clone(), self.sources.locate(at)));
    }

    fn entry(&mut self, name: &str, entry: &Entry) {
        self.below(name, |walk| {
            walk.found(entry.key);
            walk.node(&entry.node);
        });
    }

    fn table(&mut self, table: &Table) {
        for (name, entry) in table {
            self.entry(name, entry);
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.content {
            Content::Table(table) => self.table(table),
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(&index.to_string(), |walk| {
                        walk.found(item.at);
                        walk.node(item);
                    });
                }
            }
            Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {}
        }
    }
}
