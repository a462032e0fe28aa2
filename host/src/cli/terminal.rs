//! Draws events for people on standard error: one line a step, and a progress bar on a terminal.

use std::io::{self, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use phalanx::report::{Event, Reporter};
use phalanx::text::safe_line;

use super::style::Style;

/// How much to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Draws events.
pub(super) struct Terminal {
    style: Style,
    verbosity: Verbosity,
    bar: Option<ProgressBar>,
    /// The step under way, for the bar.
    step: Mutex<String>,
}

impl Terminal {
    pub(super) fn new(style: Style, verbosity: Verbosity, is_terminal: bool) -> Self {
        let bar = (is_terminal && verbosity > Verbosity::Quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(
                // Cut at the terminal's width: a line that wraps could not be cleared.
                ProgressStyle::with_template("{spinner} {wide_msg}").expect("a valid template"),
            );
            bar
        });
        Self { style, verbosity, bar, step: Mutex::default() }
    }

    /// Takes down the progress bar.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        let write = || {
            // A closed standard error is no reason to stop the run.
            let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn show(&self, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message);
            bar.enable_steady_tick(Duration::from_millis(120));
        }
    }

    fn event_line(&self, event: &Event) -> Option<String> {
        let style = self.style;
        let normal = self.verbosity >= Verbosity::Normal;
        let verbose = self.verbosity >= Verbosity::Verbose;
        match event {
            Event::StepFinished { step, elapsed_ms, summary } if normal => {
                let step = style.strong(format!("{step:>10}"));
                Some(format!("{step}  {summary} {}", style.faint(time(*elapsed_ms))))
            }
            Event::HookFinished { plugin, hook, elapsed_us, edits } if verbose => {
                let time = style.faint(format!("({:.1} ms)", *elapsed_us as f64 / 1000.0));
                Some(format!("      hook  {plugin} {hook}: {edits} edits {time}"))
            }
            Event::PluginLog { plugin, level, message } => {
                let shown = match level.as_str() {
                    "error" | "warn" => true,
                    "info" | "stdout" | "stderr" => normal,
                    _ => verbose,
                };
                let level = match level.as_str() {
                    "error" => style.error(level.as_str()).to_string() + ": ",
                    "warn" => style.warning("warning").to_string() + ": ",
                    _ => String::new(),
                };
                shown.then(|| {
                    format!(
                        "{} {level}{}",
                        style.faint(format!("{plugin:>10} |")),
                        safe_line(message)
                    )
                })
            }
            Event::Output { source, line } if normal => {
                Some(format!("{} {}", style.faint(format!("{source:>10} |")), safe_line(line)))
            }
            Event::Detail { source, line } if verbose => {
                Some(style.faint(format!("{source:>10} | {}", safe_line(line))).to_string())
            }
            Event::Resource { logical_id, resource_type, status, reason }
                if verbose || (normal && !status.ends_with("_IN_PROGRESS")) =>
            {
                let status = if status.contains("FAILED") {
                    style.error(status).to_string()
                } else {
                    style.faint(status).to_string()
                };
                let reason = reason.as_ref().map(|reason| format!(": {}", safe_line(reason)));
                let reason = reason.unwrap_or_default();
                Some(format!("{:>10}  {logical_id} {resource_type} {status}{reason}", ""))
            }
            Event::Note { message } if normal => {
                Some(format!("{:>10}  {}", "note", safe_line(message)))
            }
            Event::Warning { message, hint } => {
                let mut text = format!("{} {}", style.warning("warning:"), safe_line(message));
                if let Some(hint) = hint {
                    text.push_str(&format!("\n  {} {}", style.good("hint:"), safe_line(hint)));
                }
                Some(text)
            }
            _ => None,
        }
    }
}

impl Reporter for Terminal {
    fn event(&self, event: Event) {
        if let Some(line) = self.event_line(&event) {
            self.line(&line);
        }
        let step = || self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::StepStarted { step: name } => {
                self.show(name.clone());
                *step() = name;
            }
            Event::HookStarted { plugin, hook } => self.show(format!("{hook}: {plugin}")),
            Event::HookFinished { .. } => self.show(step().clone()),
            Event::Progress { task, done, total, unit } => self.show(match total {
                0 => format!("{task}: {done} {unit}"),
                total => format!("{task}: {done} of {total} {unit}"),
            }),
            _ => {}
        }
    }
}

fn time(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("({milliseconds} ms)"),
        _ => format!("({:.1} s)", milliseconds as f64 / 1000.0),
    }
}
