//! How long to wait before something is tried again.

use std::time::Duration;

/// The pause between errors in a row: it doubles, and a random part of it is left out, so that many
/// workers do not come back at the same moment.
#[derive(Default)]
pub(crate) struct Backoff {
    errors: u32,
}

impl Backoff {
    /// The pause after one more error: from half of 0.2 s · 2ⁿ up to all of it, 30 s at most.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = doubled(Duration::from_millis(200), self.errors, Duration::from_secs(30));
        self.errors += 1;
        whole.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// Something went well.
    pub(crate) fn reset(&mut self) {
        self.errors = 0;
    }
}

/// After how long a message that failed comes again: 1 s the first time, then twice as long each time, up
/// to a quarter of an hour. The queue's redrive policy says how often.
pub(crate) fn until_again(times_received: u32) -> Duration {
    doubled(Duration::from_secs(1), times_received.saturating_sub(1), Duration::from_secs(900))
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_begin_anew() {
        let mut backoff = Backoff::default();
        for whole in [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000] {
            let pause = backoff.next().as_millis();
            assert!((whole / 2..=whole).contains(&pause), "{pause} ms of {whole}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(200));
    }

    #[test]
    fn pauses_are_not_all_the_same() {
        let first = || Backoff::default().next();
        let once = first();
        assert!((0..100).any(|_| first() != once));
    }

    #[test]
    fn a_message_comes_again_later_each_time() {
        let seconds = [1, 2, 3, 10, 11, 40, u32::MAX].map(|times| until_again(times).as_secs());
        assert_eq!(seconds, [1, 2, 4, 512, 900, 900, 900]);
    }
}
