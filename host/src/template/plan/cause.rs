//! Who caused a change: what the journal says about the place that changes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SERVICE;
use super::compare::Difference;
use crate::template::journal::Edit;
use crate::template::pointer::Pointer;

/// The journal, prepared for many questions.
pub(super) struct Causes<'a> {
    /// Edits by the entry they are in, such as `/Resources/Queue`.
    by_entry: BTreeMap<Pointer, Vec<&'a Edit>>,
    /// Edits of whole sections.
    sections: Vec<&'a Edit>,
}

impl<'a> Causes<'a> {
    pub(super) fn new(edits: &'a [Edit]) -> Self {
        let mut causes = Self { by_entry: BTreeMap::new(), sections: Vec::new() };
        for edit in edits {
            if edit.pointer.depth() < 2 {
                causes.sections.push(edit);
            } else {
                let entry = edit.pointer.truncated(2);
                causes.by_entry.entry(entry).or_default().push(edit);
            }
        }
        causes
    }

    /// Who caused a difference below `at`: whoever wrote it or what it is in; else whoever wrote a
    /// part of it that is new; else the service.
    pub(super) fn of(&self, at: &Pointer, difference: &Difference<'_>) -> &'a str {
        let mut place = at.clone();
        difference.path.iter().for_each(|token| place.push(token));
        if let Some(edit) = self.above(&place) {
            return &edit.plugin;
        }
        let part = self.entry(&place).rev().find(|edit| {
            edit.pointer.below(&place).is_some_and(|_| is_new(edit, &place, difference))
        });
        part.map_or(SERVICE, |edit| &edit.plugin)
    }

    /// Who wrote the value at `at` as a whole.
    pub(super) fn writer(&self, at: &Pointer) -> &'a str {
        self.above(at).map_or(SERVICE, |edit| &edit.plugin)
    }

    /// Who wrote the value at `at` or parts of it, the former first.
    pub(super) fn writers(&self, at: &Pointer) -> Vec<String> {
        let mut writers = vec![self.writer(at).to_owned()];
        for edit in self.entry(at).filter(|edit| edit.pointer.starts_with(at)) {
            if !writers.iter().any(|known| **known == *edit.plugin) {
                writers.push(edit.plugin.to_string());
            }
        }
        writers
    }

    /// The latest edit of the value at `at` or of what it is in.
    fn above(&self, at: &Pointer) -> Option<&'a Edit> {
        self.entry(at)
            .rev()
            .chain(self.sections.iter().rev().copied())
            .find(|edit| at.starts_with(&edit.pointer))
    }

    fn entry(&self, at: &Pointer) -> impl DoubleEndedIterator<Item = &'a Edit> {
        self.by_entry.get(&at.truncated(2)).into_iter().flatten().copied()
    }
}

/// Whether what `edit` wrote below `place` is a part of the difference: it was not there before. In
/// lists, whose elements move, parts are compared by value.
fn is_new(edit: &Edit, place: &Pointer, difference: &Difference<'_>) -> bool {
    let below = edit.pointer.below(place).unwrap_or_default();
    match (&edit.after, difference.before) {
        (Some(written), Some(Value::Array(old))) if below.matches('/').count() == 1 => {
            !old.contains(written)
        }
        (Some(written), Some(old)) => old.pointer(below) != Some(written),
        (Some(_), None) => true,
        (None, _) => difference.after.is_none_or(|new| new.pointer(below).is_none()),
    }
}
