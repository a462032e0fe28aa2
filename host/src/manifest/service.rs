//! The valid service: what every later step works on.
//!
//! A [`Service`] is made by [`crate::manifest::load`] only, which has checked names, ranges and
//! cross-references and applied the stage's overrides. Texts that may hold `${…}` (CloudFormation
//! `Fn::Sub`) are kept as written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

/// A place in one of the service's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file, relative to the service's folder.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One service at one stage.
#[derive(Debug, Clone)]
pub struct Service {
    /// The service's folder, absolute.
    pub root: PathBuf,
    /// The manifest's file name, such as `phalanx.toml`.
    pub manifest_file: String,
    /// `service.name`.
    pub name: String,
    /// The stage, `dev` unless named.
    pub stage: String,
    /// The stack's name: `service.stack-name`, or `<name>-<stage>`.
    pub stack_name: String,
    /// AWS region; none when neither manifest nor stage names one (the cloud then decides).
    pub region: Option<String>,
    /// The 12-digit account the stage must run in, when the manifest names one.
    pub account: Option<String>,
    /// The template's `Description`.
    pub description: Option<String>,
    /// What its plugins may be and do: a file, or an address with a digest.
    pub policy: Option<String>,
    /// Tags of the stack.
    pub tags: IndexMap<String, String>,
    /// The service-wide build.
    pub build: Option<Build>,
    /// How the stack is created, updated and guarded.
    pub deploy: Deploy,
    /// Functions by name, in manifest order.
    pub functions: IndexMap<String, Function>,
    /// What the manifest and its includes put straight into the template: `Parameters`, `Mappings`,
    /// `Conditions`, `Rules`, `Transform`, `Metadata`, `Resources`, `Outputs`; only sections that are
    /// there, as plain CloudFormation JSON.
    pub sections: Map<String, Value>,
    /// Plugins by name, in manifest order, which is their order in every hook.
    pub plugins: IndexMap<String, PluginUse>,
    /// Values of the template's parameters for this stage.
    pub parameters: IndexMap<String, String>,
    /// Where each entry was written: by JSON Pointer into the template (`/Resources/Queue`) or into
    /// the manifest (`#/functions/hello/memory`).
    pub locations: BTreeMap<String, Location>,
}

/// A command that makes artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Run by `sh -c` in the service's folder.
    pub command: String,
    /// Globs below the service's folder. When all that match are unchanged since the last good build,
    /// and its outputs are there, the build is skipped. Empty: never skipped.
    pub inputs: Vec<String>,
    /// Added to the environment of the command.
    pub environment: IndexMap<String, String>,
}

/// How the stack is created, updated and guarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deploy {
    /// The bucket for artifacts; none for the one that Phalanx makes.
    pub bucket: Option<String>,
    /// ARN of the role with which CloudFormation works.
    pub role: Option<String>,
    /// ARNs of topics that hear of the stack's events.
    pub notifications: Vec<String>,
    /// Path of the stack policy, relative to the service's folder.
    pub stack_policy: Option<String>,
    /// Whether deleting the stack is refused; none leaves it as it is.
    pub termination_protection: Option<bool>,
    /// Minutes that a creation or update may take.
    pub timeout: Option<u32>,
    /// ARNs of alarms that undo an update.
    pub rollback_alarms: Vec<String>,
    /// Minutes for which the alarms are watched after an update.
    pub rollback_monitoring: u32,
}

/// One Lambda function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Name in the manifest.
    pub name: String,
    /// Logical id in the template: the name's words, each with a capital, joined: `SendMail` for
    /// `send-mail`.
    pub logical_id: String,
    /// Path of the code, relative to the service's folder: a file becomes `bootstrap`, a folder is
    /// zipped as it is.
    pub code: String,
    /// Globs, in the syntax of `.gitignore`, of what stays out of a zipped folder.
    pub exclude: Vec<String>,
    /// The function's own build, run after the service's.
    pub build: Option<Build>,
    /// `bootstrap` unless named.
    pub handler: String,
    /// `provided.al2023` unless named.
    pub runtime: String,
    /// `x86_64` or `arm64`.
    pub architecture: Architecture,
    /// MiB, 128 to 10,240.
    pub memory: u32,
    /// Seconds, 1 to 900.
    pub timeout: u32,
    /// Name to text for `Fn::Sub`.
    pub environment: IndexMap<String, String>,
    /// Statements of the function's own role.
    pub permissions: Vec<Permission>,
    /// ARN, or text for `Fn::Sub`, of an existing role; then there is no role of its own.
    pub role: Option<String>,
    /// What calls the function.
    pub events: Vec<EventSource>,
    /// Days to keep logs, one of CloudWatch's values.
    pub log_retention: u32,
    /// Layer ARNs, or texts for `Fn::Sub`.
    pub layers: Vec<String>,
    /// Subnets and security groups.
    pub vpc: Option<Vpc>,
    /// X-Ray tracing.
    pub tracing: bool,
    /// Reserved concurrent executions.
    pub reserved_concurrency: Option<u32>,
    /// ARN of a queue or topic for failed asynchronous calls, or text for `Fn::Sub`.
    pub dead_letter: Option<String>,
    /// MiB of `/tmp`, 512 to 10,240.
    pub ephemeral_storage: Option<u32>,
    /// Tags of the function.
    pub tags: IndexMap<String, String>,
    /// Shown in the console.
    pub description: Option<String>,
    /// Logical ids that must exist first.
    pub depends_on: Vec<String>,
    /// Names of plugins that decorate this function, in order.
    pub decorators: Vec<String>,
}

