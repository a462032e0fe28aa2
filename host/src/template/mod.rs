//! The CloudFormation template: one JSON document that plugins edit in journaled transactions.
//!
//! A [`Template`] keeps beside its document who wrote what ([`Template::explain`]) and every edit
//! ([`Template::edits`]). Plugins may change what the service or they themselves wrote; changing what
//! another plugin wrote is a [`Conflict`] unless the manifest permits it. Undoing a transaction moves
//! old values back and costs what its edits cost.

use std::sync::Arc;

use serde_json::Value;

mod document;
mod error;
mod explain;
mod finding;
pub mod intrinsics;
mod journal;
mod merge;
mod missed;
mod owners;
pub mod plan;
mod pointer;
pub mod references;
pub mod substitution;
#[cfg(test)]
mod tests;
mod transaction;

pub use error::{Conflict, EditError};
pub use explain::{Explanation, Origin, Part};
pub use finding::{Finding, Severity};
pub use journal::{Author, Edit, Writer};
pub use missed::{Missed, suggested_order};
pub use pointer::{Pointer, PointerError};

pub(crate) use document::weigh;

use error::SECTIONS;
use journal::Transaction;
use merge::Change;
use missed::Listings;
use owners::Owners;

/// A template, who wrote its parts, and the journal of its edits.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
    owners: Owners,
    edits: Vec<Edit>,
    journal_bytes: usize,
    listings: Listings,
    transaction: Option<Transaction>,
}

impl Template {
    /// A template that the service wrote: everything in it is the service's.
    pub fn new(document: Value) -> Self {
        Self {
            document,
            owners: Owners::default(),
            edits: Vec::new(),
            journal_bytes: 0,
            listings: Listings::default(),
            transaction: None,
        }
    }

    /// The document as it stands.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The document as it stands, without the journal.
    pub fn into_document(self) -> Value {
        self.document
    }

    /// The value at `at`, or none.
    pub fn get(&self, at: &Pointer) -> Option<&Value> {
        at.resolve(&self.document)
    }

    /// The committed edits, oldest first.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The logical ids of the resources, in document order; of one type, such as `AWS::SQS::Queue`,
    /// when one is named. During a transaction it is noted who asked, for [`Template::missed`].
    pub fn logical_ids(&mut self, of_type: Option<&str>) -> Vec<String> {
        if let Some(transaction) = &mut self.transaction {
            transaction.listed.insert(of_type.map(str::to_owned));
        }
        let Some(Value::Object(resources)) = self.document.get("Resources") else {
            return Vec::new();
        };
        resources
            .iter()
            .filter(|(_, resource)| of_type.is_none() || resource["Type"].as_str() == of_type)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Starts a transaction: `author` makes the edits from now on. One that is still open is rolled
    /// back, since whoever began it did not come to its end.
    pub fn begin(&mut self, author: Author) {
        self.rollback();
        self.transaction = Some(Transaction::new(author));
    }

    /// Keeps the edits of the transaction and ends it; gives their number.
    pub fn commit(&mut self) -> usize {
        let Some(transaction) = self.transaction.take() else { return 0 };
        for of_type in transaction.listed {
            let key = (Arc::clone(&transaction.author.plugin), of_type);
            self.listings.insert(key, self.edits.len());
        }
        let kept = transaction.entries.len();
        self.edits.extend(transaction.entries.into_iter().map(|entry| entry.edit));
        kept
    }

    /// Undoes the edits of the transaction and ends it: document, owners and order of keys are as
    /// they were at its beginning.
    pub fn rollback(&mut self) {
        self.undo_to(0);
        self.transaction = None;
    }

    /// Sets the value at `at`. Missing objects on the way are made; a last token `-` appends to a
    /// list, making it when it is missing. Where the new value equals the old one nothing is edited.
    ///
    /// # Errors
    /// When it would change what another plugin wrote, the way leads through a scalar or beyond a
    /// list, a limit is exceeded or no transaction is open. Nothing is changed then.
    pub fn set(&mut self, at: &Pointer, value: Value) -> Result<(), EditError> {
        self.atomically(|template| template.set_now(at, value))
    }

    /// Applies many [`Template::set`]s, all or none.
    ///
    /// # Errors
    /// The first error of any of them. Nothing is changed then.
    pub fn set_all(&mut self, edits: Vec<(Pointer, Value)>) -> Result<(), EditError> {
        self.atomically(|template| {
            edits.into_iter().try_for_each(|(at, value)| template.set_now(&at, value))
        })
    }

    /// Adds an entry to a section, such as a resource, which must not be there yet.
    ///
    /// # Errors
    /// As [`Template::set`], and when the id is taken or there is no such section.
    pub fn add(&mut self, section: &str, id: &str, value: Value) -> Result<(), EditError> {
        if !SECTIONS.contains(&section) {
            return Err(EditError::UnknownSection { section: section.into(), id: id.into() });
        }
        let at = Pointer::of([section, id]);
        if self.get(&at).is_some() {
            let writer = self.owners.writer(&at);
            return Err(EditError::IdTaken {
                section: section.into(),
                id: id.into(),
                writer: writer.map_or_else(|| "the service".to_owned(), ToString::to_string),
            });
        }
        self.set(&at, value)
    }

    /// Applies a JSON Merge Patch (RFC 7396) to the value at `at`, or to nothing when none is there.
    ///
    /// # Errors
    /// As [`Template::set`].
    pub fn merge(&mut self, at: &Pointer, patch: Value) -> Result<(), EditError> {
        self.atomically(|template| {
            let Some(target) = at.resolve(&template.document) else {
                return template.set_now(at, merge::patched_nothing(patch));
            };
            let mut changes = Vec::new();
            merge::patch_changes(at, target, patch, &mut changes);
            template.apply_all(changes)
        })
    }

    /// Removes the value at `at`; true when it was there.
    ///
    /// # Errors
    /// When another plugin wrote it or a part of it, it is the whole document or no transaction is
    /// open. Nothing is changed then.
    pub fn remove(&mut self, at: &Pointer) -> Result<bool, EditError> {
        self.atomically(|template| {
            let there = document::contains(&template.document, at);
            if there {
                template.apply(Change::Remove(at.clone()))?;
            }
            Ok(there)
        })
    }

    /// Replaces the whole document. Only the difference is edited and judged.
    ///
    /// # Errors
    /// As [`Template::set`].
    pub fn replace(&mut self, document: Value) -> Result<(), EditError> {
        self.set(&Pointer::root(), document)
    }
}
