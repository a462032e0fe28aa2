//! The cache of compiled plugins, which is executable code and treated like it.
//!
//! `<cache>/components/<engine>/<component>.cwasm`, in folders that only this user may enter: the code,
//! what is known of the component, and a keyed MAC over engine, component, facts and code. The key lies in
//! the data folder, so that whoever can write to the cache (a cache restored in CI, say) still cannot make
//! code run. The code stands first, so that it is mapped into memory instead of being copied there: a
//! Python plugin has 35 MB of it. Files are never overwritten in place.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::outline::Outline;
use crate::digest::Digest;
use crate::fs::{self, FsError, private};

/// How many bytes of compiled plugins are kept. A Python plugin takes 35 MB.
pub const CAPACITY: u64 = 1 << 30;

/// Ends every entry; changes with the format.
const MAGIC: &[u8; 8] = b"phalanx2";
/// How many bytes the facts take, before the MAC.
const LENGTH: usize = size_of::<u64>();
const MAC: usize = 32;
/// From here on, hashing on all cores is worth waking them.
const LARGE: usize = 512 << 10;
const KEY_FILE: &str = "component-cache.key";
const FOLDER: &str = "components";
const EXTENSION: &str = "cwasm";
/// An unfinished file older than this belongs to a process that is gone.
const ABANDONED: Duration = Duration::from_hours(1);

/// The compiled plugins of one engine.
#[derive(Debug)]
pub(super) struct Cache {
    root: PathBuf,
    folder: PathBuf,
    engine: blake3::Hash,
    key: [u8; blake3::KEY_LEN],
    now: SystemTime,
}

/// What is kept of a component beside its code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Kept {
    /// What it says about itself, so that its bytes need not be read again.
    pub(super) outline: Outline,
    /// Milliseconds that it took to compile.
    pub(super) compile_ms: u64,
}

/// What the cache has for a component.
pub(super) enum Cached {
    /// Its code, checked and loaded, and what is known of it.
    Hit(Component, Kept),
    /// Nothing.
    Miss,
    /// Something that cannot be trusted or used, and why; it is removed by now.
    Rejected(PathBuf, String),
}

impl Cache {
    /// The cache below `cache`, with its key in `data`.
    pub(super) fn open(
        cache: &Path,
        data: &Path,
        engine: &Engine,
        now: SystemTime,
    ) -> fs::Result<Self> {
        let root = cache.join(FOLDER);
        let engine = engine_hash(engine);
        let folder = root.join(&engine.to_hex()[..32]);
        private::create_dir(&root)?;
        private::create_dir(&folder)?;
        Ok(Self { root, folder, engine, key: key(data)?, now })
    }

    /// The compiled code of `component`.
    pub(super) fn load(&self, engine: &Engine, component: &Digest) -> Cached {
        let path = self.path(component);
        let file = match private::open(&path) {
            Ok(Some(file)) => file,
            Ok(None) => return Cached::Miss,
            Err(error) => return self.reject(path, &error.source.to_string()),
        };
        let map = match private::map(&file) {
            Ok(map) => map,
            Err(error) => return self.reject(path, &format!("it cannot be read: {error}")),
        };
        let Some(kept) = self.authentic(&map, component) else {
            return self.reject(path, "its contents are not what Phalanx wrote");
        };
        #[expect(
            unsafe_code,
            reason = "loading machine code cannot be made safe; this file was just proved to be what this \
                      user's compiler wrote for this engine"
        )]
        // SAFETY: the file begins with what `Engine::precompile_component` made with this engine's settings
        // and version: the MAC covers all three, and only this user has its key. Nobody else may write to
        // the file or its folder, and Phalanx itself replaces files and never changes them.
        let component = unsafe { Component::deserialize_file(engine, &path) };
        match component {
            Ok(component) => {
                fs::note_use(&file, self.now);
                Cached::Hit(component, kept)
            }
            Err(error) => self.reject(path, &format!("the engine refuses it: {error:#}")),
        }
    }

    /// Loads code that was just compiled.
    pub(super) fn load_fresh(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
        #[expect(
            unsafe_code,
            reason = "as in `load`; the bytes came straight from our own compiler"
        )]
        // SAFETY: `code` is what `Engine::precompile_component` returned, in this process or over a
        // pipe from a child that runs this same program.
        unsafe {
            Component::deserialize(engine, code)
        }
    }

    /// Keeps `code` for `component`, and removes what was not used for longest when there is too much.
    pub(super) fn store(&self, component: &Digest, kept: &Kept, code: &[u8]) -> fs::Result<()> {
        let facts = serde_json::to_vec(kept).expect("they are texts and numbers");
        let length = (facts.len() as u64).to_le_bytes();
        let mac = self.mac(component, &[code, &facts, &length]);
        let parts = [code, &facts, &length, mac.as_bytes(), MAGIC];
        private::write(&self.path(component), &parts)?;
        prune_folder(&self.root, CAPACITY, self.now)?;
        Ok(())
    }

    fn path(&self, component: &Digest) -> PathBuf {
        self.folder.join(format!("{component}.{EXTENSION}"))
    }

    fn mac(&self, component: &Digest, parts: &[&[u8]]) -> blake3::Hash {
        // The first two have fixed lengths, and the last part tells where the one before it begins: so none
        // can run into another.
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(self.engine.as_bytes()).update(component.as_bytes());
        for part in parts {
            match part.len() {
                LARGE.. => hasher.update_rayon(part),
                _ => hasher.update(part),
            };
        }
        hasher.finalize()
    }

    /// What an entry says of the component, when all of it is what was written here.
    fn authentic(&self, entry: &[u8], component: &Digest) -> Option<Kept> {
        let entry = entry.strip_suffix(MAGIC)?;
        let (sealed, mac) = entry.split_last_chunk::<MAC>()?;
        // `blake3::Hash` compares in constant time.
        if self.mac(component, &[sealed]) != blake3::Hash::from_bytes(*mac) {
            return None;
        }
        let (rest, length) = sealed.split_last_chunk::<LENGTH>()?;
        let start = rest.len().checked_sub(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        serde_json::from_slice(&rest[start..]).ok()
    }

    #[expect(clippy::unused_self, reason = "only a cache may remove its entries")]
    fn reject(&self, path: PathBuf, reason: &str) -> Cached {
        // When it cannot be removed it will be replaced by name.
        let _ = fs::remove_file(&path);
        Cached::Rejected(path, reason.to_owned())
    }
}

