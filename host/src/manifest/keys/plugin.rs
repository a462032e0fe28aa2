//! Keys of `plugins.*`.

use super::GLOBS;
use crate::manifest::arns;
use crate::manifest::names;
use crate::manifest::plugins;
use crate::manifest::shape::{Key, Shape, TableShape};
use crate::manifest::units::{Quantity, SIZE, TIME};

pub(in crate::manifest) static PLUGIN: TableShape = TableShape::new(&[
    Key::new("source", Shape::Text(&plugins::SOURCE), "where it comes from: `builtin:NAME`, `file:PATH`, `oci://REGISTRY/PATH` or `NAMESPACE:NAME`").required(),
    Key::new("version", Shape::Text(&plugins::VERSION), "which versions will do, for sources in registries"),
    Key::new("signer", Shape::Text(&names::PATH), "path of the public key that must have signed it, for sources in registries"),
    Key::new("config", Shape::Free(&[]), "the plugin's own configuration").default("{}"),
    Key::new("grants", Shape::Table(&GRANTS), "what it may reach outside its sandbox; nothing without it").default("{}"),
    Key::new("overrides", OVERRIDES, "what it may change although another plugin wrote it: pointers such as `/Resources/*/Properties/Tags`, or context keys").default("[]"),
    Key::new("on-failure", Shape::Choice(&["fail", "warn"]), "whether its failure stops the run").default("\"fail\""),
    Key::new("limits", Shape::Table(&LIMITS), "limits of one hook call").default("{}"),
]);

/// What a plugin may change of others.
pub(super) const OVERRIDES: Shape =
    Shape::List { of: &Shape::Text(&plugins::OVERRIDE), min: 0, max: usize::MAX };

/// What a plugin may be granted; also the ceilings of a policy.
pub(super) static GRANTS: TableShape = TableShape::new(&[
    Key::new(
        "commands",
        Shape::List { of: &COMMAND, min: 0, max: usize::MAX },
        "beginnings of command lines that it may run, such as `[\"git\", \"rev-parse\"]`",
    )
    .default("[]"),
    Key::new("files", GLOBS, "globs of files in the service's folder that it may read")
        .default("[]"),
    Key::new(
        "env",
        Shape::List { of: &Shape::Text(&names::VARIABLE_GLOB), min: 0, max: usize::MAX },
        "environment variables that it may read, such as `CI_*`",
    )
    .default("[]"),
    Key::new(
        "aws",
        Shape::List { of: &Shape::Text(&arns::ACTION), min: 0, max: usize::MAX },
        "AWS actions that the host may carry out for it, such as `sns:Publish`",
    )
    .default("[]"),
    Key::new(
        "network",
        Shape::List { of: &Shape::Text(&plugins::NETWORK), min: 0, max: usize::MAX },
        "hosts that it may reach by HTTP, such as `api.example.com:443`",
    )
    .default("[]"),
    Key::new("images", Shape::Bool, "building and pushing container images").default("false"),
    Key::new("clock", Shape::Bool, "the real clock").default("false"),
    Key::new("random", Shape::Bool, "real randomness").default("false"),
]);

const COMMAND: Shape = Shape::List { of: &Shape::Text(&names::FILLED), min: 1, max: usize::MAX };

pub(in crate::manifest) static LIMITS: TableShape = TableShape::new(&[
    Key::new(
        "time",
        Shape::Quantity(&TIME_LIMIT),
        "wall time: an integer in seconds, or such as `\"500ms\"`",
    )
    .default("10"),
    Key::new(
        "memory",
        Shape::Quantity(&MEMORY),
        "memory in all: an integer in bytes, or such as `\"256MiB\"`",
    )
    .default("268435456"),
    Key::new("handles", Shape::Integer { min: 16, max: 1_000_000 }, "handles that it may hold")
        .default("4096"),
    Key::new(
        "stack",
        Shape::Quantity(&STACK),
        "WebAssembly stack: an integer in bytes, or such as `\"1MiB\"`",
    )
    .default("1048576"),
    Key::new(
        "log",
        Shape::Quantity(&BUFFER),
        "log, stdout and stderr together: an integer in bytes, or such as `\"1MiB\"`",
    )
    .default("1048576"),
    Key::new(
        "host-data",
        Shape::Quantity(&BUFFER),
        "what may cross in one call of the host: an integer in bytes, or such as `\"16MiB\"`",
    )
    .default("16777216"),
]);

static TIME_LIMIT: Quantity = Quantity {
    bare_unit: "seconds",
    bare: 1_000,
    step: 1,
    step_unit: "milliseconds",
    min: 10,
    max: 3_600_000,
    units: TIME,
};
static MEMORY: Quantity = Quantity { min: 1 << 20, max: 4 << 30, ..BYTES };
static STACK: Quantity = Quantity { min: 64 << 10, max: 64 << 20, ..BYTES };
static BUFFER: Quantity = Quantity { min: 1 << 10, max: 1 << 30, ..BYTES };
const BYTES: Quantity = Quantity {
    bare_unit: "bytes",
    bare: 1,
    step: 1,
    step_unit: "bytes",
    min: 0,
    max: u64::MAX,
    units: SIZE,
};
