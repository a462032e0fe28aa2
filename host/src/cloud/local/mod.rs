//! A cloud in a folder: for trying things out and for tests, without account, server or Docker.
//!
//! It keeps artifacts, and stacks with their history; resources exist by name only, with stable
//! made-up ids. Functions can be run (by `invoke`, from what [`Local::function`] tells); nothing else
//! does anything. Killed at any moment, it is in the old state or in the new one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::images::registry_host;
use super::{
    Applied, ApplyRequest, Artifact, ArtifactLocation, Calls, Cloud, Hold, Identity, Images,
    Preview, Stack, Stored,
};
use crate::digest::Digest;
use crate::hint::BoxError;
use crate::report::Reporter;

mod apply;
mod archive;
mod artifacts;
mod changes;
mod disk;
mod error;
mod evaluate;
mod functions;
mod garbage;
mod history;
mod lock;
mod made_up;
mod names;
mod operate;
mod parameters;

#[cfg(test)]
mod tests;

pub use error::LocalError;
pub use functions::LocalFunction;
pub use history::StackEvent;
pub use lock::Owner;

use artifacts::Artifacts;
use disk::{Disk, FileSystem};
use history::{History, Revision};

/// How long a run waits before it looks again whether another one has ended.
const TURN: Duration = Duration::from_millis(200);

/// The local cloud.
#[derive(Clone)]
pub struct Local {
    root: PathBuf,
    region: String,
    now: SystemTime,
    disk: Arc<dyn Disk>,
    /// The stack that this run holds, and its lock while it does.
    held: Arc<Mutex<(String, Weak<lock::Held>)>>,
}

impl Local {
    /// The local cloud in the folder `root`, mostly `.phalanx/local` of a service. Nothing is touched
    /// before something is stored.
    pub fn open(root: &Path, region: &str, now: SystemTime) -> Self {
        Self {
            root: root.to_owned(),
            region: region.to_owned(),
            now,
            disk: Arc::new(FileSystem),
            held: Arc::default(),
        }
    }

    /// The events of all operations on a stack, oldest first, also of one that is deleted.
    ///
    /// # Errors
    /// When the stack's files cannot be read.
    pub fn events(&self, stack: &str) -> Result<Vec<StackEvent>, LocalError> {
        let revisions = match is_name(stack) {
            true => self.history(stack).all()?,
            false => Vec::new(),
        };
        Ok(revisions.into_iter().flat_map(|revision| revision.events).collect())
    }

    /// The lock of a stack: the one that this run holds already, or a new one.
    fn lock(&self, stack: &str, action: &str) -> Result<Arc<lock::Held>, LocalError> {
        for (what, name) in [("stack", stack), ("region", &self.region)] {
            if !is_name(name) {
                return Err(LocalError::BadName { what, name: name.to_owned() });
            }
        }
        {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.0 == stack
                && let Some(lock) = held.1.upgrade()
            {
                return Ok(lock);
            }
        }
        let owner = Owner { pid: std::process::id(), action: action.to_owned(), since: self.now };
        lock::take(&self.root.join("locks").join(&self.region), stack, &owner).map(Arc::new)
    }

    /// The stack as it stands, unless it is deleted.
    fn current(&self, stack: &str) -> Result<Option<Revision>, LocalError> {
        if !is_name(stack) {
            return Ok(None);
        }
        Ok(self.history(stack).current()?.filter(|revision| !revision.is_deleted()))
    }

    /// Regions know nothing of each other, as in AWS.
    fn stacks(&self) -> PathBuf {
        self.root.join("stacks").join(&self.region)
    }

    fn history(&self, stack: &str) -> History<'_> {
        History::new(&self.stacks(), stack, &*self.disk)
    }

    fn artifacts(&self) -> Artifacts<'_> {
        Artifacts::new(&self.root, &*self.disk)
    }

    /// Runs something that waits for the disk where it keeps nobody else waiting.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, LocalError> + Send + 'static,
    ) -> Result<T, BoxError> {
        let own = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&own)).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
            .map_err(Into::into)
    }
}