/// Version, settings and processor features of the engine.
fn engine_hash(engine: &Engine) -> blake3::Hash {
    struct Parts(blake3::Hasher);
    impl Hasher for Parts {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut parts = Parts(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut parts);
    parts.0.finalize()
}

/// The user's key; made at the first use. Of two processes that make it at once, one wins.
fn key(data: &Path) -> fs::Result<[u8; blake3::KEY_LEN]> {
    let path = data.join(KEY_FILE);
    private::create_dir(data)?;
    for _ in 0..2 {
        if let Some(bytes) = private::read(&path)? {
            if let Ok(key) = bytes.try_into() {
                return Ok(key);
            }
            // Cut short or foreign: what it authenticated is recompiled.
            fs::remove_file(&path)?;
        }
        let mut key = [0; blake3::KEY_LEN];
        getrandom::fill(&mut key).map_err(|error| FsError {
            action: "make a random key for",
            path: path.clone(),
            source: std::io::Error::other(error.to_string()),
        })?;
        if private::write_new(&path, &[&key])? {
            return Ok(key);
        }
    }
    let source = std::io::Error::other("another process keeps changing it");
    Err(FsError { action: "read private file", path, source })
}

/// Removes the compiled plugins that were not used for longest until at most `capacity` bytes are left,
/// of all engines; and what killed processes left behind. Returns the bytes freed.
///
/// # Errors
/// When the cache cannot be listed or an entry cannot be removed.
pub fn prune(cache: &Path, capacity: u64, now: SystemTime) -> fs::Result<u64> {
    let root = cache.join(FOLDER);
    if fs::exists(&root) { prune_folder(&root, capacity, now) } else { Ok(0) }
}

fn prune_folder(root: &Path, capacity: u64, now: SystemTime) -> fs::Result<u64> {
    let mut entries = BTreeMap::new();
    let mut total = 0;
    let mut freed = 0;
    for folder in fs::list(root)? {
        // A folder or entry that has vanished was pruned by another process.
        for path in fs::list(&folder).unwrap_or_default() {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                total += metadata.len();
                entries.insert((used, path), metadata.len());
            } else if now.duration_since(used).is_ok_and(|age| age > ABANDONED) {
                fs::remove_file(&path)?;
                freed += metadata.len();
            }
        }
    }
    for ((_, path), length) in entries {
        if total <= capacity {
            break;
        }
        fs::remove_file(&path)?;
        total -= length;
        freed += length;
    }
    Ok(freed)
}

#[cfg(test)]
mod tests {
    use super::super::engine::engine;
    use super::*;

    struct Rig {
        folder: tempfile::TempDir,
        engine: Engine,
    }

