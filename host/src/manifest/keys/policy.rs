//! Every key of a policy.

use super::plugin::GRANTS;
use crate::manifest::names;
use crate::manifest::policy::{DIGEST, PATTERN};
use crate::manifest::shape::{Key, Shape, TableShape};

/// The whole file.
pub(in crate::manifest) static POLICY: TableShape = TableShape::new(&[
    Key::new(
        "ceiling",
        Shape::Table(&GRANTS),
        "the most that any plugin may be granted; no limit without it",
    ),
    Key::new(
        "sources",
        Shape::List { of: &Shape::Table(&SOURCE), min: 0, max: usize::MAX },
        "where plugins may come from: the first rule that matches counts; anywhere without a rule",
    ),
    Key::new("allow", DIGESTS, "digests of components or manifests: no others may run"),
    Key::new("deny", DIGESTS, "digests of components or manifests that may not run").default("[]"),
]);

static SOURCE: TableShape = TableShape::new(&[
    Key::new(
        "match",
        Shape::Text(&PATTERN),
        "such as `oci://registry.example.com/platform/**`, `builtin:*` or `file:**`",
    )
    .required(),
    Key::new(
        "signers",
        Shape::List { of: &Shape::Text(&names::FILLED), min: 1, max: usize::MAX },
        "public keys, as files beside the policy or as PEM: one of them must have signed",
    ),
    Key::new(
        "ceiling",
        Shape::Table(&GRANTS),
        "the most that plugins from here may be granted, instead of the ceiling for all",
    ),
]);

const DIGESTS: Shape = Shape::List { of: &Shape::Text(&DIGEST), min: 0, max: usize::MAX };
