//! What moves on a terminal: the step under way, and below it a tree of the resources on which the
//! cloud works, each with the time it has taken. What is done scrolls away above as lines.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Rows for resources at most: more do not fit a small window. The step's row counts all of them.
const ROWS: usize = 12;
const TICK: Duration = Duration::from_millis(120);

/// The moving part of a terminal.
pub(super) struct Live {
    rows: MultiProgress,
    step: ProgressBar,
    resources: Mutex<IndexMap<String, ProgressBar>>,
}

impl Live {
    pub(super) fn new() -> Self {
        let rows = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let step = rows.add(ProgressBar::no_length());
        step.set_style(style("{spinner} {wide_msg}"));
        Self { rows, step, resources: Mutex::default() }
    }

    /// Does something that prints while nothing is in its way.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.rows.suspend(write);
    }

    /// Says what is going on.
    pub(super) fn step(&self, message: String) {
        self.step.set_message(message);
        self.step.enable_steady_tick(TICK);
    }

    /// A resource changed its status: it has a row as long as the cloud works on it.
    pub(super) fn resource(&self, logical_id: &str, resource_type: &str, status: &str) {
        let mut resources = self.resources();
        if !status.ends_with("_IN_PROGRESS") {
            if let Some(row) = resources.shift_remove(logical_id) {
                row.finish_and_clear();
            }
            return;
        }
        if !resources.contains_key(logical_id) {
            if resources.len() == ROWS {
                return;
            }
            let row = self.rows.add(ProgressBar::no_length());
            row.set_style(style("  {prefix}{wide_msg} {elapsed}"));
            // Below the nested stack that it is in.
            row.set_prefix("  ".repeat(logical_id.matches('/').count()));
            row.enable_steady_tick(TICK);
            resources.insert(logical_id.to_owned(), row);
        }
        resources[logical_id].set_message(format!("{logical_id}  {resource_type}  {status}"));
    }

    /// Takes everything down.
    pub(super) fn finish(&self) {
        for (_, row) in self.resources().drain(..) {
            row.finish_and_clear();
        }
        self.step.finish_and_clear();
    }

    fn resources(&self) -> MutexGuard<'_, IndexMap<String, ProgressBar>> {
        self.resources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages are cut at the terminal's width: a line that wraps could not be cleared.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a valid template")
}
