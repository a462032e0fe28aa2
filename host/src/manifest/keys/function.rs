//! Keys of `functions.*`.

use super::event::EVENT;
use super::{BUILD, TAGS};
use crate::manifest::arns;
use crate::manifest::names;
use crate::manifest::runtimes;
use crate::manifest::shape::{Key, Shape, TableShape, Text};
use crate::manifest::units::{Quantity, SIZE, TIME};

pub(in crate::manifest) static FUNCTION: TableShape = TableShape::new(&[
    Key::new(
        "code",
        Shape::Text(&names::PATH),
        "path of the code: a file becomes `bootstrap`, a folder is zipped",
    )
    .required(),
    Key::new(
        "exclude",
        Shape::List { of: &Shape::Text(&names::IGNORE), min: 0, max: usize::MAX },
        "what stays out of a zipped folder, in the syntax of `.gitignore`",
    )
    .default("[]"),
    Key::new("build", Shape::Table(&BUILD), "the function's own build, run after the service's"),
    Key::new(
        "handler",
        Shape::Text(&names::FILLED),
        "what the runtime calls; `bootstrap` for `provided` runtimes",
    ),
    Key::new("runtime", Shape::Text(&runtimes::RUNTIME), "the Lambda runtime")
        .default("\"provided.al2023\""),
    Key::new("architecture", Shape::Choice(&["x86_64", "arm64"]), "the processor")
        .default("\"x86_64\""),
    Key::new(
        "memory",
        Shape::Quantity(&MEMORY),
        "memory: an integer in MiB, or such as `\"1GiB\"`",
    )
    .default("128"),
    Key::new(
        "timeout",
        Shape::Quantity(&TIMEOUT),
        "the longest run: an integer in seconds, or such as `\"5m\"`",
    )
    .default("30"),
    Key::new(
        "environment",
        ENVIRONMENT,
        "environment variables; `${…}` is filled in as by `Fn::Sub`",
    )
    .default("{}"),
    Key::new(
        "permissions",
        Shape::List { of: &Shape::Table(&PERMISSION), min: 0, max: usize::MAX },
        "what the function's own role may do",
    )
    .default("[]"),
    Key::new("role", Shape::Text(&arns::ARN), "ARN of an existing role, instead of one of its own"),
    Key::new(
        "events",
        Shape::List { of: &Shape::Table(&EVENT), min: 0, max: usize::MAX },
        "what calls the function",
    )
    .default("[]"),
    Key::new("log-retention", Shape::Integers(RETENTION), "days to keep the logs").default("30"),
    Key::new(
        "layers",
        Shape::List { of: &Shape::Text(&arns::ARN), min: 0, max: 5 },
        "ARNs of layer versions, at most five",
    )
    .default("[]"),
    Key::new("vpc", Shape::Table(&VPC), "the network that the function runs in"),
    Key::new("tracing", Shape::Bool, "X-Ray tracing").default("false"),
    Key::new(
        "reserved-concurrency",
        Shape::Integer { min: 0, max: 100_000 },
        "runs at the same time that are kept for this function and are its limit",
    ),
    Key::new(
        "dead-letter",
        Shape::Text(&arns::ARN),
        "ARN of the queue or topic that gets events which failed",
    ),
    Key::new(
        "ephemeral-storage",
        Shape::Quantity(&STORAGE),
        "size of `/tmp`: an integer in MiB, or such as `\"1GiB\"`",
    )
    .default("512"),
    Key::new("tags", TAGS, "tags of the function").default("{}"),
    Key::new("description", Shape::Text(&names::SHORT), "shown in the console"),
    Key::new(
        "depends-on",
        Shape::List { of: &Shape::Text(&names::FILLED), min: 0, max: usize::MAX },
        "resources and functions that must exist first",
    )
    .default("[]"),
    Key::new(
        "decorators",
        Shape::List { of: &Shape::Text(&names::PLUGIN), min: 0, max: usize::MAX },
        "names of plugins that decorate this function",
    )
    .default("[]"),
]);

const ENVIRONMENT: Shape =
    Shape::Map { names: &names::VARIABLE, values: &Shape::Scalar(&VALUE), max: usize::MAX };

/// As [`arns::SUB`], but empty values are fine.
const VALUE: Text = Text {
    what: arns::SUB.what,
    pattern: None,
    check: |text| if text.is_empty() { Ok(()) } else { (arns::SUB.check)(text) },
};

static MEMORY: Quantity = Quantity { min: 128, max: 10_240, ..MEBIBYTES };
static STORAGE: Quantity = Quantity { min: 512, max: 10_240, ..MEBIBYTES };
const MEBIBYTES: Quantity = Quantity {
    bare_unit: "MiB",
    bare: 1 << 20,
    step: 1 << 20,
    step_unit: "MiB",
    min: 0,
    max: u64::MAX,
    units: SIZE,
};

pub(in crate::manifest) static TIMEOUT: Quantity = Quantity {
    bare_unit: "seconds",
    bare: 1_000,
    step: 1_000,
    step_unit: "seconds",
    min: 1,
    max: 900,
    units: TIME,
};

/// What CloudWatch Logs allows.
const RETENTION: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

static PERMISSION: TableShape = TableShape {
    keys: &[
        Key::new(
            "actions",
            Shape::List { of: &Shape::Text(&arns::ACTION), min: 1, max: usize::MAX },
            "IAM actions, such as `sqs:SendMessage`",
        )
        .required(),
        Key::new(
            "resource",
            Shape::Text(&arns::RESOURCE),
            "what the actions may be used on: an ARN, or `${…}` that gives one",
        ),
        Key::new(
            "resources",
            Shape::List { of: &Shape::Text(&arns::RESOURCE), min: 1, max: usize::MAX },
            "`resource`, several of them",
        ),
    ],
    one_of: &[&["resource", "resources"]],
};

static VPC: TableShape = TableShape::new(&[
    Key::new(
        "subnets",
        Shape::List { of: &Shape::Text(&arns::SUB), min: 1, max: 16 },
        "subnet ids, at least one",
    )
    .required(),
    Key::new(
        "security-groups",
        Shape::List { of: &Shape::Text(&arns::SUB), min: 1, max: 5 },
        "security group ids, at least one",
    )
    .required(),
]);