    impl Rig {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), engine: engine(1 << 20).unwrap() }
        }

        fn cache(&self) -> Cache {
            let (cache, data) = (self.folder.path().join("cache"), self.folder.path().join("data"));
            Cache::open(&cache, &data, &self.engine, SystemTime::UNIX_EPOCH).unwrap()
        }

        fn fill(&self, cache: &Cache) -> (Digest, PathBuf) {
            let component = wat::parse_str("(component)").unwrap();
            let digest = Digest::of(&component);
            let kept = Kept { outline: Outline::read(&component, 1 << 20).unwrap(), compile_ms: 7 };
            let code = self.engine.precompile_component(&component).unwrap();
            cache.store(&digest, &kept, &code).unwrap();
            (digest, cache.path(&digest))
        }
    }

    fn outcome(cached: &Cached) -> &str {
        match cached {
            Cached::Hit(_, kept) if kept.compile_ms == 7 => "hit",
            Cached::Hit(..) => "other facts",
            Cached::Miss => "miss",
            Cached::Rejected(_, reason) => reason,
        }
    }

    #[test]
    fn what_was_stored_is_loaded_by_the_next_process() {
        let rig = Rig::new();
        let (digest, _) = rig.fill(&rig.cache());
        assert_eq!(outcome(&rig.cache().load(&rig.engine, &digest)), "hit");
        assert_eq!(outcome(&rig.cache().load(&rig.engine, &Digest::of("other"))), "miss");
    }

    #[test]
    fn the_stack_size_does_not_change_the_code() {
        assert_eq!(engine_hash(&engine(1 << 20).unwrap()), engine_hash(&engine(8 << 20).unwrap()));
    }

    #[test]
    fn a_changed_byte_anywhere_is_rejected_and_removed() {
        let rig = Rig::new();
        let cache = rig.cache();
        let (digest, path) = rig.fill(&cache);
        let good = fs::read(&path).unwrap();
        let end = good.len() - MAGIC.len();
        for position in [0, end - MAC - LENGTH - 1, end - MAC - 1, end - 1, good.len() - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            private::write(&path, &[&bad]).unwrap();
            let cached = cache.load(&rig.engine, &digest);
            assert_eq!(outcome(&cached), "its contents are not what Phalanx wrote");
            assert!(!path.exists());
        }
        private::write(&path, &[&good[..20]]).unwrap();
        let cached = cache.load(&rig.engine, &digest);
        assert_eq!(outcome(&cached), "its contents are not what Phalanx wrote");
    }

    #[test]
    fn an_entry_of_another_component_or_under_another_key_is_rejected() {
        let rig = Rig::new();
        let cache = rig.cache();
        let (_, path) = rig.fill(&cache);
        let other = Digest::of("other");
        private::write(&cache.path(&other), &[&fs::read(&path).unwrap()]).unwrap();
        assert_ne!(outcome(&cache.load(&rig.engine, &other)), "hit");

        let (digest, _) = rig.fill(&cache);
        fs::remove_dir_all(&rig.folder.path().join("data")).unwrap();
        assert_ne!(outcome(&rig.cache().load(&rig.engine, &digest)), "hit");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_an_entry_is_rejected() {
        let rig = Rig::new();
        let cache = rig.cache();
        let (digest, path) = rig.fill(&cache);
        let elsewhere = rig.folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert!(matches!(cache.load(&rig.engine, &digest), Cached::Rejected(..)));
        assert!(elsewhere.exists());
    }

    #[test]
    fn the_key_is_made_once_even_by_many_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let spawn = |_| scope.spawn(|| key(folder.path()).unwrap());
            let threads: Vec<_> = (0..8).map(spawn).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        fs::write(&folder.path().join(KEY_FILE), "short").unwrap();
        assert_ne!(key(folder.path()).unwrap(), keys[0]);
    }

    #[test]
    fn pruning_removes_what_was_not_used_for_longest() {
        let folder = tempfile::tempdir().unwrap();
        let entries = folder.path().join(FOLDER).join("engine");
        private::create_dir(&entries).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (name, seconds) in [("old.cwasm", 1), ("new.cwasm", 9), (".unfinished-x", 2)] {
            let path = entries.join(name);
            private::write(&path, &[&[0; 100]]).unwrap();
            fs::open(&path).unwrap().set_modified(at(seconds)).unwrap();
        }
        assert_eq!(prune(folder.path(), 150, at(1_000)).unwrap(), 100);
        assert!(!entries.join("old.cwasm").exists() && entries.join("new.cwasm").exists());
        assert_eq!(prune(folder.path(), 150, at(10_000)).unwrap(), 100);
        assert_eq!(prune(Path::new("/no/such"), 1, at(1)).unwrap(), 0);
    }
}
