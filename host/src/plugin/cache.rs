//! The cache of compiled plugins, which is executable code and treated like it.
//!
//! `<cache>/components/<engine>/<component>.cwasm` is the code and nothing else, so that it is mapped into
//! memory instead of being copied there; `<component>.seal` beside it says what is known of the component and
//! the hash of the code, under a keyed MAC over engine, component and all of that. Both lie in folders that
//! only this user may enter. The key lies in the data folder, so that whoever can write to the cache (a cache
//! restored in CI, say) still cannot make code run.
//!
//! A Python plugin has 35 MB of code, and hashing them takes longer than all the rest. So a seal also notes
//! which file was seen to be good, with the times that the system keeps of it: whoever changes the file or
//! puts another in its place cannot set those back. Files are never overwritten in place.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::outline::Outline;
use crate::digest::Digest;
use crate::fs::private::{self, Stamp};
use crate::fs::{self, FsError};

/// How many bytes of compiled plugins are kept. A Python plugin takes 35 MB.
pub const CAPACITY: u64 = 1 << 30;

/// Ends every seal; changes with the format.
const MAGIC: &[u8; 8] = b"phalanx3";
const MAC: usize = 32;
/// From here on, hashing on all cores is worth waking them, and remembering the outcome worth a file.
const LARGE: usize = 512 << 10;
const KEY_FILE: &str = "component-cache.key";
const FOLDER: &str = "components";
const CODE: &str = "cwasm";
const SEAL: &str = "seal";
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

/// What vouches for a file of code.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Seal {
    kept: Kept,
    /// Hash of the code.
    code: String,
    /// The file that was last seen to be this code, when it is large.
    seen: Option<Stamp>,
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
        let path = self.path(component, CODE);
        match self.checked(component, &path) {
            Ok(Some(kept)) => {
                #[expect(
                    unsafe_code,
                    reason = "loading machine code cannot be made safe; this file was just proved to be what \
                              this user's compiler wrote for this engine"
                )]
                // SAFETY: the file is what `Engine::precompile_component` made with this engine's settings
                // and version: the seal says so, and only this user has the key to make one. Nobody else may
                // write to the file or its folder, and Phalanx itself replaces files and never changes them.
                let component = unsafe { Component::deserialize_file(engine, &path) };
                match component {
                    Ok(component) => Cached::Hit(component, kept),
                    Err(error) => self.reject(path, format!("the engine refuses it: {error:#}")),
                }
            }
            Ok(None) => Cached::Miss,
            Err(reason) => self.reject(path, reason),
        }
    }

    /// What is known of a component whose code is what was written here; none when it is not there, or what
    /// is wrong with it.
    fn checked(&self, component: &Digest, code: &Path) -> Result<Option<Kept>, String> {
        let open = |path: &Path| private::open(path).map_err(|error| error.source.to_string());
        // Code without a seal is that of a run that was killed, or that is about to seal it.
        let path = self.path(component, SEAL);
        let (Some(file), Some(seal_file)) = (open(code)?, open(&path)?) else { return Ok(None) };
        let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
        let seal = private::map(&seal_file).map_err(unreadable)?;
        let seal = self.authentic(&seal, component).ok_or(FOREIGN)?;
        let stamp = private::stamp(&file).map_err(unreadable)?;
        if stamp.is_none() || stamp != seal.seen {
            let map = private::map(&file).map_err(unreadable)?;
            if hash(&map).to_hex().as_str() != seal.code {
                return Err(FOREIGN.to_owned());
            }
            let unchanged = private::stamp(&file).map_err(unreadable)? == stamp;
            let settled = stamp.filter(|stamp| unchanged && stamp.is_settled(self.now));
            if map.len() >= LARGE && settled.is_some() {
                let seal = Seal { seen: settled, ..seal };
                // Without it the next run hashes again.
                let _ = self.seal(component, &seal);
                return Ok(Some(seal.kept));
            }
        }
        fs::note_use(&seal_file, self.now);
        Ok(Some(seal.kept))
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
    pub(super) fn store(&self, component: &Digest, kept: Kept, code: &[u8]) -> fs::Result<()> {
        private::write(&self.path(component, CODE), &[code])?;
        self.seal(component, &Seal { kept, code: hash(code).to_hex().to_string(), seen: None })?;
        prune_folder(&self.root, CAPACITY, self.now)?;
        Ok(())
    }

    fn path(&self, component: &Digest, extension: &str) -> PathBuf {
        self.folder.join(format!("{component}.{extension}"))
    }

    fn seal(&self, component: &Digest, seal: &Seal) -> fs::Result<()> {
        let facts = serde_json::to_vec(seal).expect("it is texts and numbers");
        let mac = self.mac(component, &facts);
        private::write(&self.path(component, SEAL), &[&facts, mac.as_bytes(), MAGIC])
    }

    fn mac(&self, component: &Digest, facts: &[u8]) -> blake3::Hash {
        // The first two have fixed lengths: so none can run into another.
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(self.engine.as_bytes()).update(component.as_bytes()).update(facts);
        hasher.finalize()
    }

    /// What a seal says, when it was written here.
    fn authentic(&self, seal: &[u8], component: &Digest) -> Option<Seal> {
        let seal = seal.strip_suffix(MAGIC)?;
        let (facts, mac) = seal.split_last_chunk::<MAC>()?;
        // `blake3::Hash` compares in constant time.
        if self.mac(component, facts) != blake3::Hash::from_bytes(*mac) {
            return None;
        }
        serde_json::from_slice(facts).ok()
    }

    #[expect(clippy::unused_self, reason = "only a cache may remove its entries")]
    fn reject(&self, path: PathBuf, reason: String) -> Cached {
        // When they cannot be removed they will be replaced by name.
        let _ = fs::remove_file(&path);
        let _ = fs::remove_file(&path.with_extension(SEAL));
        Cached::Rejected(path, reason)
    }
}

