//! One run at a time per stack: an advisory lock of the operating system, which ends with the
//! process however it ends, and beside it a note of who holds it.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::LocalError;
use crate::fs::{self, FsError};

/// Who works on a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Owner {
    /// Its process.
    pub pid: u32,
    /// What it does: `deploy`, `delete`.
    pub action: String,
    /// When its run began.
    pub since: SystemTime,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let seconds = seconds % 60;
        let action = crate::text::safe_line(&self.action);
        write!(f, "process {}, {action} since {hours:02}:{minutes:02}:{seconds:02} UTC", self.pid)
    }
}

/// A lock, held until dropped.
#[derive(Debug)]
pub(super) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started at this moment has a copy of
        // it until its program runs.
        let _ = self.0.unlock();
    }
}

/// Takes the lock of `stack`, whose files are in `folder`.
pub(super) fn take(folder: &Path, stack: &str, owner: &Owner) -> Result<Held, LocalError> {
    // A folder of its own: whoever has the lock may clear away there what killed runs left.
    let folder = folder.join(stack);
    let note = folder.join("owner.json");
    match alone(&folder.join("lock"))? {
        Some(held) => {
            fs::clear_leftovers(&folder)?;
            // Read only while the lock is taken, so what an earlier owner left misleads nobody.
            fs::write(&note, serde_json::to_vec(owner).expect("an owner is plain JSON"))?;
            Ok(held)
        }
        None => Err(LocalError::Busy {
            stack: stack.to_owned(),
            owner: fs::read_if_present(&note)?.and_then(|text| serde_json::from_slice(&text).ok()),
        }),
    }
}

/// Takes a lock that only [`alone`] excludes.
pub(super) fn share(path: &Path) -> fs::Result<Held> {
    make_folder_of(path)?;
    let file = fs::open_or_create(path)?;
    match file.lock_shared() {
        Ok(()) => Ok(Held(file)),
        Err(source) => Err(FsError { action: "lock", path: path.to_owned(), source }),
    }
}

/// Takes a lock for us alone, or none while anyone holds it.
pub(super) fn alone(path: &Path) -> fs::Result<Option<Held>> {
    make_folder_of(path)?;
    Ok(fs::try_lock(path)?.map(Held))
}

fn make_folder_of(path: &Path) -> fs::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}
