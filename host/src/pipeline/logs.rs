//! `logs`: what the functions and containers of the stack have logged, together, in the order of time.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::cloud::{Cloud, LogLine, LogQuery};
use crate::hint::BoxError;

use super::functions::{self, Deployed};
use super::load::load;
use super::run::{Environment, Request, deployed, open_cloud};

/// Between two looks while something is logged, and the longest pause, reached while nothing is.
const PAUSE: Duration = Duration::from_secs(1);
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// CloudWatch answers a handful of these calls in a second, for all of an account's users together.
const EACH: Duration = Duration::from_millis(200);
const PARALLEL: usize = 4;

/// Lines come into a log late and out of order. So much before the newest line is looked at again, and
/// what was shown already is left out.
const OVERLAP: Duration = Duration::from_secs(60);

/// Which lines are wanted.
#[derive(Debug, Clone)]
pub struct LogRequest {
    /// Names of functions, and logical ids of other log groups; none means all.
    pub sources: Vec<String>,
    /// No older lines than this.
    pub since: SystemTime,
    /// CloudWatch's pattern that lines must match.
    pub filter: Option<String>,
    /// Go on until interrupted.
    pub follow: bool,
}

/// What a function or a container logged at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// When, in RFC 3339.
    pub time: String,
    /// The function's name in the manifest, or the logical id of the log group.
    pub source: String,
    /// One or more lines: foreign text.
    pub message: String,
}

/// How showing logs ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEnd {
    /// Everything was shown, or as much as was wanted.
    Complete,
    /// The user interrupted.
    Interrupted,
}

/// Hands the lines to `show` until there are no more, it breaks off, or the user interrupts.
///
/// # Errors
/// When there is no such stack or function, or the cloud does not give its logs.
pub async fn logs(
    environment: &Environment,
    request: &Request,
    wanted: &LogRequest,
    mut show: impl FnMut(&LogEntry) -> ControlFlow<()>,
) -> Result<LogEnd, BoxError> {
    let mut interrupt = environment.interrupt.clone();
    let work = async {
        let service = load(request)?;
        let cloud = open_cloud(environment, request, &service).await?;
        let stack = deployed(&*cloud, &service).await?;
        let that_log = functions::that_log(&service, &stack);
        let functions = match wanted.sources.as_slice() {
            [] => that_log,
            names => names
                .iter()
                .map(|name| functions::pick(that_log.clone(), &service, &stack, name))
                .collect::<Result<_, _>>()?,
        };
        let mut tails: Vec<Tail> =
            functions.into_iter().map(|function| Tail::new(function, wanted)).collect();
        let calls = u32::try_from(tails.len()).unwrap_or(u32::MAX);
        let mut pause = PAUSE;
        loop {
            let news = look(&*cloud, &mut tails).await?;
            for entry in &news {
                if show(entry).is_break() {
                    return Ok(LogEnd::Complete);
                }
            }
            if !wanted.follow {
                return Ok(LogEnd::Complete);
            }
            pause = if news.is_empty() { pause.mul_f32(1.5).min(LONG_PAUSE) } else { PAUSE };
            tokio::time::sleep(pause.max(EACH.saturating_mul(calls))).await;
        }
    };
    tokio::select! {
        biased;
        () = interrupt.raised() => Ok(LogEnd::Interrupted),
        end = work => end,
    }
}

/// What is new in all logs, in the order of time.
async fn look(cloud: &dyn Cloud, tails: &mut [Tail]) -> Result<Vec<LogEntry>, BoxError> {
    let looks = tails.iter().map(|tail| cloud.logs(&tail.query));
    let all: Vec<_> = stream::iter(looks).buffered(PARALLEL).try_collect().await?;
    let mut news = Vec::new();
    for (tail, lines) in tails.iter_mut().zip(all) {
        news.extend(tail.news(lines).into_iter().map(|line| (line.time, tail.entry(&line))));
    }
    news.sort_by_key(|(time, _)| *time);
    Ok(news.into_iter().map(|(_, entry)| entry).collect())
}

/// The log of one function, and how much of it was shown.
struct Tail {
    name: String,
    query: LogQuery,
    /// Lines that were shown and that the next look may give again, by id.
    shown: HashMap<String, SystemTime>,
}

impl Tail {
    fn new(function: Deployed, wanted: &LogRequest) -> Self {
        Self {
            name: function.name,
            query: LogQuery {
                function: function.physical_id,
                log_group: function.log_group,
                since: wanted.since,
                filter: wanted.filter.clone(),
            },
            shown: HashMap::new(),
        }
    }

    /// The lines that were not shown yet; the next look begins shortly before the newest of them.
    fn news(&mut self, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        let newest = lines.iter().map(|line| line.time).max();
        lines.retain(|line| self.shown.insert(line.id.clone(), line.time).is_none());
        if let Some(newest) = newest {
            let since = self.query.since.max(newest - OVERLAP);
            self.query.since = since;
            self.shown.retain(|_, time| *time >= since);
        }
        lines
    }

    fn entry(&self, line: &LogLine) -> LogEntry {
        LogEntry {
            time: humantime::format_rfc3339_millis(line.time).to_string(),
            source: self.name.clone(),
            message: line.message.trim_end().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn line(id: &str, seconds: u64) -> LogLine {
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        LogLine { id: id.into(), time, message: format!("{id}\n") }
    }

    fn ids(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.id.as_str()).collect()
    }

    #[test]
    fn late_lines_are_shown_and_none_twice() {
        let function = Deployed {
            name: "hello".into(),
            logical_id: "Hello".into(),
            physical_id: "orders-dev-hello".into(),
            log_group: None,
        };
        let since = UNIX_EPOCH + Duration::from_secs(1000);
        let wanted = LogRequest { sources: Vec::new(), since, filter: None, follow: true };
        let mut tail = Tail::new(function, &wanted);
        assert_eq!(tail.news(Vec::new()), []);
        assert_eq!(tail.query.since, since, "nothing was seen, so nothing is skipped");
        assert_eq!(ids(&tail.news(vec![line("a", 1010), line("b", 1020)])), ["a", "b"]);
        assert_eq!(tail.query.since, since, "never older than what was asked for");
        assert_eq!(
            ids(&tail.news(vec![line("a", 1010), line("late", 1015), line("b", 1020)])),
            ["late"]
        );
        assert_eq!(ids(&tail.news(vec![line("b", 1020), line("c", 1100)])), ["c"]);
        assert_eq!(tail.query.since, UNIX_EPOCH + Duration::from_secs(1040));
        assert_eq!(tail.shown.len(), 1, "what cannot come again is forgotten");
        assert_eq!(tail.news(vec![line("c", 1100)]), []);
        assert_eq!(tail.entry(&line("c", 1100)).message, "c");
    }
}
