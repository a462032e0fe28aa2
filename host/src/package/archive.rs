//! Turns files into a zip on all processors, with a bounded number of blocks in memory.
//!
//! Workers read, hash and compress small files; large files are read and hashed in order here and only
//! their blocks go to the workers. What comes back is written in the order of the paths. Hashing while
//! compressing makes sure that the zip holds what its name says.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};

use super::PackageError;
use super::content::{Entry, Source, read_block};
use super::deflate::{self, BLOCK, WINDOW};
use super::zip::{Method, Writer};
use crate::digest::{Digest, Hasher};
use crate::fs::{self, FsError};

/// Entries in flight at most; small ones are many and cheap.
const MAX_PENDING: usize = 256;

/// Writes the archive of `entries` to `file`, at `path`; `progress` hears of bytes packed so far. Not
/// to be called on a worker thread of rayon, which it would block.
pub(super) fn write(
    entries: &BTreeMap<String, Entry>,
    file: &mut File,
    path: &Path,
    progress: impl FnMut(u64),
) -> Result<(), PackageError> {
    rayon::in_place_scope(|scope| {
        let writer = Writer::new(BufWriter::with_capacity(128 * 1024, file));
        let mut line = Line {
            scope,
            writer,
            path,
            pending: VecDeque::new(),
            bytes_pending: 0,
            budget: (2 * rayon::current_num_threads() + 2) * BLOCK,
            crc: crc32fast::Hasher::new(),
            packed: 0,
            progress,
        };
        for (name, entry) in entries {
            if entry.size <= BLOCK as u64 {
                line.whole(name, entry)?;
            } else {
                line.blocks(name, entry)?;
            }
        }
        line.flush()
    })
}

/// What a worker makes of a small file or of one block.
struct Piece {
    method: Method,
    data: Vec<u8>,
    crc: crc32fast::Hasher,
    /// Before compression, in bytes.
    size: usize,
}

/// A piece that a worker owes, and what it is of.
struct Pending<'a> {
    name: &'a str,
    entry: &'a Entry,
    /// Begins an entry; ends an entry.
    first: bool,
    last: bool,
    size: usize,
    piece: Receiver<Result<Piece, PackageError>>,
}

/// The line of pieces from workers to the file.
struct Line<'a, 'scope, P> {
    scope: &'a rayon::Scope<'scope>,
    writer: Writer<BufWriter<&'a mut File>>,
    path: &'a Path,
    pending: VecDeque<Pending<'scope>>,
    bytes_pending: usize,
    budget: usize,
    /// Of the entry that is being written.
    crc: crc32fast::Hasher,
    packed: u64,
    progress: P,
}

impl<'scope, P: FnMut(u64)> Line<'_, 'scope, P> {
    fn whole(&mut self, name: &'scope str, entry: &'scope Entry) -> Result<(), PackageError> {
        let size = usize::try_from(entry.size).expect("at most one block");
        let work = move || whole_piece(entry, size);
        self.enqueue(name, entry, (true, true), size, work)
    }

    fn blocks(&mut self, name: &'scope str, entry: &'scope Entry) -> Result<(), PackageError> {
        let (mut source, path) = open(entry)?;
        let mut hasher = Hasher::new();
        let mut left = entry.size;
        let mut before = Vec::new();
        let mut first = true;
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK);
            let mut block = vec![0; size];
            if read_block(&mut source, &mut block, &path)? < size {
                return Err(PackageError::Changed { path });
            }
            hasher.update(&block);
            left -= size as u64;
            let next_before = block[size.saturating_sub(WINDOW)..].to_vec();
            let before = std::mem::replace(&mut before, next_before);
            let last = left == 0;
            self.enqueue(name, entry, (first, last), size, move || {
                let data = deflate::block(&before, &block, last);
                Ok(Piece { method: Method::Deflated, data, crc: crc(&block), size })
            })?;
            first = false;
        }
        let grown = read_block(&mut source, &mut [0], &path)? > 0;
        if grown || hasher.finish() != entry.digest {
            return Err(PackageError::Changed { path });
        }
        Ok(())
    }

    /// Gives work to a worker once there is room for what it makes.
    fn enqueue(
        &mut self,
        name: &'scope str,
        entry: &'scope Entry,
        (first, last): (bool, bool),
        size: usize,
        work: impl FnOnce() -> Result<Piece, PackageError> + Send + 'scope,
    ) -> Result<(), PackageError> {
        let (sender, piece) = mpsc::sync_channel(1);
        self.scope.spawn(move |_| {
            // Nobody waits for it after an error elsewhere.
            let _ = sender.send(work());
        });
        self.pending.push_back(Pending { name, entry, first, last, size, piece });
        self.bytes_pending += size;
        while self.bytes_pending > self.budget || self.pending.len() > MAX_PENDING {
            self.write_next()?;
        }
        Ok(())
    }

    fn write_next(&mut self) -> Result<(), PackageError> {
        let Some(pending) = self.pending.pop_front() else { return Ok(()) };
        let piece = pending.piece.recv().expect("a worker answers unless it panicked")?;
        self.write_piece(&pending, &piece).map_err(|source| FsError {
            action: "write",
            path: self.path.to_owned(),
            source,
        })?;
        self.bytes_pending -= pending.size;
        self.packed += piece.size as u64;
        (self.progress)(self.packed);
        Ok(())
    }

    fn write_piece(&mut self, pending: &Pending<'_>, piece: &Piece) -> io::Result<()> {
        let Pending { name, entry, first, last, .. } = *pending;
        if first && last {
            let crc = piece.crc.clone().finalize();
            return self.writer.add(name, entry.mode, piece.method, crc, entry.size, &piece.data);
        }
        if first {
            self.crc = crc32fast::Hasher::new();
            self.writer.begin(name, entry.mode, piece.method)?;
        }
        self.crc.combine(&piece.crc);
        self.writer.write(&piece.data)?;
        if last {
            self.writer.end(self.crc.clone().finalize(), entry.size)?;
        }
        Ok(())
    }

    fn flush(mut self) -> Result<(), PackageError> {
        while !self.pending.is_empty() {
            self.write_next()?;
        }
        let path = self.path;
        let finished = self.writer.finish();
        Ok(finished.map_err(|source| FsError { action: "write", path: path.to_owned(), source })?)
    }
}

/// Reads, checks and compresses a file of at most one block; it is stored when that is not larger.
fn whole_piece(entry: &Entry, size: usize) -> Result<Piece, PackageError> {
    let (mut source, path) = open(entry)?;
    // One byte more than expected, to see whether the file has grown.
    let mut data = vec![0; size + 1];
    let read = read_block(&mut source, &mut data, &path)?;
    data.truncate(read);
    if read != size || Digest::of(&data) != entry.digest {
        return Err(PackageError::Changed { path });
    }
    let crc = crc(&data);
    let deflated = deflate::block(&[], &data, true);
    let (method, data) = if deflated.len() < data.len() {
        (Method::Deflated, deflated)
    } else {
        (Method::Stored, data)
    };
    Ok(Piece { method, data, crc, size })
}

fn crc(bytes: &[u8]) -> crc32fast::Hasher {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes);
    hasher
}

/// The bytes of an entry, and the path for messages.
fn open(entry: &Entry) -> Result<(Box<dyn Read + '_>, PathBuf), FsError> {
    Ok(match &entry.source {
        Source::Disk(path) => (Box::new(fs::open(path)?), path.clone()),
        Source::Memory(bytes) => (Box::new(&bytes[..]), PathBuf::new()),
    })
}
