//! Every key of `case.toml`.

use super::plugin::{GRANTS, LIMITS, OVERRIDES};
use crate::manifest::case::HOOKS;
use crate::manifest::names;
use crate::manifest::shape::{Key, Shape, TableShape};

/// The whole file.
pub(in crate::manifest) static CASE: TableShape = TableShape::new(&[
    Key::new("hook", Shape::Choice(&HOOKS), "the hook that is called").required(),
    Key::new("about", Shape::Text(&names::FILLED), "what the case shows, in one sentence"),
    Key::new(
        "functions",
        Shape::Map {
            names: &names::FUNCTION,
            values: &Shape::Text(&names::LOGICAL_ID),
            max: usize::MAX,
        },
        "functions that name the plugin as a decorator, each with its logical id",
    )
    .default("{}"),
    Key::new("config", Shape::Free(&[]), "the plugin's configuration").default("{}"),
    Key::new("context", Shape::Free(&[]), "the context as earlier plugins left it").default("{}"),
    Key::new("grants", Shape::Table(&GRANTS), "what the plugin may reach outside its sandbox")
        .default("{}"),
    Key::new("overrides", OVERRIDES, "what it may change although another plugin wrote it")
        .default("[]"),
    Key::new("limits", Shape::Table(&LIMITS), "limits of the call").default("{}"),
    Key::new("run", Shape::Table(&RUN), "facts of the run").default("{}"),
    Key::new(
        "environment",
        Shape::Map {
            names: &names::BUILD_VARIABLE,
            values: &Shape::Scalar(&names::ANY),
            max: usize::MAX,
        },
        "environment variables; there are no others",
    )
    .default("{}"),
    Key::new(
        "template",
        Shape::Text(&names::PATH),
        "the template, a JSON file; `template.json` without it, where there is one",
    ),
    Key::new("files", Shape::Text(&names::PATH), "the folder that stands for the service's")
        .default("\"service\""),
    Key::new(
        "packages",
        Shape::Map { names: &names::FUNCTION, values: &Shape::Text(&names::PATH), max: usize::MAX },
        "folders with what is in the functions' packages, in `post-build`",
    )
    .default("{}"),
    Key::new("stack", Shape::Table(&STACK), "the deployed stack").default("{}"),
    Key::new("outcome", Shape::Table(&OUTCOME), "what failed, in `rollback`").default("{}"),
]);

static RUN: TableShape = TableShape::new(&[
    Key::new("service", Shape::Text(&names::SERVICE), "the service's name").default("\"service\""),
    Key::new("stage", Shape::Text(&names::STAGE), "the stage").default("\"dev\""),
    Key::new(
        "stack-name",
        Shape::Text(&names::STACK),
        "the stack's name; `SERVICE-STAGE` without it",
    ),
    Key::new("region", Shape::Text(&names::REGION), "the region").default("\"eu-central-1\""),
    Key::new("account", Shape::Text(&names::ACCOUNT), "the account; not known without it"),
    Key::new(
        "build-id",
        Shape::Text(&names::ANY),
        "digest of what goes into the build; empty before the packages are sealed",
    )
    .default("\"\""),
    Key::new("dry-run", Shape::Bool, "whether nothing outside this machine may be changed")
        .default("false"),
]);

static STACK: TableShape = TableShape::new(&[
    Key::new("id", Shape::Text(&names::FILLED), "its ARN"),
    Key::new("created", Shape::Bool, "whether this run created it").default("false"),
    Key::new("unchanged", Shape::Bool, "whether this run changed nothing").default("false"),
    Key::new(
        "outputs",
        Shape::Map {
            names: &names::LOGICAL_ID,
            values: &Shape::Scalar(&names::ANY),
            max: usize::MAX,
        },
        "its outputs",
    )
    .default("{}"),
    Key::new(
        "resources",
        Shape::Map { names: &names::LOGICAL_ID, values: &Shape::Table(&RESOURCE), max: usize::MAX },
        "its resources by logical id",
    )
    .default("{}"),
]);

static RESOURCE: TableShape = TableShape::new(&[
    Key::new("type", Shape::Text(&names::FILLED), "its CloudFormation type").required(),
    Key::new("physical-id", Shape::Text(&names::FILLED), "its name in the cloud").required(),
    Key::new("status", Shape::Text(&names::FILLED), "its CloudFormation status")
        .default("\"CREATE_COMPLETE\""),
]);

static OUTCOME: TableShape = TableShape::new(&[
    Key::new("failed-step", Shape::Text(&names::FILLED), "the step that failed")
        .default("\"provision\""),
    Key::new("code", Shape::Text(&names::FILLED), "the error's code").default("\"failed\""),
    Key::new("message", Shape::Text(&names::FILLED), "the error").default("\"it failed\""),
    Key::new("hint", Shape::Text(&names::FILLED), "what to do about it"),
    Key::new(
        "completed",
        Shape::List { of: &Shape::Text(&names::FILLED), min: 0, max: usize::MAX },
        "the steps that had completed",
    )
    .default("[]"),
]);
