//! The tree that TOML, JSON and YAML are read into: JSON's values, each with its place.
//!
//! Accessors are lenient: what is missing or of another type reads as empty, since [`super::check`] has
//! complained about it already. So later checks can look at a tree that has mistakes.

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use super::source::At;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) content: Content,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Table(Table),
}

/// Entries in the order of the file.
pub(super) type Table = IndexMap<String, Entry>;

/// A key's place and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: At,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn new(at: At, content: Content) -> Self {
        Self { at, content }
    }

    /// What it is, with an article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(number) if number.is_f64() => "a float",
            Content::Number(_) => "an integer",
            Content::Text(_) => "a string",
            Content::List(_) => "a list",
            Content::Table(_) => "a table",
        }
    }

    pub(super) fn table(&self) -> Option<&Table> {
        match &self.content {
            Content::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.content {
            Content::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match &self.content {
            Content::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        match &self.content {
            Content::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Node]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// A string, number or boolean as text.
    pub(super) fn scalar(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) => Some(text.clone()),
            Content::Number(number) => Some(number.to_string()),
            Content::Bool(bool) => Some(bool.to_string()),
            Content::Null | Content::List(_) | Content::Table(_) => None,
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.table()?.get(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.entry(key)?.node)
    }

    /// The entries of the table below `key`.
    pub(super) fn entries(&self, key: &str) -> impl Iterator<Item = (&str, &Entry)> {
        let table = self.get(key).and_then(Node::table);
        table.into_iter().flatten().map(|(name, entry)| (name.as_str(), entry))
    }

    /// The items of the list below `key`.
    pub(super) fn items(&self, key: &str) -> &[Node] {
        self.get(key).and_then(Node::as_list).unwrap_or_default()
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_text().map(str::to_owned)
    }

    /// The strings of the list below `key`.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.items(key).iter().filter_map(Node::as_text).map(str::to_owned).collect()
    }

    /// The table below `key` with its scalars as text.
    pub(super) fn scalars(&self, key: &str) -> IndexMap<String, String> {
        self.entries(key)
            .filter_map(|(name, entry)| Some((name.to_owned(), entry.node.scalar()?)))
            .collect()
    }

    /// Without places.
    pub(super) fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(bool) => Value::Bool(*bool),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Node::to_json).collect(),
            Content::Table(table) => {
                let entry = |(key, entry): (&String, &Entry)| (key.clone(), entry.node.to_json());
                Value::Object(table.iter().map(entry).collect::<Map<_, _>>())
            }
        }
    }

    /// An intrinsic function of CloudFormation, such as `{ Ref = "Queue" }`.
    pub(super) fn is_intrinsic(&self) -> bool {
        let Some(table) = self.table() else { return false };
        let name = table.first().map(|(name, _)| name.as_str());
        table.len() == 1 && name.is_some_and(|name| name == "Ref" || name.starts_with("Fn::"))
    }

    /// Lays `over` on top: tables merge, all else is replaced, intrinsic functions too since half of
    /// one and half of another means nothing. What comes from `over` keeps its place there.
    pub(super) fn merge(&mut self, over: Node) {
        let whole = self.is_intrinsic() || over.is_intrinsic();
        match (&mut self.content, over.content) {
            (Content::Table(base), Content::Table(over)) if !whole => {
                for (name, entry) in over {
                    match base.get_mut(&name) {
                        None => {
                            base.insert(name, entry);
                        }
                        Some(old) => {
                            if old.node.table().is_none() {
                                old.key = entry.key;
                            }
                            old.node.merge(entry.node);
                        }
                    }
                }
            }
            (content, over_content) => {
                *content = over_content;
                self.at = over.at;
            }
        }
    }
}
