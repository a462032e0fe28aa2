//! `phalanx logs`.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use phalanx::cloud::is_platform_line;
use phalanx::hint::BoxError;
use phalanx::pipeline::{self, LogEnd, LogEntry, LogRequest};
use phalanx::text::safe_line;
use toml::value::{Datetime, Offset};

use super::Format;
use super::output::Answer;
use super::session::Session;
use super::style::Style;

/// Show what the deployed functions and containers have logged
#[derive(Debug, Args)]
pub(super) struct Logs {
    /// Functions by their names in the manifest, and other log groups of the stack by their logical ids;
    /// all of them when none is given
    #[arg(value_name = "NAME")]
    sources: Vec<String>,
    /// No older lines than this: `90s`, `10m`, `2h`, `3d`, or a time in RFC 3339
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = since)]
    since: Since,
    /// Go on showing new lines until interrupted
    #[arg(long)]
    follow: bool,
    /// Only lines that match a pattern of CloudWatch, such as `ERROR` or `{ $.level = "error" }`
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// Look in the embedded local cloud
    #[arg(long)]
    local: bool,
}

impl Logs {
    /// Lines are printed as they come; with `--output json`, one object a line.
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let wanted = LogRequest {
            sources: self.sources,
            since: match self.since {
                Since::Span(span) => session.settings.now.checked_sub(span).unwrap_or(UNIX_EPOCH),
                Since::Point(time) => time,
            },
            filter: self.filter,
            follow: self.follow,
        };
        let style = Style::for_stdout(session);
        let show = |entry: &LogEntry| {
            let text = match session.global.output {
                Format::Text => lines(entry, style),
                Format::Json => serde_json::to_string(entry).expect("an entry serialises") + "\n",
            };
            let mut stdout = io::stdout().lock();
            // A reader that has gone has seen enough.
            match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let end = pipeline::logs(&session.environment(), &request, &wanted, show).await?;
        Ok(Answer::printed(if end == LogEnd::Interrupted { 130 } else { 0 }))
    }
}

/// Each line of what was logged, with time and source in front.
fn lines(entry: &LogEntry, style: Style) -> String {
    let LogEntry { time, source, message } = entry;
    let front = style.faint(format!("{time} {source} |")).to_string();
    let lines = message.lines().map(|line| {
        let line = safe_line(line);
        let line = match is_platform_line(&line) {
            true => style.faint(line).to_string(),
            false => line.into_owned(),
        };
        format!("{front} {line}\n")
    });
    lines.collect()
}

/// The beginning of what is wanted.
#[derive(Debug, Clone, Copy)]
enum Since {
    Span(Duration),
    Point(SystemTime),
}

fn since(text: &str) -> Result<Since, String> {
    match humantime::parse_duration(text) {
        Ok(span) => Ok(Since::Span(span)),
        Err(_) => moment(text)
            .map(Since::Point)
            .ok_or_else(|| "write `10m`, `2h`, or a time such as `2026-11-25T10:00:00Z`".into()),
    }
}

/// A point in time in RFC 3339, in any zone.
fn moment(text: &str) -> Option<SystemTime> {
    let written: Datetime = text.parse().ok()?;
    let in_utc = Datetime { offset: Some(Offset::Z), ..written };
    let moment = humantime::parse_rfc3339(&in_utc.to_string()).ok()?;
    match written.offset? {
        Offset::Z => Some(moment),
        Offset::Custom { minutes } => {
            let distance = Duration::from_secs(60 * u64::from(minutes.unsigned_abs()));
            match minutes {
                0.. => moment.checked_sub(distance),
                _ => moment.checked_add(distance),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_zone() {
        let utc = moment("2023-11-14T22:13:20.5Z").unwrap();
        assert_eq!(humantime::format_rfc3339_millis(utc).to_string(), "2023-11-14T22:13:20.500Z");
        for same in ["2023-11-15T00:13:20.5+02:00", "2023-11-14T12:43:20.5-09:30"] {
            assert_eq!(moment(same), Some(utc), "{same}");
        }
        for wrong in ["2023-11-14", "2023-11-14T22:13:20", "22:13", "2023-02-30T00:00:00Z", "now"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }
}
