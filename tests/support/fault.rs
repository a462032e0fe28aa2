//! What can befall a call on its way: the faults that every command must survive.

use std::time::Duration;

use super::scripted::{Answer, Reply};

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Too many calls, says the service.
    Throttled,
    /// The service fails.
    Failed,
    /// The service is not there for a moment.
    Unavailable,
    /// The connection is cut before anything is done.
    CutBefore,
    /// It is done, and nobody hears of it.
    ReplyLost,
    /// The reply takes its time.
    Slow,
    /// The identity may not do this. No retry helps.
    Denied,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Throttled,
        Self::Failed,
        Self::Unavailable,
        Self::CutBefore,
        Self::ReplyLost,
        Self::Slow,
        Self::Denied,
    ];

    /// As it is played.
    pub fn answer(self) -> Answer {
        match self {
            Self::Throttled => Answer::Reply(Reply::Throttled),
            Self::Failed => Answer::Reply(Reply::Ill(500)),
            Self::Unavailable => Answer::Reply(Reply::Ill(503)),
            Self::CutBefore => Answer::Cut,
            Self::ReplyLost => Answer::Lose,
            Self::Slow => Answer::Slow(Duration::from_millis(700)),
            Self::Denied => Answer::error(403, "AccessDenied", "it is not allowed"),
        }
    }
}
