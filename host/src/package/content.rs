//! What goes into one package: a sorted list of files with their digests, or a ready-made archive.
//!
//! The content's digest is known without zipping anything; it names the package everywhere.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::PackageError;
use super::program::{HEADER, Program};
use crate::digest::{Digest, Hasher};
use crate::fs::{self, FsError};
use crate::text;

/// The most that Lambda takes of one function, unpacked, in bytes.
pub(super) const UNPACKED_LIMIT: u64 = 262_144_000;

/// The content of one package.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) kind: Kind,
    /// What a `bootstrap` that came from the disk is.
    pub(super) program: Program,
    digest: OnceLock<Digest>,
}

/// Where a content comes from.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Files by path, which sorts them by the bytes of the path.
    Files(BTreeMap<String, Entry>),
    /// An archive that is taken as it is.
    Prebuilt { path: PathBuf, size: u64, digest: Digest },
}

/// One file of a package.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) source: Source,
    /// `0o644` or `0o755`.
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) digest: Digest,
}

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Disk(PathBuf),
    Memory(Arc<[u8]>),
}

impl Content {
    pub(super) fn new(kind: Kind, program: Program) -> Self {
        Self { kind, program, digest: OnceLock::new() }
    }

    /// The digest over path, mode, size and digest of every file, in order.
    pub(super) fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| match &self.kind {
            Kind::Prebuilt { digest, .. } => *digest,
            Kind::Files(entries) => {
                let mut hasher = Hasher::new();
                for (path, entry) in entries {
                    hasher
                        .field(path)
                        .field(entry.mode.to_le_bytes())
                        .field(entry.size.to_le_bytes())
                        .field(entry.digest.as_bytes());
                }
                hasher.finish()
            }
        })
    }

    /// Bytes unpacked; of a ready-made archive, its own size.
    pub(super) fn size(&self) -> u64 {
        match &self.kind {
            Kind::Files(entries) => entries.values().map(|entry| entry.size).sum(),
            Kind::Prebuilt { size, .. } => *size,
        }
    }

    /// Adds a file or replaces it.
    pub(super) fn insert(
        &mut self,
        function: &str,
        path: &str,
        bytes: Vec<u8>,
        mode: u32,
    ) -> Result<(), PackageError> {
        let Kind::Files(entries) = &mut self.kind else {
            return Err(PackageError::Prebuilt { function: function.to_owned() });
        };
        check_path(path)?;
        if !matches!(mode, 0o644 | 0o755) {
            return Err(PackageError::BadMode { path: path.to_owned(), mode });
        }
        let bad = |problem| PackageError::BadPath { path: path.to_owned(), problem };
        let parents = path.match_indices('/').map(|(end, _)| &path[..end]);
        if let Some(file) = parents.into_iter().find(|parent| entries.contains_key(*parent)) {
            return Err(bad(format!("`{file}` is a file")));
        }
        let below = format!("{path}/");
        if entries.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below)) {
            return Err(bad("it is a folder".to_owned()));
        }
        let digest = Digest::of(&bytes);
        let size = bytes.len() as u64;
        let source = Source::Memory(bytes.into());
        entries.insert(path.to_owned(), Entry { source, mode, size, digest });
        self.digest = OnceLock::new();
        Ok(())
    }

    /// Refuses what Lambda would refuse.
    pub(super) fn check_size(&self, function: &str, limit: u64) -> Result<(), PackageError> {
        let size = self.size();
        let Kind::Files(entries) = &self.kind else { return Ok(()) };
        if size <= limit {
            return Ok(());
        }
        let mut largest: Vec<_> =
            entries.iter().map(|(path, entry)| (path.clone(), entry.size)).collect();
        // A stable sort: files of one size stay in the order of their paths.
        largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        largest.truncate(10);
        Err(PackageError::TooLarge { function: function.to_owned(), size, limit, largest })
    }
}

impl Entry {
    /// A file on disk, hashed now; `block` is scratch space.
    pub(super) fn hashed(path: PathBuf, mode: u32, block: &mut [u8]) -> Result<Self, FsError> {
        let mut file = fs::open(&path)?;
        let mut hasher = Hasher::new();
        let mut size = 0;
        loop {
            let read = read_block(&mut file, block, &path)?;
            hasher.update(&block[..read]);
            size += read as u64;
            if read < block.len() {
                break;
            }
        }
        Ok(Self { source: Source::Disk(path), mode, size, digest: hasher.finish() })
    }

    /// All bytes, which must be those that were hashed.
    pub(super) fn read(&self) -> Result<Vec<u8>, PackageError> {
        match &self.source {
            Source::Memory(bytes) => Ok(bytes.to_vec()),
            Source::Disk(path) => {
                let bytes = fs::read(path)?;
                if bytes.len() as u64 == self.size && Digest::of(&bytes) == self.digest {
                    Ok(bytes)
                } else {
                    Err(PackageError::Changed { path: path.clone() })
                }
            }
        }
    }

    /// What program the file is, if it is one.
    pub(super) fn program(&self) -> Result<Program, FsError> {
        let mut header = [0; HEADER];
        let read = match &self.source {
            Source::Memory(bytes) => return Ok(Program::of(bytes)),
            Source::Disk(path) => read_block(&mut fs::open(path)?, &mut header, path)?,
        };
        Ok(Program::of(&header[..read]))
    }
}

/// Fills `block` as far as the file goes.
pub(super) fn read_block(
    file: &mut impl Read,
    block: &mut [u8],
    path: &Path,
) -> Result<usize, FsError> {
    let mut filled = 0;
    while filled < block.len() {
        match file.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(FsError { action: "read", path: path.to_owned(), source }),
        }
    }
    Ok(filled)
}

/// Refuses paths that some unzip could place elsewhere.
fn check_path(path: &str) -> Result<(), PackageError> {
    let problem = if path.is_empty() {
        "it is empty"
    } else if path.starts_with('/') {
        "it is absolute"
    } else if path.contains('\\') {
        "it has a backslash"
    } else if path.split('/').any(|part| part == ".." || part == ".") {
        "it has `.` or `..` in it"
    } else if path.split('/').any(str::is_empty) {
        "it has an empty part"
    } else if text::safe_line(path) != path || path.contains('\t') {
        "it has characters that do not show"
    } else if path.len() > usize::from(u16::MAX) {
        "it is too long"
    } else {
        return Ok(());
    };
    Err(PackageError::BadPath { path: path.to_owned(), problem: problem.to_owned() })
}
