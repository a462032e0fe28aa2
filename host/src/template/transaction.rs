//! How an edit is applied and undone: the conflict rule, the limits and the journal in one place.

use std::sync::Arc;

use serde_json::Value;

use super::Template;
use super::document::{self, Added, MAX_DEPTH, weigh};
use super::error::{Conflict, EditError};
use super::journal::{Author, Edit, Entry};
use super::merge::Change;
use super::owners::{Marks, Owners};
use super::pointer::Pointer;
use crate::text;

/// Bytes that the edits of one run may take. CloudFormation takes templates up to 1 MB, so more than
/// this is a plugin that edits in a loop; without a limit the journal would be the way round a
/// plugin's memory limit.
const MAX_JOURNAL: usize = 64 << 20;

impl Template {
    /// Runs `edit`; when it fails, what it had already applied is undone.
    pub(super) fn atomically<T>(
        &mut self,
        edit: impl FnOnce(&mut Self) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        let savepoint = self.transaction.as_ref().ok_or(EditError::Closed)?.entries.len();
        let result = edit(self);
        if result.is_err() {
            self.undo_to(savepoint);
        }
        result
    }

    pub(super) fn set_now(&mut self, at: &Pointer, value: Value) -> Result<(), EditError> {
        // Checked before anything walks the pointer: a guest may send one of a million tokens.
        check_depth(at, 0)?;
        let changes = document::changes_of_set(&self.document, at, value)?;
        self.apply_all(changes)
    }

    pub(super) fn apply_all(&mut self, changes: Vec<Change>) -> Result<(), EditError> {
        changes.into_iter().try_for_each(|change| self.apply(change))
    }

    /// Applies and journals one change, if the conflict rule and the limits permit it.
    pub(super) fn apply(&mut self, change: Change) -> Result<(), EditError> {
        let transaction = self.transaction.as_mut().ok_or(EditError::Closed)?;
        let author = &transaction.author;
        let bytes = check_limits(&change, self.journal_bytes)?;

        let entry = match change {
            Change::Insert(at, value) => {
                let after = value.clone();
                let added = document::insert(&mut self.document, &at, value);
                if added == Added::Between {
                    self.owners.open_gap(&at);
                }
                self.owners.claim(&at, author.writer());
                let edit = edit(author, at, None, Some(after), added != Added::Key);
                Entry { edit, position: 0, owners: Marks::new(), bytes }
            }
            Change::Replace(at, value) => {
                check_conflict(&self.owners, author, &at)?;
                let after = value.clone();
                let before = document::swap(&mut self.document, &at, value);
                let owners = self.owners.release(&at);
                self.owners.claim(&at, author.writer());
                let edit = edit(author, at, Some(before), Some(after), false);
                Entry { edit, position: 0, owners, bytes }
            }
            Change::Remove(at) => {
                check_conflict(&self.owners, author, &at)?;
                let taken = document::take(&mut self.document, &at);
                let owners = self.owners.release(&at);
                if taken.between {
                    self.owners.close_gap(&at);
                }
                let edit = edit(author, at, Some(taken.value), None, taken.in_list);
                Entry { edit, position: taken.position, owners, bytes }
            }
        };
        self.journal_bytes += entry.bytes;
        transaction.entries.push(entry);
        Ok(())
    }

    /// Undoes the edits of the open transaction after the first `savepoint` ones, the latest first.
    pub(super) fn undo_to(&mut self, savepoint: usize) {
        let Some(transaction) = &mut self.transaction else { return };
        for entry in transaction.entries.drain(savepoint..).rev() {
            let Entry { edit, position, owners, bytes } = entry;
            let at = edit.pointer;
            self.journal_bytes -= bytes;
            match (edit.before, edit.after) {
                (None, _) => {
                    let taken = document::take(&mut self.document, &at);
                    self.owners.release(&at);
                    if taken.between {
                        self.owners.close_gap(&at);
                    }
                }
                (Some(before), Some(_)) => {
                    document::swap(&mut self.document, &at, before);
                    self.owners.release(&at);
                }
                (Some(before), None) => {
                    let between = document::put_back(&mut self.document, &at, position, before);
                    if between {
                        self.owners.open_gap(&at);
                    }
                }
            }
            self.owners.restore(owners);
        }
    }
}

fn edit(
    author: &Author,
    pointer: Pointer,
    before: Option<Value>,
    after: Option<Value>,
    in_list: bool,
) -> Edit {
    let plugin = Arc::clone(&author.plugin);
    Edit { plugin, hook: author.hook, pointer, before, after, in_list }
}

/// Whether `author` may change or remove the value at `at` with all that is in it.
fn check_conflict(owners: &Owners, author: &Author, at: &Pointer) -> Result<(), EditError> {
    let found = owners
        .find(at, |part, writer| writer.plugin != author.plugin && !author.overrides_pointer(part));
    match found {
        None => Ok(()),
        Some((part, writer)) => Err(EditError::Conflict(Conflict {
            at: part.to_string(),
            plugin: Arc::clone(&author.plugin),
            writer,
        })),
    }
}

/// Checks what does not depend on owners; gives the bytes that the change adds to the journal.
fn check_limits(change: &Change, used: usize) -> Result<usize, EditError> {
    let (at, after) = match change {
        Change::Insert(at, value) | Change::Replace(at, value) => (at, Some(value)),
        Change::Remove(at) => (at, None),
    };
    if at.is_root() {
        let kind = after.map_or("nothing", document::kind);
        return Err(EditError::NotAnObject { kind });
    }
    let weight = after.map(weigh).unwrap_or_default();
    check_depth(at, weight.depth)?;
    let bytes = weight.bytes + at.as_str().len() + size_of::<Entry>();
    if used + bytes > MAX_JOURNAL {
        return Err(EditError::TooLarge { pointer: at.clone(), limit: MAX_JOURNAL });
    }
    Ok(bytes)
}

fn check_depth(at: &Pointer, below: usize) -> Result<(), EditError> {
    if at.depth() + below <= MAX_DEPTH {
        return Ok(());
    }
    let pointer = text::shorten(at.as_str(), 200).into_owned();
    Err(EditError::TooDeep { pointer, limit: MAX_DEPTH })
}
