//! Garbage collection in the local cloud: artifacts and revisions that no stack needs, and the history
//! of stacks that are gone.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::history::{self, History};
use super::{Local, LocalError, archive, lock};
use crate::cloud::archive::{Discarded, Garbage, Limits, Piece, PieceKind, digests_in, still};
use crate::digest::Digest;
use crate::fs;

impl Local {
    /// What no stack of any region needs: all of them share the artifacts.
    pub(super) fn find_garbage(&self, limits: &Limits) -> Result<Garbage, LocalError> {
        let mut garbage = Garbage::default();
        let mut needed = BTreeSet::new();
        for region in fs::list_if_present(&self.root.join("stacks"))? {
            for name in history::names(&region)? {
                let history = History::new(&region, &name, &*self.disk);
                self.sort_revisions(&history, limits, &mut needed, &mut garbage)?;
            }
        }
        for folder in fs::list_if_present(&self.root.join("artifacts"))? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Ok(digest) = name.parse::<Digest>() else { continue };
            if needed.contains(&digest) {
                garbage.used += 1;
                continue;
            }
            let files = fs::list_if_present(&folder)?;
            let (size, since) = measure(&files)?;
            let piece = self.piece(PieceKind::Package, &folder, size);
            garbage.add(piece, limits.is_old(since, limits.object_age()));
        }
        garbage.pieces.sort();
        garbage.young.sort();
        Ok(garbage)
    }

    /// Notes what the revisions that stay need, and those that do not.
    fn sort_revisions(
        &self,
        history: &History<'_>,
        limits: &Limits,
        needed: &mut BTreeSet<Digest>,
        garbage: &mut Garbage,
    ) -> Result<(), LocalError> {
        let revisions = history.all()?;
        let is_gone = revisions.last().is_none_or(|last| last.is_deleted());
        if is_gone {
            let files = fs::list_if_present(history.folder())?;
            let (size, since) = measure(&files)?;
            let piece = self.piece(PieceKind::History, history.folder(), size);
            let is_old = limits.is_old(since, limits.object_age());
            garbage.add(piece, is_old);
            return Ok(());
        }
        let mut deployments = 0;
        let mut unused = Vec::new();
        for (age, revision) in revisions.iter().rev().enumerate() {
            // The first is the stack itself. What is older than a revision that goes must go too, so that
            // those that stay have no gap.
            let stays = age == 0 || (unused.is_empty() && deployments < limits.keep);
            deployments += usize::from(archive::deployment_of(revision).is_some());
            if stays {
                garbage.used += 1;
                needed.extend(digests_in(&revision.stack.template.to_string()));
            } else {
                unused.push(revision);
            }
        }
        for revision in unused {
            let path = history.path(revision.number);
            let (size, since) = measure(std::slice::from_ref(&path))?;
            let piece = self.piece(PieceKind::Record, &path, size);
            let is_old = limits.is_old(since, limits.object_age());
            garbage.add(piece, is_old);
        }
        Ok(())
    }

    /// Removes pieces while no run can use them.
    pub(super) fn discard_now(
        &self,
        pieces: &[Piece],
        limits: &Limits,
    ) -> Result<Discarded, LocalError> {
        let _locks = self.lock_all("gc")?;
        let pieces = still(pieces, &self.find_garbage(limits)?);
        // Revisions first, the oldest before the others: killed at any moment, those that are left have
        // no gap, and what they need.
        let (records, others): (Vec<&Piece>, Vec<&Piece>) =
            pieces.iter().partition(|piece| piece.kind == PieceKind::Record);
        for piece in records.into_iter().chain(others) {
            let path = PathBuf::from(&piece.id);
            match piece.kind {
                PieceKind::History => {
                    let stacks = path.parent().unwrap_or(&path);
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    History::new(stacks, &name, &*self.disk).forget()?;
                }
                PieceKind::Record => self.disk.remove_file(&path)?,
                _ => self.disk.remove_dir_all(&path)?,
            }
        }
        Ok(Discarded::of(pieces, Vec::new()))
    }

    /// Takes the locks of all stacks that ever were.
    fn lock_all(&self, action: &str) -> Result<Vec<Arc<lock::Held>>, LocalError> {
        let mut held = Vec::new();
        for region in fs::list_if_present(&self.root.join("locks"))? {
            let name = region.file_name().unwrap_or_default().to_string_lossy();
            if !region.is_dir() {
                continue;
            }
            let there = Self { region: name.into_owned(), ..self.clone() };
            for stack in fs::list_if_present(&region)? {
                let stack = stack.file_name().unwrap_or_default().to_string_lossy().into_owned();
                held.push(there.lock(&stack, action)?);
            }
        }
        Ok(held)
    }

    /// A piece is named by its path in the local cloud.
    fn piece(&self, kind: PieceKind, path: &std::path::Path, size: u64) -> Piece {
        let name = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        Piece { kind, name, size, id: path.display().to_string() }
    }
}

/// The size of some files, and when the youngest was written.
fn measure(files: &[PathBuf]) -> fs::Result<(u64, SystemTime)> {
    let (mut size, mut since) = (0, SystemTime::UNIX_EPOCH);
    for file in files {
        let metadata = fs::metadata(file)?;
        size += metadata.len();
        since = since.max(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
    }
    Ok((size, since))
}
