//! Draws events for people on standard error: one line a step and a resource, and on a terminal what is
//! under way.

use std::io::{self, Write as _};
use std::sync::Mutex;

use phalanx::report::{Event, Reporter};
use phalanx::text::{safe_line, size};

use super::live::Live;
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
    live: Option<Live>,
    /// The step under way.
    step: Mutex<String>,
}

impl Terminal {
    pub(super) fn new(style: Style, verbosity: Verbosity, is_terminal: bool) -> Self {
        let live = (is_terminal && verbosity > Verbosity::Quiet).then(Live::new);
        Self { style, verbosity, live, step: Mutex::default() }
    }

    /// Takes down what moves.
    pub(super) fn finish(&self) {
        if let Some(live) = &self.live {
            live.finish();
        }
    }

    fn line(&self, text: &str) {
        let write = || {
            // A closed standard error is no reason to stop the run.
            let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
        };
        match &self.live {
            Some(live) => live.aside(write),
            None => write(),
        }
    }

    fn show(&self, message: String) {
        if let Some(live) = &self.live {
            live.step(message);
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
            // A small one is there before anybody has read that.
            Event::CompileFinished { plugin, size: bytes, elapsed_ms }
                if verbose || (normal && *bytes >= 1 << 20) =>
            {
                let time = style.faint(time(*elapsed_ms));
                let bytes = size(*bytes);
                Some(format!("{:>10}  {plugin}, {bytes}, once on this machine {time}", "compile"))
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
            Event::CompileStarted { plugin, size: bytes } => {
                self.show(format!("compile {plugin} ({})", size(bytes)));
            }
            Event::HookFinished { .. } | Event::CompileFinished { .. } => {
                self.show(step().clone());
            }
            Event::Progress { task, done, total, unit } => {
                self.show(progress(&task, done, total, unit));
            }
            Event::Resource { logical_id, resource_type, status, .. } => {
                if let Some(live) = &self.live {
                    live.resource(&logical_id, &resource_type, &status);
                }
            }
            _ => {}
        }
    }
}

fn progress(task: &str, done: u64, total: u64, unit: &str) -> String {
    let amount = |amount: u64| if unit == "bytes" { size(amount) } else { amount.to_string() };
    let unit = if unit == "bytes" { String::new() } else { format!(" {unit}") };
    match total {
        0 => format!("{task}: {}{unit}", amount(done)),
        total => format!("{task}: {} of {}{unit}", amount(done), amount(total)),
    }
}

fn time(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("({milliseconds} ms)"),
        _ => format!("({:.1} s)", milliseconds as f64 / 1000.0),
    }
}