/// Why an entry is rejected that fails its check.
const FOREIGN: &str = "its contents are not what Phalanx wrote";

fn hash(code: &[u8]) -> blake3::Hash {
    match code.len() {
        LARGE.. => blake3::Hasher::new().update_rayon(code).finalize(),
        _ => blake3::hash(code),
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
    let modified = |metadata: &Metadata| metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let mut entries = BTreeMap::new();
    let mut total = 0;
    let mut freed = 0;
    for folder in fs::list(root)? {
        // A folder or entry that has vanished was pruned by another process.
        for path in fs::list(&folder).unwrap_or_default() {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let extension = path.extension().unwrap_or_default();
            if extension == CODE {
                let seal = fs::metadata(&path.with_extension(SEAL)).ok();
                let size = metadata.len() + seal.as_ref().map_or(0, Metadata::len);
                // Its use is noted at the seal.
                let used = modified(seal.as_ref().unwrap_or(&metadata));
                total += size;
                entries.insert((used, path), size);
            } else if extension == SEAL && fs::exists(&path.with_extension(CODE)) {
                // It goes with its code.
            } else if now.duration_since(modified(&metadata)).is_ok_and(|age| age > ABANDONED) {
                fs::remove_file(&path)?;
                freed += metadata.len();
            }
        }
    }
    for ((_, path), size) in entries {
        if total <= capacity {
            break;
        }
        fs::remove_file(&path)?;
        let seal = path.with_extension(SEAL);
        if fs::exists(&seal) {
            fs::remove_file(&seal)?;
        }
        total -= size;
        freed += size;
    }
    Ok(freed)
}

#[cfg(test)]
mod tests {
    use super::super::engine::{Metering, engine};
    use super::*;

    struct Rig {
        folder: tempfile::TempDir,
        engine: Engine,
    }

    impl Rig {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                engine: engine(1 << 20, Metering::Off).unwrap(),
            }
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
            cache.store(&digest, kept, &code).unwrap();
            (digest, cache.path(&digest, CODE))
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
        assert_eq!(
            engine_hash(&engine(1 << 20, Metering::Off).unwrap()),
            engine_hash(&engine(8 << 20, Metering::Off).unwrap())
        );
    }

    #[test]
    fn a_changed_byte_anywhere_is_rejected_and_removed() {
        let rig = Rig::new();
        let cache = rig.cache();
        let (digest, code) = rig.fill(&cache);
        let seal = code.with_extension(SEAL);
        let good = [fs::read(&code).unwrap(), fs::read(&seal).unwrap()];
        let [code_end, seal_end] = [&good[0], &good[1]].map(Vec::len);
        let mac = seal_end - MAGIC.len() - MAC;
        let [in_code, in_seal] = [(&code, &good[0]), (&seal, &good[1])];
        let places = [
            (in_code, vec![0, code_end / 2, code_end - 1]),
            (in_seal, vec![0, mac - 1, mac, mac + MAC - 1, seal_end - 1]),
        ];
        for ((path, good), positions) in places {
            let cut = |at| good[..at].to_vec();
            let flipped = positions.into_iter().map(|at| {
                let mut bad = good.clone();
                bad[at] ^= 1;
                bad
            });
            for bad in flipped.chain([cut(20), cut(0)]) {
                rig.fill(&cache);
                private::write(path, &[&bad]).unwrap();
                assert_eq!(outcome(&cache.load(&rig.engine, &digest)), FOREIGN);
                assert!(!code.exists() && !seal.exists());
            }
        }
    }

    #[test]
    fn code_without_a_seal_is_compiled_again() {
        let rig = Rig::new();
        let (digest, code) = rig.fill(&rig.cache());
        fs::remove_file(&code.with_extension(SEAL)).unwrap();
        assert_eq!(outcome(&rig.cache().load(&rig.engine, &digest)), "miss");
    }

    /// Large code is hashed once, and again as soon as its file may be another.
    #[cfg(unix)]
    #[test]
    fn large_code_that_was_seen_to_be_good_is_not_hashed_again() {
        let rig = Rig::new();
        let digest = Digest::of("component");
        let code = vec![7; LARGE];
        let mut cache = rig.cache();
        let component = wat::parse_str("(component)").unwrap();
        let kept = Kept { outline: Outline::read(&component, 1 << 20).unwrap(), compile_ms: 7 };
        cache.store(&digest, kept, &code).unwrap();
        let path = cache.path(&digest, CODE);
        let seen = |cache: &Cache| {
            let kept = cache.checked(&digest, &path)?;
            assert!(kept.is_some());
            let seal = fs::read(&cache.path(&digest, SEAL)).unwrap();
            Ok::<_, String>(cache.authentic(&seal, &digest).unwrap().seen)
        };
        // A file that was only just made could change without its times telling.
        cache.now = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(seen(&cache), Ok(None));
        cache.now += Duration::from_secs(60);
        let first = seen(&cache).unwrap().unwrap();
        assert_eq!(seen(&cache).unwrap().unwrap(), first);
        // The same bytes in another file are hashed, and seen to be the same.
        private::write(&path, &[&code]).unwrap();
        assert_ne!(seen(&cache).unwrap().unwrap(), first);
        // Other bytes of the same length, with the time of the file set back.
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"x", 9).unwrap();
        file.set_modified(before).unwrap();
        assert_eq!(seen(&cache), Err(FOREIGN.to_owned()));
    }

    #[test]
    fn an_entry_of_another_component_or_under_another_key_is_rejected() {
        let rig = Rig::new();
        let cache = rig.cache();
        let (_, path) = rig.fill(&cache);
        let other = Digest::of("other");
        for extension in [CODE, SEAL] {
            let bytes = fs::read(&path.with_extension(extension)).unwrap();
            private::write(&cache.path(&other, extension), &[&bytes]).unwrap();
        }
        assert_eq!(outcome(&cache.load(&rig.engine, &other)), FOREIGN);

        let (digest, _) = rig.fill(&cache);
        fs::remove_dir_all(&rig.folder.path().join("data")).unwrap();
        assert_eq!(outcome(&rig.cache().load(&rig.engine, &digest)), FOREIGN);
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
        // The first was made early and used late.
        let files = [("used.cwasm", 1), ("used.seal", 9), ("old.cwasm", 3), ("old.seal", 3)];
        for (name, seconds) in files.into_iter().chain([(".unfinished-x", 2), ("lone.seal", 2)]) {
            let path = entries.join(name);
            private::write(&path, &[&[0; 100]]).unwrap();
            fs::open(&path).unwrap().set_modified(at(seconds)).unwrap();
        }
        assert_eq!(prune(folder.path(), 350, at(1_000)).unwrap(), 200);
        let there = |name: &str| entries.join(name).exists();
        assert!(!there("old.cwasm") && !there("old.seal"));
        assert!(there("used.cwasm") && there("used.seal"));
        assert_eq!(prune(folder.path(), 350, at(10_000)).unwrap(), 200);
        assert_eq!(prune(Path::new("/no/such"), 1, at(1)).unwrap(), 0);
    }
}