/// A processor architecture of Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Architecture {
    /// `x86_64`
    #[serde(rename = "x86_64")]
    X86_64,
    /// `arm64`
    #[serde(rename = "arm64")]
    Arm64,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// One statement of a function's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// IAM actions.
    pub actions: Vec<String>,
    /// ARNs, or texts for `Fn::Sub`.
    pub resources: Vec<String>,
}

/// Subnets and security groups of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// Subnet ids, or texts for `Fn::Sub`.
    pub subnets: Vec<String>,
    /// Security group ids, or texts for `Fn::Sub`.
    pub security_groups: Vec<String>,
}

/// What calls a function. Texts may hold `${…}`.
#[derive(Debug, Clone, PartialEq)]
pub enum EventSource {
    /// A route of the service's HTTP API.
    Http {
        /// Upper case, or `ANY`.
        method: String,
        /// Begins with `/`; `{name}` and `{name+}` are parameters.
        path: String,
    },
    /// `rate(…)` or `cron(…)`.
    Schedule(String),
    /// An SQS queue.
    Queue {
        /// The queue's ARN.
        arn: String,
        /// Messages per call.
        batch_size: Option<u32>,
    },
    /// A DynamoDB or Kinesis stream.
    Stream {
        /// The stream's ARN.
        arn: String,
        /// `LATEST` or `TRIM_HORIZON`.
        starting_position: String,
        /// Records per call.
        batch_size: Option<u32>,
    },
    /// An SNS topic's ARN.
    Topic(String),
    /// An EventBridge rule.
    Pattern {
        /// The event pattern.
        pattern: Value,
        /// Name or ARN of the bus; the default bus when none.
        bus: Option<String>,
    },
    /// A function URL; true when callers need IAM authorisation.
    Url {
        /// `AWS_IAM` when true, `NONE` otherwise.
        iam: bool,
    },
}

/// One plugin as the service uses it.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginUse {
    /// Name in the manifest.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// Semver requirement, for sources that have versions.
    pub version: Option<String>,
    /// Path of the public key that must have signed it, for sources that are signed.
    pub signer: Option<String>,
    /// What it may reach outside its sandbox.
    pub grants: Grants,
    /// Its configuration: a JSON object.
    pub config: Value,
    /// Patterns of template pointers and context keys of other plugins that it may change, such as
    /// `/Resources/*/Properties/Tags`; `*` is one token, `**` any number.
    pub overrides: Vec<String>,
    /// What its failure means.
    pub on_failure: OnFailure,
    /// Its limits.
    pub limits: Limits,
    /// Where it stands in the manifest.
    pub location: Location,
}

/// Where a plugin comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `builtin:NAME`
    Builtin(String),
    /// `file:PATH`, relative to the service's folder.
    File(String),
    /// `oci://REGISTRY/PATH`
    Oci(String),
    /// `NAMESPACE:NAME`, which the configuration of `wkg` leads to a registry.
    Package(String),
}

impl Source {
    /// True for sources in registries: they have versions and signatures, and the lock file pins them.
    pub fn is_in_registry(&self) -> bool {
        matches!(self, Self::Oci(_) | Self::Package(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => write!(f, "builtin:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Oci(reference) => write!(f, "oci://{reference}"),
            Self::Package(name) => f.write_str(name),
        }
    }
}

/// Permissions for capabilities. Empty lists and `false` grant nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Allowed beginnings of command lines.
    pub commands: Vec<Vec<String>>,
    /// Globs of readable files inside the service's folder.
    pub files: Vec<String>,
    /// Names or globs of readable environment variables.
    pub env: Vec<String>,
    /// Actions such as `sns:Publish`.
    pub aws: Vec<String>,
    /// `host` or `host:port` (443 without); `*.example.com` matches one label or more.
    pub network: Vec<String>,
    /// Building and pushing images.
    pub images: bool,
    /// The real clock.
    pub clock: bool,
    /// Real randomness.
    pub random: bool,
}

/// What the failure of a plugin means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The run stops and rolls back.
    #[default]
    Fail,
    /// The hook's edits are undone, a warning is shown and the run goes on.
    Warn,
}

/// Limits of one hook call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time in milliseconds.
    pub time_ms: u64,
    /// Bytes summed over all linear memories.
    pub memory: u64,
    /// Handles the guest may hold.
    pub handles: u32,
    /// Bytes of WebAssembly stack; the same for all plugins of a run.
    pub stack: u64,
    /// Bytes of log, stdout and stderr together.
    pub log: u64,
    /// Bytes that may cross in one host call.
    pub host_data: u64,
}

impl Default for Limits {
    /// Python and JavaScript guests fit with room to spare; see `research` figures in
    /// `ARCHITECTURE.md`.
    fn default() -> Self {
        Self {
            time_ms: 10_000,
            memory: 256 << 20,
            handles: 4_096,
            stack: 1 << 20,
            log: 1 << 20,
            host_data: 16 << 20,
        }
    }
}
