//! What a plugin prints during one call: log lines, stdout and stderr, under its name.
//!
//! Lines are made safe for terminals and shortened, and all of them together are limited; what comes
//! after the limit is dropped with one warning, since a talkative plugin is no reason to fail a run.

use std::sync::{Arc, Mutex, PoisonError};

use crate::report::{Event, Reporter};
use crate::text::{safe_line, shorten, size};

/// Characters of one line that are shown.
const LINE: usize = 2_000;
/// Bytes of one line of stdout or stderr that are kept while its end has not come.
const PARTIAL: usize = 16 << 10;
/// Bytes that a line counts at least, so that empty lines have an end too.
const LINE_COST: u64 = 16;

/// The log of one call.
pub(super) struct Log {
    plugin: String,
    reporter: Arc<dyn Reporter>,
    limit: u64,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    bytes: u64,
    full: bool,
}

impl Log {
    /// An empty log of `limit` bytes.
    pub(super) fn new(plugin: &str, reporter: Arc<dyn Reporter>, limit: u64) -> Self {
        Self { plugin: plugin.to_owned(), reporter, limit, used: Mutex::default() }
    }

    /// Logs `message`, each of its lines by itself.
    pub(super) fn message(&self, level: &str, message: &str) {
        let mut lines = message.lines();
        self.line(level, lines.next().unwrap_or_default());
        for line in lines {
            if !self.line(level, line) {
                return;
            }
        }
    }

    /// A remark of the host about what the plugin did.
    pub(super) fn remark(&self, message: &str) {
        self.line("warn", message);
    }

    /// What the host did for the plugin: said however much the plugin itself has logged.
    pub(super) fn note(&self, message: &str) {
        self.report("info", safe_line(&shorten(message, LINE)).into_owned());
    }

    /// False when the log is full.
    fn line(&self, level: &str, line: &str) -> bool {
        if !self.has_room(line) {
            return false;
        }
        self.report(level, safe_line(&shorten(line, LINE)).into_owned());
        true
    }

    /// Counts `line`. The first one that does not fit leaves a warning in its place.
    fn has_room(&self, line: &str) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.full {
            return false;
        }
        used.bytes = used.bytes.saturating_add((line.len() as u64).max(LINE_COST));
        used.full = used.bytes > self.limit;
        let full = used.full;
        drop(used);
        if full {
            let (limit, plugin) = (size(self.limit), &self.plugin);
            self.report("warn", format!("log limit reached: what follows in this call is dropped ({limit}, `log` in `[plugins.{plugin}.limits]`)"));
        }
        !full
    }

    fn report(&self, level: &str, message: String) {
        let (plugin, level) = (self.plugin.clone(), level.to_owned());
        self.reporter.event(Event::PluginLog { plugin, level, message });
    }
}

/// Cuts a stream of bytes into lines of a log. Shared by all handles of one stream.
#[derive(Clone)]
pub(super) struct Lines(Arc<Buffer>);

struct Buffer {
    log: Arc<Log>,
    level: &'static str,
    partial: Mutex<Vec<u8>>,
}

impl Lines {
    /// A stream whose lines are logged as `level`.
    pub(super) fn new(log: Arc<Log>, level: &'static str) -> Self {
        Self(Arc::new(Buffer { log, level, partial: Mutex::default() }))
    }

    /// Takes bytes; whole lines are logged.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut partial = self.0.partial.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(line) = piece.strip_suffix(b"\n") {
                partial.extend_from_slice(line);
                self.0.line(&mut partial);
            } else {
                partial.extend_from_slice(piece);
            }
            if partial.len() > PARTIAL {
                self.0.line(&mut partial);
            }
        }
    }

    /// Logs what came after the last line break.
    pub(super) fn finish(&self) {
        let mut partial = self.0.partial.lock().unwrap_or_else(PoisonError::into_inner);
        if !partial.is_empty() {
            self.0.line(&mut partial);
        }
    }
}

impl Buffer {
    fn line(&self, partial: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(partial);
        self.log.line(self.level, text.strip_suffix('\r').unwrap_or(&text));
        partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Recorder;

    fn lines(recorder: &Recorder) -> Vec<String> {
        let text = |event| match event {
            Event::PluginLog { level, message, .. } => format!("{level}: {message}"),
            other => format!("{other:?}"),
        };
        recorder.events().into_iter().map(text).collect()
    }

    #[test]
    fn lines_are_cut_made_safe_and_shortened() {
        let recorder = Arc::new(Recorder::default());
        let log = Arc::new(Log::new("acme", recorder.clone(), 1 << 20));
        log.message("info", "one\ntwo \u{1b}[31m");
        log.message("info", "");
        let stdout = Lines::new(log.clone(), "stdout");
        stdout.write(b"a");
        stdout.clone().write(b"b\r\nc");
        stdout.finish();
        log.message("debug", &"x".repeat(3_000));
        let lines = lines(&recorder);
        assert_eq!(
            lines[..5],
            ["info: one", "info: two \\u{1b}[31m", "info: ", "stdout: ab", "stdout: c"]
        );
        assert_eq!(lines[5].chars().count(), "debug: ".len() + LINE + 1);
    }

    #[test]
    fn a_flood_ends_with_one_warning() {
        let recorder = Arc::new(Recorder::default());
        let log = Log::new("acme", recorder.clone(), 100);
        for _ in 0..1_000 {
            log.message("info", "\n\n");
        }
        let lines = lines(&recorder);
        assert_eq!(lines.len(), 7);
        assert_eq!(
            lines[6],
            "warn: log limit reached: what follows in this call is dropped (100 B, `log` in `[plugins.acme.limits]`)"
        );
    }
}
