//! Waiting for what others do.

use std::time::{Duration, Instant};

/// What `look` finds, as soon as it finds it; a failure when that takes longer than so many seconds.
pub fn until<T>(what: &str, seconds: u64, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed().as_secs() < seconds, "waited {seconds} s in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
