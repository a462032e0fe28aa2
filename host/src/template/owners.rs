//! Who wrote which part of the template: a tree of marks beside the document.
//!
//! Only what plugins wrote is marked; everything else is the service's. A mark covers its place and
//! all below it that has no mark of its own. Looking up or setting a mark costs the depth of its
//! place. Tokens are kept as written in pointers (escaped).

use std::collections::BTreeMap;

use super::journal::Writer;
use super::pointer::{Pointer, index};

/// The marks of one document.
#[derive(Debug, Clone, Default)]
pub(super) struct Owners(Node);

/// One place, and the marks below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) writer: Option<Writer>,
    children: BTreeMap<Box<str>, Node>,
}

impl Owners {
    /// Who wrote the value at `at` as a whole; none: the service.
    pub(super) fn writer(&self, at: &Pointer) -> Option<&Writer> {
        let mut node = &self.0;
        let mut writer = node.writer.as_ref();
        for token in at.raw_tokens() {
            match node.children.get(token) {
                Some(child) => node = child,
                None => break,
            }
            writer = node.writer.as_ref().or(writer);
        }
        writer
    }

    /// The place at `at`, when there are marks at or below it.
    pub(super) fn node(&self, at: &Pointer) -> Option<&Node> {
        at.raw_tokens().try_fold(&self.0, |node, token| node.children.get(token))
    }

    /// The first part of the value at `at`, itself included, whose writer `objects`.
    pub(super) fn find(
        &self,
        at: &Pointer,
        mut objects: impl FnMut(&Pointer, &Writer) -> bool,
    ) -> Option<(Pointer, Writer)> {
        if let Some(writer) = self.writer(at)
            && objects(at, writer)
        {
            return Some((at.clone(), writer.clone()));
        }
        self.node(at)?.find_below(&mut at.clone(), &mut objects)
    }

    /// Marks the place, forgetting all marks at and below it, which are returned.
    pub(super) fn claim(&mut self, at: &Pointer, writer: Writer) -> Option<Node> {
        let node = Node { writer: Some(writer), children: BTreeMap::new() };
        self.put(at, Some(node))
    }

    /// Makes `node` what is known at and below the place; returns what was known.
    pub(super) fn put(&mut self, at: &Pointer, node: Option<Node>) -> Option<Node> {
        let Some(parent) = at.parent() else {
            return Some(std::mem::replace(&mut self.0, node.unwrap_or_default()));
        };
        let last = at.raw_tokens().next_back().unwrap_or_default();
        match node {
            Some(node) => self.make(&parent).children.insert(last.into(), node),
            None => self.node_mut(&parent)?.children.remove(last),
        }
    }

    /// An element was inserted at `at` in a list: the marks from there on move up by one.
    pub(super) fn open_gap(&mut self, at: &Pointer) {
        self.shift(at, |position, gap| if position >= gap { position + 1 } else { position });
    }

    /// The element at `at`, whose marks are gone already, was removed from a list: the marks after it
    /// move down by one.
    pub(super) fn close_gap(&mut self, at: &Pointer) {
        self.shift(at, |position, gap| if position > gap { position - 1 } else { position });
    }

    fn shift(&mut self, at: &Pointer, moved: impl Fn(usize, usize) -> usize) {
        let (Some(list), Some(gap)) = (at.parent(), at.last().and_then(|token| index(&token)))
        else {
            return;
        };
        let Some(node) = self.node_mut(&list) else { return };
        node.children = std::mem::take(&mut node.children)
            .into_iter()
            .map(|(token, child)| match index(&token) {
                Some(position) => (moved(position, gap).to_string().into(), child),
                None => (token, child),
            })
            .collect();
    }

    fn node_mut(&mut self, at: &Pointer) -> Option<&mut Node> {
        at.raw_tokens().try_fold(&mut self.0, |node, token| node.children.get_mut(token))
    }

    fn make(&mut self, at: &Pointer) -> &mut Node {
        at.raw_tokens().fold(&mut self.0, |node, token| {
            // Looked up first, since `entry` would need an owned token every time.
            if !node.children.contains_key(token) {
                node.children.insert(token.into(), Node::default());
            }
            node.children.get_mut(token).expect("it was just inserted")
        })
    }
}

impl Node {
    /// The place below with this escaped token.
    pub(super) fn child(&self, raw_token: &str) -> Option<&Self> {
        self.children.get(raw_token)
    }

    fn find_below(
        &self,
        at: &mut Pointer,
        objects: &mut impl FnMut(&Pointer, &Writer) -> bool,
    ) -> Option<(Pointer, Writer)> {
        for (token, child) in &self.children {
            let mut place = at.clone();
            place.push_raw(token);
            if let Some(writer) = &child.writer
                && objects(&place, writer)
            {
                return Some((place, writer.clone()));
            }
            if let Some(found) = child.find_below(&mut place, objects) {
                return Some(found);
            }
        }
        None
    }
}
