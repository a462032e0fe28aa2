//! Many small scenes at once, a few at a time: most of each is waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// So many at a time: two cores are busy with it, and more would only queue.
const THREADS: usize = 12;

/// Plays every scene, and fails with all that failed. `name` tells which one it was.
pub fn in_parallel<T: Send>(
    scenes: Vec<T>,
    name: impl Fn(&T) -> String + Sync,
    play: impl Fn(T) + Sync,
) {
    let count = scenes.len();
    let scenes = Mutex::new(scenes.into_iter());
    let failures = Mutex::new(Vec::new());
    let next = || scenes.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(scene) = next() {
            let name = name(&scene);
            // Nothing of a failed scene is used afterwards.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| play(scene))) {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.unwrap_or_else(|| {
                    (*panic.downcast_ref::<&str>().unwrap_or(&"no message")).to_owned()
                });
                failures.lock().unwrap().push(format!("=== {name}\n{text}"));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(count) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {count} scenes failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}
