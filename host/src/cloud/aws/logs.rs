//! What functions have logged to CloudWatch.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Aws;
use super::error::refused;
use crate::cloud::{LogLine, LogQuery};
use crate::hint::BoxError;

impl Aws {
    pub(super) async fn read_log(&self, query: &LogQuery) -> Result<Vec<LogLine>, BoxError> {
        let group = match &query.log_group {
            Some(group) => group.clone(),
            None => self.log_group_of(&query.function).await?,
        };
        let mut pages = self
            .logs
            .filter_log_events()
            .log_group_name(group)
            .start_time(milliseconds(query.since))
            .set_filter_pattern(query.filter.clone())
            .into_paginator()
            .send();
        let mut lines = Vec::new();
        // How often the same text was logged in the same millisecond.
        let mut repeated: HashMap<String, usize> = HashMap::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| refused("logs:FilterLogEvents", &error)) {
                Ok(page) => page,
                // A function that has never run has no log yet.
                Err(error) if error.refusal() == "ResourceNotFoundException" => break,
                Err(error) => return Err(error.into()),
            };
            for event in page.events.unwrap_or_default() {
                let milliseconds = event.timestamp.unwrap_or_default();
                let message = event.message.unwrap_or_default();
                let id = event.event_id.unwrap_or_else(|| {
                    // A server that is not AWS may have no ids.
                    let stream = event.log_stream_name.unwrap_or_default();
                    let same = format!("{stream} {milliseconds} {message}");
                    let count = repeated.entry(same.clone()).or_default();
                    *count += 1;
                    format!("{same} {count}")
                });
                let time = UNIX_EPOCH
                    + Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
                lines.push(LogLine { id, time, message });
            }
        }
        // Several streams of a group may come one after the other; lines of one stay in order.
        lines.sort_by_key(|line| line.time);
        Ok(lines)
    }

    /// Where a function logs to, asked of Lambda itself.
    async fn log_group_of(&self, function: &str) -> Result<String, BoxError> {
        let configuration = self.configuration(function).await?;
        let named = configuration.logging_config.and_then(|logging| logging.log_group);
        Ok(named.unwrap_or_else(|| format!("/aws/lambda/{function}")))
    }
}

/// As CloudWatch counts time: since 1970.
fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
