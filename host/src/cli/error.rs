//! How errors leave the binary: `error:` with its causes, details and hints, and the exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use phalanx::hint::{BoxError, Kind, causes};
use phalanx::text::safe_text;
use serde_json::json;

use super::session::Session;

/// Renders an error and gives its exit code.
pub(super) fn render(session: &Session, error: &BoxError) -> ExitCode {
    let causes: Vec<String> = causes(&**error).map(ToString::to_string).collect();
    let text = if session.global.events {
        let line = json!({
            "event": "error",
            "code": error.code(),
            "message": error.to_string(),
            "causes": causes,
            "details": error.details(),
            "hints": error.hints(),
        });
        format!("{line}\n")
    } else {
        let style = session.style;
        let mut text = format!("{} {}\n", style.error("error:"), safe_text(&error.to_string()));
        for cause in causes {
            text.push_str(&format!("  {} {}\n", style.strong("caused by:"), safe_text(&cause)));
        }
        if let Some(details) = error.details() {
            text.push_str(&format!("{}\n", safe_text(&details)));
        }
        let hints = error.hints();
        if !hints.is_empty() {
            text.push('\n');
        }
        for hint in hints {
            text.push_str(&format!("{} {}\n", style.good("hint:"), safe_text(&hint)));
        }
        text
    };
    // Nothing is left to tell a closed standard error.
    let _ = io::stderr().lock().write_all(text.as_bytes());
    ExitCode::from(match error.kind() {
        Kind::Failed => 1,
        Kind::BadInput => 2,
        Kind::Refused => 3,
        Kind::Interrupted => 130,
    })
}

/// Renders what clap has to say: help and version are results, everything else is bad input.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to tell a closed terminal.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
