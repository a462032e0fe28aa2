//! Builds that outlive their run: `kill -9` ends Phalanx, and not the command that it runs. What such a
//! command still writes must not get among what the next run makes, so the next run ends it first.
//!
//! A lock tells that one is there. The command has the lock's file as its standard input, which is
//! empty, and so the system keeps the lock as long as the command lives.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::Request;
use crate::fs::{self, FsError};

/// How long an orphan may take to be gone. After that the run goes on: what still holds the lock is
/// something that the build left running on purpose.
const GONE: Duration = Duration::from_secs(2);
/// How often it is looked after.
const AGAIN: Duration = Duration::from_millis(10);

/// The right to run a build's command, which is given back on drop.
pub(super) struct Claim {
    lock: File,
    /// Names the process group of the command.
    note: PathBuf,
}

impl Claim {
    /// Takes the right, after ending the command of a run that was killed.
    pub(super) async fn take(request: Request<'_>) -> Result<Self, FsError> {
        let folder = request.state_dir.join("build");
        let path = folder.join(format!("{}.lock", request.name));
        let note = folder.join(format!("{}.group", request.name));
        fs::create_dir_all(&folder)?;
        let lock = match fs::try_lock(&path)? {
            Some(lock) => lock,
            None => {
                end(&note)?;
                let since = Instant::now();
                loop {
                    match fs::try_lock(&path)? {
                        Some(lock) => break lock,
                        None if since.elapsed() < GONE => tokio::time::sleep(AGAIN).await,
                        None => break fs::open_or_create(&path)?,
                    }
                }
            }
        };
        // Until the next command runs, no process group is ours to end.
        fs::remove_file(&note)?;
        Ok(Self { lock, note })
    }

    /// The standard input of the command.
    pub(super) fn stdin(&self) -> io::Result<Stdio> {
        self.lock.try_clone().map(Stdio::from)
    }

    /// Notes the process group of the command, for the run after one that is killed.
    pub(super) fn note(&self, group: Pid) -> Result<(), FsError> {
        fs::write(&self.note, group.as_raw_nonzero().to_string())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A daemon that the command left has a copy of the file, and no part in the claim.
        let _ = self.lock.unlock();
    }
}

/// Ends the process group that the note names, if there is one.
fn end(note: &Path) -> Result<(), FsError> {
    let text = fs::read_if_present(note)?.unwrap_or_default();
    let group = String::from_utf8(text).ok().and_then(|text| text.parse().ok());
    if let Some(group) = group.and_then(Pid::from_raw) {
        // It may be gone by now.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    Ok(())
}
