//! Events as NDJSON on standard error, for `--events`.

use std::io::{self, Write as _};

use phalanx::report::{Event, Reporter};

/// Writes one JSON object a line.
pub(super) struct JsonReporter;

impl Reporter for JsonReporter {
    fn event(&self, event: Event) {
        let mut line = serde_json::to_string(&event).expect("events serialise");
        line.push('\n');
        // One write a line keeps lines of several threads apart. A closed standard error is no reason
        // to stop the run.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}
