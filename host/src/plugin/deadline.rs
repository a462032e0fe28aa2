//! When a call is stopped: its time limit, from which what the host does on its own account is left out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The deadline of one call. Copies share it.
#[derive(Debug, Clone)]
pub(super) struct Deadline(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<Clock>,
    resumed: Notify,
}

#[derive(Debug, Clone, Copy)]
enum Clock {
    /// Stopped at this moment.
    Running(Instant),
    /// Stands still with so much left.
    Paused(Duration),
}

/// The clock stands still while this lives.
pub(super) struct Pause(Deadline);

impl Deadline {
    /// A deadline `limit` from now.
    pub(super) fn after(limit: Duration) -> Self {
        let state = Mutex::new(Clock::Running(Instant::now() + limit));
        Self(Arc::new(Shared { state, resumed: Notify::new() }))
    }

    /// True when the call must end.
    pub(super) fn has_passed(&self) -> bool {
        matches!(self.clock(), Clock::Running(at) if at <= Instant::now())
    }

    /// Stops the clock.
    pub(super) fn pause(&self) -> Pause {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Clock::Running(at) = *state {
            *state = Clock::Paused(at.saturating_duration_since(Instant::now()));
        }
        drop(state);
        Pause(self.clone())
    }

    /// Waits until the deadline has passed for `grace`.
    pub(super) async fn passed(&self, grace: Duration) {
        loop {
            let resumed = self.0.resumed.notified();
            match self.clock() {
                Clock::Paused(_) => resumed.await,
                Clock::Running(at) if at + grace <= Instant::now() => return,
                Clock::Running(at) => tokio::time::sleep_until((at + grace).into()).await,
            }
        }
    }

    fn clock(&self) -> Clock {
        *self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Clock::Paused(left) = *state {
            *state = Clock::Running(Instant::now() + left);
        }
        drop(state);
        shared.resumed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_pause_does_not_count() {
        let deadline = Deadline::after(SHORT);
        let pause = deadline.pause();
        let waiting = tokio::spawn({
            let deadline = deadline.clone();
            async move { deadline.passed(Duration::ZERO).await }
        });
        tokio::time::sleep(5 * SHORT).await;
        assert!(!deadline.has_passed() && !waiting.is_finished());
        drop(pause);
        waiting.await.unwrap();
        assert!(deadline.has_passed());
    }
}
