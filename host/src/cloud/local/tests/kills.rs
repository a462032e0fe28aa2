//! What a kill at each moment leaves: every operation on the disk is cut in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A disk whose process is killed at one of its operations: that one is done by half, and none after
/// it is done.
struct Cut {
    left: AtomicUsize,
}

impl Cut {
    fn go(&self, path: &Path) -> Result<(), fs::FsError> {
        let left = self.left.load(Ordering::SeqCst);
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        if left > 1 {
            return Ok(());
        }
        if left == 1
            && let Some(folder) = path.parent()
        {
            let _ = fs::write(&folder.join(".phalanx-torn"), "{\"half");
        }
        let source = std::io::Error::other("killed");
        Err(fs::FsError { action: "write", path: path.to_owned(), source })
    }
}

impl Disk for Cut {
    fn write(&self, path: &Path, bytes: &[u8]) -> fs::Result<()> {
        self.go(path)?;
        FileSystem.write(path, bytes)
    }
    fn copy(&self, from: &Path, to: &Path) -> fs::Result<()> {
        self.go(to)?;
        FileSystem.copy(from, to)
    }
    fn remove_file(&self, path: &Path) -> fs::Result<()> {
        self.go(path)?;
        FileSystem.remove_file(path)
    }
    fn remove_dir_all(&self, path: &Path) -> fs::Result<()> {
        self.go(path)?;
        FileSystem.remove_dir_all(path)
    }
}

/// The temporary files in the cloud's folder.
fn leftovers(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::list(&folder).unwrap() {
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap().to_str().unwrap().starts_with('.') {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn killed_at_any_operation_the_next_run_succeeds_and_nothing_is_lost() {
    let mut cuts = 0;
    for at in 1.. {
        let rig = Rig::new();
        let root = rig.folder.path().join("cloud");
        let (old, new) = (artifact(rig.folder.path(), "old"), artifact(rig.folder.path(), "new"));
        let sound = open(&root);
        let reporter = || -> Arc<dyn Reporter> { rig.recorder.clone() };
        let run = async |local: &Local, artifact: &Artifact| -> Result<Applied, BoxError> {
            local.store(artifact, reporter()).await?;
            local.apply(&request(&service(&artifact.digest)), reporter()).await
        };
        let before = run(&sound, &old).await.unwrap_or_else(|error| panic!("{error}")).stack;

        let dying = Local { disk: Arc::new(Cut { left: AtomicUsize::new(at) }), ..open(&root) };
        let died = run(&dying, &new).await.is_err();
        if died {
            cuts += 1;
            // Whoever looks now sees the old state, whole.
            let seen = sound.stack("orders-dev").await.unwrap().expect("the stack is there");
            assert_eq!(seen, before, "cut at operation {at}");
            let function = sound.function("orders-dev", "say-hello").unwrap();
            assert!(sound.package(&function).is_ok(), "cut at operation {at}");
        }
        let after = run(&sound, &new).await.unwrap_or_else(|error| panic!("cut at {at}: {error}"));
        assert_eq!(after.stack.template, service(&new.digest), "cut at operation {at}");
        let change = if died { Change::Updated } else { Change::Unchanged };
        assert_eq!(after.change, change, "cut at operation {at}");
        assert_eq!(leftovers(&root), Vec::<PathBuf>::new(), "cut at operation {at}");
        assert_eq!(sound.history("orders-dev").all().unwrap().len(), 2, "cut at operation {at}");
        if !died {
            break;
        }
    }
    assert!(cuts >= 3, "only {cuts} operations were cut");
}

#[tokio::test]
async fn a_deletion_killed_at_any_operation_is_done_by_the_next() {
    for at in 1.. {
        let rig = Rig::new();
        let root = rig.folder.path().join("cloud");
        let sound = open(&root);
        let reporter = || -> Arc<dyn Reporter> { rig.recorder.clone() };
        sound
            .apply(&request(&queue()), reporter())
            .await
            .map(drop)
            .unwrap_or_else(|e| panic!("{e}"));
        let dying = Local { disk: Arc::new(Cut { left: AtomicUsize::new(at) }), ..open(&root) };
        let died = dying.delete("orders-dev", &[], reporter()).await.is_err()
            || collect(&dying).await.is_err();
        if died {
            sound
                .delete("orders-dev", &[], reporter())
                .await
                .map(drop)
                .unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(sound.stack("orders-dev").await.unwrap(), None, "cut at operation {at}");
            collect(&sound).await.unwrap_or_else(|error| panic!("{error}"));
        }
        assert!(!fs::exists(&root.join("stacks/eu-central-1/orders-dev")), "cut at operation {at}");
        if !died {
            break;
        }
    }
}

#[tokio::test]
async fn a_collection_killed_at_any_operation_is_done_by_the_next() {
    let mut cuts = 0;
    for at in 1.. {
        let rig = Rig::new();
        let root = rig.folder.path().join("cloud");
        let sound = open(&root);
        let reporter = || -> Arc<dyn Reporter> { rig.recorder.clone() };
        let fine = |error: BoxError| panic!("{error}");
        let versions = ["one", "two", "three"].map(|name| artifact(rig.folder.path(), name));
        for version in &versions {
            sound.store(version, reporter()).await.map(drop).unwrap_or_else(fine);
            let template = service(&version.digest);
            sound.apply(&request(&template), reporter()).await.map(drop).unwrap_or_else(fine);
        }
        let now = UNIX_EPOCH + Duration::from_secs(1 << 33);
        let limits = Limits { keep: 1, min_age: Some(Duration::ZERO), now };
        let dying = Local { disk: Arc::new(Cut { left: AtomicUsize::new(at) }), ..open(&root) };
        let garbage = sound.garbage(&limits).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(garbage.pieces.len(), 4, "two packages and two revisions");
        let died = dying.discard(&garbage.pieces, &limits).await.is_err();
        cuts += usize::from(died);
        // Whatever is still told of can be gone back to, and what is live runs.
        let deployments = sound.deployments("orders-dev", 10).await.unwrap_or_else(|_| panic!());
        for deployment in &deployments {
            let template = sound.deployed_template(deployment).await.unwrap_or_else(|_| panic!());
            let wanted = crate::cloud::archive::artifacts_of(&template);
            assert!(sound.missing(wanted).await.unwrap_or_else(|_| panic!()).is_empty());
        }
        let again = sound.garbage(&limits).await.unwrap_or_else(|error| panic!("{error}"));
        sound.discard(&again.pieces, &limits).await.map(drop).unwrap_or_else(fine);
        let last = sound.garbage(&limits).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(last.pieces, [], "cut at operation {at}");
        assert_eq!(sound.history("orders-dev").all().unwrap().len(), 1);
        assert!(sound.package(&sound.function("orders-dev", "say-hello").unwrap()).is_ok());
        if !died {
            break;
        }
    }
    assert!(cuts >= 3, "only {cuts} operations were cut");
}
