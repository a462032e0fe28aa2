//! A stack's history: numbered revisions that never change, and a pointer to the one that counts.
//!
//! A change writes the next revision first and the pointer last. A run that is killed between leaves a
//! revision that nothing points to; the next run removes it, or writes it anew.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::LocalError;
use super::disk::{Disk, sweep};
use crate::cloud::{Change, Stack};
use crate::fs;

/// The form of the files, for later versions to tell.
const FORMAT: u32 = 1;
const DELETED: &str = "DELETE_COMPLETE";

/// One state of a stack, with all that the next one needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Revision {
    format: u32,
    /// From 1.
    pub(super) number: u64,
    /// The request that made it.
    pub(super) token: String,
    /// What the request came to.
    pub(super) change: Change,
    /// When.
    pub(super) written: SystemTime,
    /// The stack as it is shown.
    pub(super) stack: Stack,
    /// What was provisioned, in the order in which it was.
    pub(super) resources: IndexMap<String, Provisioned>,
    /// Exported outputs by name.
    pub(super) exports: IndexMap<String, String>,
    /// What happened, in order.
    pub(super) events: Vec<StackEvent>,
}

impl Revision {
    /// The revision after `before`.
    pub(super) fn after(
        before: Option<&Self>,
        token: String,
        change: Change,
        stack: Stack,
    ) -> Self {
        Self {
            format: FORMAT,
            number: before.map_or(0, |before| before.number) + 1,
            token,
            change,
            written: stack.updated.unwrap_or(stack.created),
            stack,
            resources: IndexMap::new(),
            exports: IndexMap::new(),
            events: Vec::new(),
        }
    }

    /// Marks the stack as deleted.
    pub(super) fn delete(&mut self) {
        self.stack.status = DELETED.into();
    }

    /// True when the stack is gone and only its history is left.
    pub(super) fn is_deleted(&self) -> bool {
        self.stack.status == DELETED
    }
}

/// One resource as it was provisioned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Provisioned {
    /// CloudFormation type.
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    /// How often it was replaced; part of what its made-up ids come from.
    pub(super) generation: u32,
    /// What `Ref` gives.
    pub(super) physical_id: String,
    /// The properties with all functions evaluated.
    pub(super) properties: Map<String, Value>,
    /// Kept when it is removed from the template or its stack is deleted.
    pub(super) retain_on_delete: bool,
    /// Kept when it is replaced.
    pub(super) retain_on_replace: bool,
}

/// One event of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StackEvent {
    /// Logical id; the stack's name for the stack itself.
    pub logical_id: String,
    /// CloudFormation type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// CloudFormation status.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Current {
    revision: u64,
}

/// The folder of one stack.
#[derive(Clone)]
pub(super) struct History<'a> {
    folder: PathBuf,
    disk: &'a dyn Disk,
}

impl<'a> History<'a> {
    /// The history of `stack` among those in the folder `stacks`.
    pub(super) fn new(stacks: &Path, stack: &str, disk: &'a dyn Disk) -> Self {
        Self { folder: stacks.join(stack), disk }
    }

    /// The revision that counts, or none when there never was such a stack.
    pub(super) fn current(&self) -> Result<Option<Revision>, LocalError> {
        match self.number()? {
            Some(number) => self.revision(number).map(Some),
            None => Ok(None),
        }
    }

    /// All revisions that are kept, oldest first.
    pub(super) fn all(&self) -> Result<Vec<Revision>, LocalError> {
        let mut all: Vec<_> = self.clone().backwards()?.collect::<Result<_, _>>()?;
        all.reverse();
        Ok(all)
    }

    /// Revisions that are kept, newest first, each read when it is asked for.
    pub(super) fn backwards(
        self,
    ) -> Result<impl Iterator<Item = Result<Revision, LocalError>> + use<'a>, LocalError> {
        let last = self.number()?.unwrap_or(0);
        // The oldest may have been removed as garbage; between two there is never a gap.
        let first = (1..last).find(|number| fs::exists(&self.path(*number))).unwrap_or(last);
        Ok((first.max(1)..=last).rev().map(move |number| self.revision(number)))
    }

    /// Makes `revision` the current one.
    pub(super) fn push(&self, revision: &Revision) -> Result<(), LocalError> {
        let text = serde_json::to_vec(revision).expect("a revision is plain JSON");
        self.disk.write(&self.path(revision.number), &text)?;
        let current = Current { revision: revision.number };
        let text = serde_json::to_vec(&current).expect("a number is plain JSON");
        Ok(self.disk.write(&self.pointer(), &text)?)
    }

    /// Removes what a killed run left. The stack's lock must be held.
    pub(super) fn sweep(&self) -> Result<(), LocalError> {
        sweep(self.disk, &self.folder)?;
        let current = self.number()?.unwrap_or(0);
        for path in fs::list_if_present(&self.folder)? {
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            if name.parse::<u64>().is_ok_and(|number| number > current) {
                self.disk.remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Removes everything. The pointer goes first: what is left of a killed removal counts for nothing.
    pub(super) fn forget(&self) -> Result<(), LocalError> {
        self.disk.remove_file(&self.pointer())?;
        Ok(self.disk.remove_dir_all(&self.folder)?)
    }

    fn number(&self) -> Result<Option<u64>, LocalError> {
        let path = self.pointer();
        let Some(text) = fs::read_if_present(&path)? else { return Ok(None) };
        let current: Current = serde_json::from_slice(&text)
            .map_err(|source| LocalError::BadState { path, source })?;
        Ok(Some(current.revision))
    }

    fn revision(&self, number: u64) -> Result<Revision, LocalError> {
        let path = self.path(number);
        let Some(text) = fs::read_if_present(&path)? else {
            let stack = self.folder.file_name().unwrap_or_default().display().to_string();
            return Err(LocalError::LostState { stack, path });
        };
        serde_json::from_slice(&text).map_err(|source| LocalError::BadState { path, source })
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a revision.
    pub(super) fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}.json"))
    }

    fn pointer(&self) -> PathBuf {
        self.folder.join("current.json")
    }
}

/// The names of all stacks that have a history in the folder `stacks`, sorted.
pub(super) fn names(stacks: &Path) -> Result<Vec<String>, LocalError> {
    Ok(fs::list_if_present(stacks)?
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|name| !name.starts_with('.'))
        .collect())
}
