//! Keys of the entries of `functions.*.events`.

use crate::manifest::arns;
use crate::manifest::events;
use crate::manifest::shape::{Key, Shape, TableShape};

pub(in crate::manifest) static EVENT: TableShape = TableShape {
    keys: &[
        Key::new(
            "http",
            Shape::Text(&events::ROUTE),
            "a route of the service's HTTP API, such as `GET /orders/{id}`",
        ),
        Key::new(
            "schedule",
            Shape::Text(&events::SCHEDULE),
            "`rate(5 minutes)` or `cron(0 12 * * ? *)`, in UTC",
        ),
        Key::new("queue", Shape::Text(&arns::ARN), "ARN of an SQS queue"),
        Key::new("stream", Shape::Text(&arns::ARN), "ARN of a DynamoDB or Kinesis stream"),
        Key::new("topic", Shape::Text(&arns::TOPIC), "ARN of an SNS topic"),
        Key::new("pattern", Shape::Free(&[]), "an EventBridge event pattern"),
        Key::new(
            "url",
            Shape::Choice(&["none", "iam"]),
            "a function URL, open to all or to callers with IAM permission",
        ),
        Key::new(
            "batch-size",
            Shape::Integer { min: 1, max: 10_000 },
            "messages or records per call",
        )
        .beside(&["queue", "stream"]),
        Key::new(
            "starting-position",
            Shape::Choice(&["LATEST", "TRIM_HORIZON"]),
            "where in the stream to begin",
        )
        .default("\"LATEST\"")
        .beside(&["stream"]),
        Key::new(
            "bus",
            Shape::Text(&arns::SUB),
            "name or ARN of the event bus; the default bus without it",
        )
        .beside(&["pattern"]),
    ],
    one_of: &[&["http", "schedule", "queue", "stream", "topic", "pattern", "url"]],
};
