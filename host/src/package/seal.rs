//! Makes the zips that are not there yet.
//!
//! A zip is named by its first function and the content's digest. One that is there is used again only
//! when the index, which is written after the zips, knows it and its bytes still have the recorded
//! digest. A lock lets one run at a time work in the folder, so what another left half done can be
//! cleared away.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::content::{Content, Kind, UNPACKED_LIMIT, read_block};
use super::{HASH_BLOCK, PackageError, PackageSet, archive};
use crate::digest::{Digest, Hasher};
use crate::fs::{self, FsError};
use crate::report::{Event, Reporter};

/// Packages in work at the same time, each on all processors: hides waiting for the disk.
const CONCURRENT: usize = 2;
/// Progress is reported about this often, in bytes.
const PROGRESS_STEP: u64 = 1 << 20;

/// All packages of a run, zipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// One per distinct content, in manifest order of their first functions.
    pub packages: Vec<SealedPackage>,
}

/// One zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPackage {
    /// Of the content: what names the package everywhere.
    pub digest: Digest,
    /// Of the zip file.
    pub zip_digest: Digest,
    /// The zip file.
    pub path: PathBuf,
    /// Of the zip file, in bytes.
    pub size: u64,
    /// Bytes unpacked; of a ready-made archive, its own size.
    pub unpacked: u64,
    /// The functions that have this content, in manifest order.
    pub functions: Vec<String>,
    /// True when the zip was there already.
    pub reused: bool,
}

impl Sealed {
    /// The package of a function.
    pub fn package(&self, function: &str) -> Option<&SealedPackage> {
        self.packages.iter().find(|package| package.functions.iter().any(|name| name == function))
    }
}

/// What is known of the zips in the folder, by file name.
type Index = BTreeMap<String, Recorded>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Recorded {
    digest: Digest,
    zip_digest: Digest,
    size: u64,
}

/// One content and who has it.
struct Wanted<'a> {
    content: &'a Content,
    functions: Vec<String>,
}

impl PackageSet {
    /// Zips what is not there yet to `packages/` in `out_dir`, one zip per distinct content. Waits for
    /// another run that does the same.
    ///
    /// # Errors
    /// When a package is too large for Lambda, a file changed since it was hashed, or a file cannot be
    /// read or written. Zips that were finished stay and are found by the next run.
    pub fn seal(&self, out_dir: &Path, reporter: &dyn Reporter) -> Result<Sealed, PackageError> {
        let mut wanted: IndexMap<Digest, Wanted<'_>> = IndexMap::new();
        for package in self.packages() {
            package.content.check_size(&package.function, UNPACKED_LIMIT)?;
            wanted
                .entry(package.content.digest())
                .or_insert_with(|| Wanted { content: &package.content, functions: Vec::new() })
                .functions
                .push(package.function.as_ref().to_owned());
        }

        let folder = out_dir.join("packages");
        fs::create_dir_all(&folder)?;
        let _lock = fs::lock(&folder.join(".lock"))?;
        fs::clear_leftovers(&folder)?;
        let index_path = folder.join("index.json");
        let old = fs::read_if_present(&index_path)?;
        let mut index: Index =
            old.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();

        let wanted: Vec<(Digest, Wanted<'_>)> = wanted.into_iter().collect();
        let results =
            each(&wanted, |(digest, wanted)| seal_one(&folder, *digest, wanted, &index, reporter));
        let mut sealed = Vec::new();
        let mut failed = None;
        for result in results {
            match result {
                Ok(package) => sealed.push(package),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if sealed.iter().any(|package| !package.reused) {
            index.retain(|name, _| fs::exists(&folder.join(name)));
            for package in &sealed {
                let SealedPackage { digest, zip_digest, size, .. } = *package;
                index.insert(
                    file_name(&package.functions, digest),
                    Recorded { digest, zip_digest, size },
                );
            }
            let text = serde_json::to_vec_pretty(&index).expect("an index is plain data");
            fs::write(&index_path, text)?;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(Sealed { packages: sealed }),
        }
    }
}

/// `work` on every item, on threads of its own since it blocks; results in order of the items.
fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..CONCURRENT.min(items.len()) {
            scope.spawn(|| {
                while let Some((index, item)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|i| Some((i, items.get(i)?)))
                {
                    let result = work(item);
                    results.lock().expect("no thread panics while it holds this")[index] =
                        Some(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no thread panicked");
    results.into_iter().map(|result| result.expect("every item was worked on")).collect()
}

fn file_name(functions: &[String], digest: Digest) -> String {
    format!("{}-{}.zip", functions[0], digest.short())
}

fn seal_one(
    folder: &Path,
    digest: Digest,
    wanted: &Wanted<'_>,
    index: &Index,
    reporter: &dyn Reporter,
) -> Result<SealedPackage, PackageError> {
    let name = file_name(&wanted.functions, digest);
    let path = folder.join(&name);
    let unpacked = wanted.content.size();
    let functions = wanted.functions.clone();
    if let Some(known) = index.get(&name).filter(|known| known.digest == digest)
        && is_intact(&path, known)?
    {
        let Recorded { zip_digest, size, .. } = *known;
        return Ok(SealedPackage {
            digest,
            zip_digest,
            path,
            size,
            unpacked,
            functions,
            reused: true,
        });
    }

    let mut reported = 0;
    let progress = |done: u64| {
        if done >= reported + PROGRESS_STEP || done == unpacked {
            reported = done;
            let task = format!("package {}", functions[0]);
            reporter.event(Event::Progress { task, done, total: unpacked, unit: "bytes" });
        }
    };
    fs::replace_with(&path, |file| match &wanted.content.kind {
        Kind::Files(entries) => archive::write(entries, file, &path, progress),
        Kind::Prebuilt { path: source, .. } => copy(source, digest, file, &path, progress),
    })?;
    let size = fs::metadata(&path)?.len();
    let zip_digest = digest_of(&path)?;
    Ok(SealedPackage { digest, zip_digest, path, size, unpacked, functions, reused: false })
}

/// True when the zip is what was recorded.
fn is_intact(path: &Path, known: &Recorded) -> Result<bool, FsError> {
    if !fs::exists(path) || fs::metadata(path)?.len() != known.size {
        return Ok(false);
    }
    Ok(digest_of(path)? == known.zip_digest)
}

fn digest_of(path: &Path) -> Result<Digest, FsError> {
    Digest::of_reader(fs::open(path)?).map_err(|source| FsError {
        action: "read",
        path: path.to_owned(),
        source,
    })
}

/// Copies a ready-made archive, which must be the one that was hashed.
fn copy(
    source: &Path,
    digest: Digest,
    file: &mut std::fs::File,
    path: &Path,
    mut progress: impl FnMut(u64),
) -> Result<(), PackageError> {
    let mut reader = fs::open(source)?;
    let mut block = vec![0; HASH_BLOCK];
    let mut hasher = Hasher::new();
    let mut done = 0;
    loop {
        let read = read_block(&mut reader, &mut block, source)?;
        if read == 0 {
            break;
        }
        hasher.update(&block[..read]);
        file.write_all(&block[..read]).map_err(|source| FsError {
            action: "write",
            path: path.to_owned(),
            source,
        })?;
        done += read as u64;
        progress(done);
    }
    if hasher.finish() != digest {
        return Err(PackageError::Changed { path: source.to_owned() });
    }
    Ok(())
}