#[async_trait]
impl Cloud for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn identity(&self) -> Result<Identity, BoxError> {
        Ok(Identity { account: made_up::ACCOUNT.into(), region: self.region.clone() })
    }

    fn artifact_location(&self, digest: &Digest) -> ArtifactLocation {
        artifacts::location(digest)
    }

    fn runs_artifacts(&self) -> bool {
        true
    }

    fn registry(&self) -> String {
        let identity = Identity { account: made_up::ACCOUNT.into(), region: self.region.clone() };
        registry_host(&identity)
    }

    fn images(&self) -> Option<&dyn Images> {
        None
    }

    fn calls(&self) -> Option<&dyn Calls> {
        None
    }

    async fn store(
        &self,
        artifact: &Artifact,
        _reporter: Arc<dyn Reporter>,
    ) -> Result<Stored, BoxError> {
        let artifact = artifact.clone();
        self.blocking(move |local| local.artifacts().store(&artifact)).await
    }

    async fn stack(&self, name: &str) -> Result<Option<Stack>, BoxError> {
        Ok(self.current(name)?.map(|revision| revision.stack))
    }

    async fn status(&self, name: &str) -> Result<Option<String>, BoxError> {
        Ok(self.current(name)?.map(|revision| revision.stack.status))
    }

    /// A lock ends with the run that has it, so there is never anything to wait for but that run.
    async fn hold(
        &self,
        name: &str,
        action: &'static str,
        wait: bool,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Hold, BoxError> {
        let mut waited = false;
        let lock = loop {
            match self.lock(name, action) {
                Err(LocalError::Busy { stack, owner }) if wait => {
                    if !std::mem::replace(&mut waited, true) {
                        let owner = owner.map(|owner| format!(" ({owner})")).unwrap_or_default();
                        reporter
                            .note(format!("waiting for the run that changes stack {stack}{owner}"));
                    }
                    tokio::time::sleep(TURN).await;
                }
                other => break other?,
            }
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (name.to_owned(), Arc::downgrade(&lock));
        Ok(lock)
    }

    async fn apply(
        &self,
        request: &ApplyRequest,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Applied, BoxError> {
        let request = request.clone();
        self.blocking(move |local| local.apply_now(&request, &*reporter)).await
    }

    /// The plan knows all that the local cloud does.
    async fn preview(
        &self,
        _request: &ApplyRequest,
        _may_store: bool,
    ) -> Result<Option<Preview>, BoxError> {
        Ok(None)
    }

    async fn withdraw(&self, _request: &ApplyRequest) -> Result<(), BoxError> {
        Ok(())
    }

    async fn guard(&self, request: &ApplyRequest, _stack: &Stack) -> Result<(), BoxError> {
        let request = request.clone();
        self.blocking(move |local| local.guard_now(&request)).await
    }

    /// A change of a stack is there as a whole or not at all.
    async fn cancel(&self, name: &str, _reporter: Arc<dyn Reporter>) -> Result<(), BoxError> {
        Err(LocalError::NothingToCancel(name.to_owned()).into())
    }

    async fn recover(
        &self,
        _name: &str,
        _skip: &[String],
        _reporter: Arc<dyn Reporter>,
    ) -> Result<bool, BoxError> {
        Ok(false)
    }

    async fn delete(
        &self,
        name: &str,
        retain: &[String],
        reporter: Arc<dyn Reporter>,
    ) -> Result<bool, BoxError> {
        if !retain.is_empty() {
            return Err(LocalError::Retain(name.to_owned()).into());
        }
        let name = name.to_owned();
        self.blocking(move |local| local.delete_now(&name, &*reporter)).await
    }
}

/// CloudFormation's rule for the names of stacks, which also makes them good names of folders; the
/// names of regions follow it too.
fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}
