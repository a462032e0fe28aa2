//! The widgets: a metric each, a line for each function or queue, two in a row.

use phalanx_plugin::{Value, json};

use crate::Dashboard;

/// Columns of CloudWatch's grid, of which a widget takes half.
const WIDTH: usize = 12;
const HEIGHT: usize = 6;
/// CloudWatch shows at most this many lines in a widget.
const MAX_LINES: usize = 500;

/// Metric and statistic of a widget's line.
type Line = (&'static str, &'static str);

/// One widget's metric.
struct Metric<'a> {
    title: &'a str,
    namespace: &'a str,
    lines: &'a [Line],
    /// Name of the dimension, and the text for `Fn::Sub` that has its value.
    dimension: &'a str,
    suffix: &'a str,
}

/// All widgets that the config wants and for which there is something to show.
pub(crate) fn all(config: &Dashboard, functions: &[String], queues: &[String]) -> Vec<Value> {
    let on = &config.widgets;
    let lambda: [(bool, &str, &[Line]); 5] = [
        (on.invocations, "Invocations", &[("Invocations", "Sum")]),
        (on.errors, "Errors", &[("Errors", "Sum")]),
        (on.duration, "Duration (p50, p95)", &[("Duration", "p50"), ("Duration", "p95")]),
        (on.throttles, "Throttles", &[("Throttles", "Sum")]),
        (on.concurrency, "Concurrent executions", &[("ConcurrentExecutions", "Maximum")]),
    ];
    let sqs: [(&str, &[Line]); 3] = [
        ("Messages visible", &[("ApproximateNumberOfMessagesVisible", "Maximum")]),
        ("Age of oldest message", &[("ApproximateAgeOfOldestMessage", "Maximum")]),
        (
            "Messages sent, received",
            &[("NumberOfMessagesSent", "Sum"), ("NumberOfMessagesReceived", "Sum")],
        ),
    ];
    let mut widgets = Vec::new();
    for (_, title, lines) in lambda.into_iter().filter(|(on, ..)| *on) {
        let (dimension, suffix) = ("FunctionName", "");
        let metric = Metric { title, namespace: "AWS/Lambda", lines, dimension, suffix };
        widgets.extend(metric.widget(config.period, functions, widgets.len()));
    }
    for (title, lines) in sqs.into_iter().filter(|_| on.queues) {
        let (dimension, suffix) = ("QueueName", ".QueueName");
        let metric = Metric { title, namespace: "AWS/SQS", lines, dimension, suffix };
        widgets.extend(metric.widget(config.period, queues, widgets.len()));
    }
    widgets
}

impl Metric<'_> {
    fn widget(&self, period: u32, ids: &[String], index: usize) -> Option<Value> {
        if ids.is_empty() {
            return None;
        }
        let line = |id: &String, (name, statistic): &Line| {
            json!([
                self.namespace,
                name,
                self.dimension,
                format!("${{{id}{}}}", self.suffix),
                { "stat": statistic, "label": self.label(id, name, statistic) },
            ])
        };
        let lines = ids.iter().flat_map(|id| self.lines.iter().map(move |l| line(id, l)));
        Some(json!({
            "type": "metric",
            "x": index % 2 * WIDTH,
            "y": index / 2 * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": {
                "title": self.title,
                "region": "${AWS::Region}",
                "view": "timeSeries",
                "period": period,
                "metrics": lines.take(MAX_LINES).collect::<Vec<_>>(),
            },
        }))
    }

    /// The logical id, and what tells two lines of the same thing apart.
    fn label(&self, id: &str, name: &str, statistic: &str) -> String {
        match self.lines {
            [_] => id.to_owned(),
            [(first, _), (second, _), ..] if first == second => format!("{id} {statistic}"),
            _ => format!("{id} {}", name.trim_start_matches("NumberOfMessages")),
        }
    }
}
