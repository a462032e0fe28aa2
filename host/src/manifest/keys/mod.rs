//! Every key of `phalanx.toml`, said once: the checks and the JSON Schema both come from here.

pub(super) mod case;
pub(super) mod deploy;
pub(super) mod event;
pub(super) mod function;
pub(super) mod plugin;
pub(super) mod policy;
pub(super) mod project;

use super::names;
use super::plugins;
use super::shape::{Key, Shape, TableShape};

/// The whole file.
pub(super) static ROOT: TableShape = TableShape::new(&[
    Key::new("service", Shape::Table(&SERVICE), "what the service is called and where it lives")
        .required(),
    Key::new(
        "build",
        Shape::Table(&BUILD),
        "the command that builds the whole service, run once before the functions' own",
    ),
    Key::new(
        "deploy",
        Shape::Table(&deploy::DEPLOY),
        "how the stack is created, updated and guarded",
    ),
    Key::new("functions", FUNCTIONS, "Lambda functions by name"),
    Key::new("resources", RESOURCES, "CloudFormation resources by logical id, as they are"),
    Key::new(
        "outputs",
        OUTPUTS,
        "outputs of the stack by name; `${…}` in `Value` and `Export.Name` is filled in as by `Fn::Sub`",
    ),
    Key::new(
        "parameters",
        PARAMETERS,
        "declarations of the template's parameters, as in CloudFormation",
    ),
    Key::new("conditions", CONDITIONS, "conditions of the template, as in CloudFormation"),
    Key::new("mappings", MAPPINGS, "mappings of the template, as in CloudFormation"),
    Key::new(
        "include",
        GLOBS,
        "globs of CloudFormation files, JSON or YAML, that are merged into the template",
    ),
    Key::new("plugins", PLUGINS, "plugins by name; their order here is their order in every hook"),
    Key::new(
        "stages",
        STAGES,
        "stages by name, with what is different in each: tables merge, all else is replaced",
    ),
]);

const FUNCTIONS: Shape =
    Shape::Map { names: &names::FUNCTION, values: &Shape::Table(&function::FUNCTION), max: 500 };
const PLUGINS: Shape =
    Shape::Map { names: &names::PLUGIN, values: &Shape::Table(&plugin::PLUGIN), max: 100 };
const STAGES: Shape =
    Shape::Part(&Shape::Map { names: &names::STAGE, values: &Shape::Table(&STAGE), max: 100 });

pub(super) const RESOURCES: Shape = section(&Shape::Free(&["Type"]));
pub(super) const OUTPUTS: Shape = section(&Shape::Free(&["Value"]));
pub(super) const PARAMETERS: Shape = section(&Shape::Free(&["Type"]));
pub(super) const CONDITIONS: Shape = section(&Shape::Free(&[]));
pub(super) const MAPPINGS: Shape = section(&Shape::Free(&[]));

const fn section(values: &'static Shape) -> Shape {
    Shape::Map { names: &names::LOGICAL_ID, values, max: usize::MAX }
}

pub(super) const GLOBS: Shape =
    Shape::List { of: &Shape::Text(&names::GLOB), min: 0, max: usize::MAX };
/// CloudFormation takes fifty tags.
pub(super) const TAGS: Shape =
    Shape::Map { names: &names::TAG_KEY, values: &Shape::Scalar(&names::TAG_VALUE), max: 50 };

const REGION: Key =
    Key::new("region", Shape::Text(&names::REGION), "the AWS region, such as `eu-central-1`");
const ACCOUNT: Key = Key::new(
    "account",
    Shape::Text(&names::ACCOUNT),
    "the 12-digit AWS account that the stack must be in; another one is refused",
);
const DESCRIPTION: Key =
    Key::new("description", Shape::Text(&names::DESCRIPTION), "the template's description");
const STACK_NAME: Key = Key::new(
    "stack-name",
    Shape::Text(&names::STACK),
    "the stack's name; `<name>-<stage>` without it",
);
const STACK_TAGS: Key =
    Key::new("tags", TAGS, "tags of the stack, which CloudFormation hands on to its resources");

static SERVICE: TableShape = TableShape::new(&[
    Key::new("name", Shape::Text(&names::SERVICE), "the service's name").required(),
    DESCRIPTION,
    REGION,
    ACCOUNT,
    STACK_NAME,
    STACK_TAGS,
    Key::new(
        "policy",
        Shape::Text(&plugins::POLICY),
        "what the service's plugins may be and do: a file, or `https://…@sha256:…`",
    ),
]);

pub(super) static BUILD: TableShape = TableShape::new(&[
    Key::new("command", Shape::Text(&names::FILLED), "run by `sh -c` in the service's folder")
        .required(),
    Key::new(
        "inputs",
        GLOBS,
        "globs of what goes in; unchanged inputs skip the build, none never do",
    )
    .default("[]"),
    Key::new(
        "environment",
        Shape::Map {
            names: &names::BUILD_VARIABLE,
            values: &Shape::Scalar(&names::ANY),
            max: usize::MAX,
        },
        "variables added to the command's environment",
    )
    .default("{}"),
]);

/// What a stage may say for the whole service without naming `service`.
pub(super) const STAGE_SERVICE_KEYS: [&str; 5] =
    ["description", "region", "account", "stack-name", "tags"];

static STAGE: TableShape = TableShape::new(&[
    DESCRIPTION,
    REGION,
    ACCOUNT,
    STACK_NAME,
    STACK_TAGS,
    Key::new(
        "parameters",
        Shape::Map { names: &names::LOGICAL_ID, values: &Shape::ParameterValue, max: usize::MAX },
        "values of the template's parameters in this stage, or tables that change their declarations",
    ),
    Key::new("service", Shape::Table(&SERVICE), "overrides of `service`"),
    Key::new("build", Shape::Table(&BUILD), "overrides of `build`"),
    Key::new("deploy", Shape::Table(&deploy::DEPLOY), "overrides of `deploy`"),
    Key::new("functions", FUNCTIONS, "overrides of functions"),
    Key::new("resources", RESOURCES, "overrides of resources, or more of them"),
    Key::new("outputs", OUTPUTS, "overrides of outputs, or more of them"),
    Key::new("conditions", CONDITIONS, "overrides of conditions, or more of them"),
    Key::new("mappings", MAPPINGS, "overrides of mappings, or more of them"),
    Key::new("include", GLOBS, "replaces `include`"),
    Key::new("plugins", PLUGINS, "overrides of plugins, or more of them"),
]);
