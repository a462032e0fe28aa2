//! The plugin's config as its other files read it.

use std::collections::BTreeMap;
use std::fmt;

use phalanx_plugin::{Value, intrinsics};
use serde::Deserialize;

/// The plugin and its config: one worker.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct EcsCluster {
    pub(crate) image: Option<String>,
    pub(crate) image_from: String,
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    pub(crate) entry_point: Vec<String>,
    pub(crate) cpu: u32,
    pub(crate) memory: Option<u32>,
    pub(crate) architecture: Architecture,
    pub(crate) stop_timeout: u32,
    pub(crate) environment: BTreeMap<String, Scalar>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) log_retention: u32,
    pub(crate) launch_type: LaunchType,
    pub(crate) cluster: Option<String>,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) instances: Instances,
    pub(crate) network_mode: Option<NetworkMode>,
    pub(crate) subnets: Many,
    pub(crate) security_groups: Many,
    pub(crate) assign_public_ip: bool,
    pub(crate) desired_count: Option<u32>,
    pub(crate) minimum_percent: Option<u32>,
    pub(crate) maximum_percent: Option<u32>,
    pub(crate) scaling: Option<Scaling>,
}

impl Default for EcsCluster {
    fn default() -> Self {
        Self {
            image: None,
            image_from: "image.reference".to_owned(),
            name: "worker".to_owned(),
            command: Vec::new(),
            entry_point: Vec::new(),
            cpu: 256,
            memory: None,
            architecture: Architecture::X86_64,
            stop_timeout: 30,
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            permissions: Vec::new(),
            health_check: None,
            log_retention: 14,
            launch_type: LaunchType::Fargate,
            cluster: None,
            capacity: None,
            instances: Instances::default(),
            network_mode: None,
            subnets: Many::default(),
            security_groups: Many::default(),
            assign_public_ip: false,
            desired_count: None,
            minimum_percent: None,
            maximum_percent: None,
            scaling: None,
        }
    }
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
pub(crate) enum Architecture {
    #[serde(rename = "x86_64")]
    X86_64,
    #[serde(rename = "arm64")]
    Arm64,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LaunchType {
    Fargate,
    Ec2,
}

/// Whose the instances are.
#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Capacity {
    /// This plugin's.
    Managed,
    /// Somebody else's.
    None,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NetworkMode {
    Awsvpc,
    Bridge,
    Host,
}

/// A value of the environment: TOML's numbers and switches need no quotes.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Text(String),
    Integer(i64),
    Float(f64),
    Switch(bool),
}

/// Several texts, or one that names a parameter which is a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Many {
    Each(Vec<String>),
    Parameter(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permission {
    pub(crate) actions: Vec<String>,
    pub(crate) resource: Option<String>,
    #[serde(default)]
    pub(crate) resources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HealthCheck {
    pub(crate) command: HealthCommand,
    #[serde(default = "interval")]
    pub(crate) interval: u32,
    #[serde(default = "timeout")]
    pub(crate) timeout: u32,
    #[serde(default = "retries")]
    pub(crate) retries: u32,
    #[serde(default)]
    pub(crate) start_period: u32,
}

/// A text is for the image's shell; a list is run as it is.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum HealthCommand {
    Shell(String),
    Words(Vec<String>),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Instances {
    #[serde(rename = "type")]
    pub(crate) instance_type: Option<String>,
    pub(crate) min: Option<u32>,
    pub(crate) max: Option<u32>,
    pub(crate) key_name: Option<String>,
    pub(crate) ami_parameter: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Scaling {
    pub(crate) queue: String,
    #[serde(default = "one")]
    pub(crate) min: u32,
    #[serde(default = "ten")]
    pub(crate) max: u32,
    #[serde(default = "hundred")]
    pub(crate) messages_per_task: u32,
}

fn interval() -> u32 {
    30
}

fn timeout() -> u32 {
    5
}

fn retries() -> u32 {
    3
}

fn one() -> u32 {
    1
}

fn ten() -> u32 {
    10
}

fn hundred() -> u32 {
    100
}

impl EcsCluster {
    /// MiB of memory: twice the CPU units, which is what Fargate gives at least.
    pub(crate) fn memory(&self) -> u32 {
        self.memory.unwrap_or(self.cpu.saturating_mul(2))
    }

    pub(crate) fn is_ec2(&self) -> bool {
        self.launch_type == LaunchType::Ec2
    }

    /// Whether the instances are this plugin's.
    pub(crate) fn is_managed(&self) -> bool {
        let default = if self.cluster.is_some() { Capacity::None } else { Capacity::Managed };
        self.is_ec2() && self.capacity.unwrap_or(default) == Capacity::Managed
    }

    /// How the containers are on the network. On EC2 a task with a network interface of its own has no
    /// public address, so it needs subnets with another way out.
    pub(crate) fn network_mode(&self) -> NetworkMode {
        match self.network_mode {
            Some(mode) => mode,
            None if self.is_ec2() && self.subnets.is_empty() => NetworkMode::Bridge,
            None => NetworkMode::Awsvpc,
        }
    }

    /// Whether there is a network of this worker's own.
    pub(crate) fn has_own_network(&self) -> bool {
        self.subnets.is_empty() && (!self.is_ec2() || self.is_managed())
    }

    /// Where it runs, in words.
    pub(crate) fn place(&self) -> &'static str {
        match (self.is_ec2(), self.is_managed()) {
            (false, _) => "Fargate",
            (true, true) => "EC2 instances of its own",
            (true, false) => "EC2 instances of the cluster",
        }
    }
}

impl NetworkMode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Awsvpc => "awsvpc",
            Self::Bridge => "bridge",
            Self::Host => "host",
        }
    }
}

impl Instances {
    pub(crate) fn min(&self) -> u32 {
        self.min.unwrap_or(self.max.map_or(1, |max| max.min(1)))
    }

    /// One more than the fewest: room for a rolling update.
    pub(crate) fn max(&self) -> u32 {
        self.max.unwrap_or(self.min().max(1) + 1)
    }
}

impl Default for Many {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Many {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Each(texts) if texts.is_empty())
    }

    /// The list for the template; `null` when nothing is in it.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Each(texts) if texts.is_empty() => Value::Null,
            Self::Each(texts) => texts.iter().map(|text| intrinsics::value(text)).collect(),
            Self::Parameter(text) => intrinsics::value(text),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Switch(on) => on.fmt(f),
        }
    }
}
