//! What a function prints: reported line by line as it comes, and the end of it kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::report::{Event, Reporter};
use crate::text::safe_line;

/// Lines kept; Lambda's `LogType=Tail` keeps 4 KB, which is often too little to see a cause.
const KEPT_LINES: usize = 200;
/// A longer line is cut into several: a function that prints without end must not fill the memory.
const LONGEST_LINE: usize = 16 * 1024;

/// The log of one call; clones share it.
#[derive(Clone)]
pub(super) struct Log {
    source: Arc<str>,
    reporter: Arc<dyn Reporter>,
    kept: Arc<Mutex<VecDeque<String>>>,
}

impl Log {
    pub(super) fn new(function: &str, reporter: Arc<dyn Reporter>) -> Self {
        Self { source: format!("function {function}").into(), reporter, kept: Arc::default() }
    }

    /// The last `count` lines.
    pub(super) fn last(&self, count: usize) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().skip(kept.len().saturating_sub(count)).cloned().collect()
    }

    /// Every line that is kept.
    pub(super) fn all(&self) -> Vec<String> {
        self.last(KEPT_LINES)
    }

    /// Reads `stream` to its end.
    pub(super) async fn follow(self, mut stream: impl AsyncRead + Unpin) {
        let mut pending = Vec::new();
        let mut block = vec![0; 8 * 1024];
        // A read error means the same as the end: the process is gone.
        while let Ok(read @ 1..) = stream.read(&mut block).await {
            pending.extend_from_slice(&block[..read]);
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                self.line(&pending[..end]);
                pending.drain(..=end);
            }
            if pending.len() > LONGEST_LINE {
                self.line(&pending);
                pending.clear();
            }
        }
        if !pending.is_empty() {
            self.line(&pending);
        }
    }

    fn line(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let line = safe_line(text.trim_end_matches('\r')).into_owned();
        self.reporter.event(Event::Output { source: self.source.to_string(), line: line.clone() });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}
