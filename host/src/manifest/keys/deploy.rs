//! Keys of `deploy`.

use crate::manifest::arns;
use crate::manifest::names;
use crate::manifest::shape::{Key, Shape, TableShape};
use crate::manifest::units::{Quantity, TIME};

pub(in crate::manifest) static DEPLOY: TableShape = TableShape::new(&[
    Key::new(
        "bucket",
        Shape::Text(&names::BUCKET),
        "the bucket for artifacts; without it one that Phalanx makes once for account and region",
    ),
    Key::new(
        "role",
        Shape::Text(&arns::FIXED),
        "ARN of the role with which CloudFormation works on the stack",
    ),
    Key::new(
        "notifications",
        Shape::List { of: &Shape::Text(&arns::FIXED), min: 0, max: 5 },
        "ARNs of the topics that hear of the stack's events, at most five",
    )
    .default("[]"),
    Key::new(
        "stack-policy",
        Shape::Text(&names::PATH),
        "path of the stack policy, a JSON file that says which resources an update may touch",
    ),
    Key::new(
        "termination-protection",
        Shape::Bool,
        "whether deleting the stack is refused; left as it is without this key",
    ),
    Key::new(
        "timeout",
        Shape::Quantity(&TIMEOUT),
        "how long a creation or update may take: an integer in minutes, or such as `\"2h\"`; then it is undone",
    ),
    Key::new(
        "rollback-alarms",
        Shape::List { of: &Shape::Text(&arns::FIXED), min: 0, max: 5 },
        "ARNs of the CloudWatch alarms that undo an update when they go off, at most five",
    )
    .default("[]"),
    Key::new(
        "rollback-monitoring",
        Shape::Quantity(&MONITORING),
        "how long the alarms are watched after an update: an integer in minutes, or such as `\"1h\"`",
    )
    .beside(&["rollback-alarms"])
    .default("0"),
]);

const MINUTES: Quantity = Quantity {
    bare_unit: "minutes",
    bare: 60_000,
    step: 60_000,
    step_unit: "minutes",
    min: 0,
    max: u64::MAX,
    units: TIME,
};

/// A day and a half is more than any stack takes that still does anything.
pub(in crate::manifest) static TIMEOUT: Quantity = Quantity { min: 1, max: 36 * 60, ..MINUTES };

/// CloudFormation's own range of `MonitoringTimeInMinutes`.
pub(in crate::manifest) static MONITORING: Quantity = Quantity { min: 0, max: 180, ..MINUTES };
