//! Who wrote which part of the template: marks beside the document.
//!
//! Only what plugins wrote is marked; everything else is the service's. A mark covers its place and
//! all below it that has no mark of its own. The marks are kept in one sorted map by the text of
//! their pointers, in which everything below a place is one range: adding one is a single insertion,
//! and looking one up costs the depth of its place.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::journal::Writer;
use super::pointer::{Pointer, index};

/// The marks of one document.
#[derive(Debug, Clone, Default)]
pub(super) struct Owners(BTreeMap<Box<str>, Writer>);

/// Marks that were taken away and can be put back.
pub(super) type Marks = Vec<(Box<str>, Writer)>;

impl Owners {
    /// Who wrote the value at `at` as a whole; none: the service.
    pub(super) fn writer(&self, at: &Pointer) -> Option<&Writer> {
        let mut place = at.as_str();
        loop {
            if let Some(writer) = self.0.get(place) {
                return Some(writer);
            }
            place = &place[..place.rfind('/')?];
        }
    }

    /// The mark at `at` itself.
    pub(super) fn mark(&self, at: &Pointer) -> Option<&Writer> {
        self.0.get(at.as_str())
    }

    /// The marks below `at`, in the order of their text.
    pub(super) fn below(&self, at: &Pointer) -> impl Iterator<Item = (&str, &Writer)> {
        let first = format!("{at}/");
        // `0` comes right after `/`: all that begins with the first text is before the second.
        let end = format!("{at}0");
        let range: (Bound<&str>, Bound<&str>) =
            (Bound::Included(first.as_str()), Bound::Excluded(end.as_str()));
        self.0.range::<str, _>(range).map(|(place, writer)| (&**place, writer))
    }

    /// The first part of the value at `at`, itself included, to whose writer somebody `objects`.
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
        self.below(at).find_map(|(place, writer)| {
            let place = Pointer::from_valid(place);
            objects(&place, writer).then(|| (place, writer.clone()))
        })
    }

    /// Marks the place. There are no marks at or below it.
    pub(super) fn claim(&mut self, at: &Pointer, writer: Writer) {
        self.0.insert(at.as_str().into(), writer);
    }

    /// Takes away all marks at and below the place.
    pub(super) fn release(&mut self, at: &Pointer) -> Marks {
        let mut marks: Marks = self.0.remove_entry(at.as_str()).into_iter().collect();
        let below: Vec<Box<str>> = self.below(at).map(|(place, _)| place.into()).collect();
        marks.extend(below.iter().filter_map(|place| self.0.remove_entry(place)));
        marks
    }

    /// Puts back what was taken away.
    pub(super) fn restore(&mut self, marks: Marks) {
        self.0.extend(marks);
    }

    /// An element was put at `at` between those of a list: the marks from there on move up by one.
    pub(super) fn open_gap(&mut self, at: &Pointer) {
        self.shift(at, |position, gap| if position >= gap { position + 1 } else { position });
    }

    /// The element at `at`, whose marks are gone already, was taken from between those of a list: the
    /// marks after it move down by one.
    pub(super) fn close_gap(&mut self, at: &Pointer) {
        self.shift(at, |position, gap| if position > gap { position - 1 } else { position });
    }

    fn shift(&mut self, at: &Pointer, moved: impl Fn(usize, usize) -> usize) {
        let (Some(list), Some(gap)) = (at.parent(), at.last().and_then(|token| index(&token)))
        else {
            return;
        };
        // The mark of the list itself stays where it is.
        let own = self.0.remove_entry(list.as_str());
        let start = list.as_str().len() + 1;
        let marks = self.release(&list).into_iter().map(|(place, writer)| {
            let rest = &place[start..];
            let (token, deeper) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            match index(token) {
                Some(position) => {
                    (format!("{list}/{}{deeper}", moved(position, gap)).into(), writer)
                }
                None => (place, writer),
            }
        });
        self.0.extend(marks);
        self.0.extend(own);
    }
}
