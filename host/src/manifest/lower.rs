//! Makes the [`Service`] of trees in which nothing is wrong.
//!
//! Reads leniently: all complaints were made before, so a value that cannot be read here is absent.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::events::parse_route;
use super::include::Sections;
use super::keys::{self, function};
use super::names::logical_id;
use super::node::{Entry, Node};
use super::plugins::parse_source;
use super::shape::Shape;
use super::source::Sources;
use super::stages::ParameterValues;
use super::{
    Architecture, Build, Deploy, EventSource, Function, Grants, Limits, Location, OnFailure,
    Permission, PluginUse, Service, Source, Vpc,
};

/// Everything that a service is made of.
pub(super) struct Parts<'a> {
    pub(super) root: &'a Path,
    pub(super) file: &'a str,
    pub(super) stage: &'a str,
    pub(super) region: Option<&'a str>,
    pub(super) tree: &'a Node,
    pub(super) sections: &'a Sections,
    pub(super) values: Option<&'a ParameterValues>,
    pub(super) sources: &'a Sources,
    pub(super) locations: BTreeMap<String, Location>,
}

/// The stack's name: as the manifest says, or by convention.
pub(super) fn stack_name(tree: &Node, stage: &str) -> String {
    let service = tree.get("service");
    let text = |key| service.and_then(|service| service.text(key));
    text("stack-name").unwrap_or_else(|| format!("{}-{stage}", text("name").unwrap_or_default()))
}

/// The service.
pub(super) fn service(parts: Parts<'_>) -> Service {
    let text = |key| parts.tree.get("service").and_then(|service| service.text(key));
    let functions = parts.tree.entries("functions");
    let plugins = parts.tree.entries("plugins");
    Service {
        root: parts.root.to_owned(),
        manifest_file: parts.file.to_owned(),
        name: text("name").unwrap_or_default(),
        stage: parts.stage.to_owned(),
        stack_name: stack_name(parts.tree, parts.stage),
        region: parts.region.map(str::to_owned).or_else(|| text("region")),
        account: text("account"),
        description: text("description"),
        policy: text("policy"),
        tags: parts.tree.get("service").map(|service| service.scalars("tags")).unwrap_or_default(),
        build: parts.tree.get("build").map(build),
        deploy: parts.tree.get("deploy").map(deploy).unwrap_or_default(),
        functions: functions
            .map(|(name, entry)| (name.into(), function_of(parts.tree, name, &entry.node)))
            .collect(),
        sections: sections(parts.sections),
        plugins: plugins
            .map(|(name, entry)| (name.into(), plugin(name, entry, parts.sources)))
            .collect(),
        parameters: parts.values.map(parameters).unwrap_or_default(),
        locations: parts.locations,
    }
}

fn parameters(values: &ParameterValues) -> IndexMap<String, String> {
    let value = |node: &Node| match node.as_list() {
        // A `CommaDelimitedList`.
        Some(items) => Some(items.iter().filter_map(Node::scalar).collect::<Vec<_>>().join(",")),
        None => node.scalar(),
    };
    values.iter().filter_map(|(name, entry)| Some((name.clone(), value(&entry.node)?))).collect()
}

fn sections(sections: &Sections) -> Map<String, Value> {
    let entry = |(name, entry): (&String, &Entry)| (name.clone(), entry.node.to_json());
    let mut all: Map<String, Value> = sections
        .present()
        .filter(|(_, table)| !table.is_empty())
        .map(|(section, table)| {
            (section.to_owned(), Value::Object(table.iter().map(entry).collect()))
        })
        .collect();
    let mut transforms: Vec<Value> = Vec::new();
    for transform in sections.transforms().iter().map(Node::to_json) {
        if !transforms.contains(&transform) {
            transforms.push(transform);
        }
    }
    match transforms.len() {
        0 => {}
        1 => drop(all.insert("Transform".into(), transforms.remove(0))),
        _ => drop(all.insert("Transform".into(), transforms.into())),
    }
    all
}

pub(super) fn build(node: &Node) -> Build {
    Build {
        command: node.text("command").unwrap_or_default(),
        inputs: node.texts("inputs"),
        environment: node.scalars("environment"),
    }
}

fn deploy(node: &Node) -> Deploy {
    let minutes = |key| quantity(&keys::deploy::DEPLOY, node, key);
    Deploy {
        bucket: node.text("bucket"),
        role: node.text("role"),
        notifications: node.texts("notifications"),
        stack_policy: node.text("stack-policy"),
        termination_protection: node.get("termination-protection").and_then(Node::as_bool),
        timeout: minutes("timeout"),
        rollback_alarms: node.texts("rollback-alarms"),
        rollback_monitoring: minutes("rollback-monitoring").unwrap_or_default(),
    }
}

fn function_of(tree: &Node, name: &str, node: &Node) -> Function {
    let amount = |key| quantity(&function::FUNCTION, node, key);
    // Functions may be named by their manifest name; the template knows only logical ids.
    let target = |target: String| {
        let is_function = tree.entries("functions").any(|(name, _)| name == target);
        if is_function { logical_id(&target) } else { target }
    };
    Function {
        name: name.to_owned(),
        logical_id: logical_id(name),
        code: node.text("code").unwrap_or_default(),
        exclude: node.texts("exclude"),
        build: node.get("build").map(build),
        handler: node.text("handler").unwrap_or_else(|| "bootstrap".into()),
        runtime: node.text("runtime").unwrap_or_else(|| "provided.al2023".into()),
        architecture: match node.get("architecture").and_then(Node::as_text) {
            Some("arm64") => Architecture::Arm64,
            _ => Architecture::X86_64,
        },
        memory: amount("memory").unwrap_or(128),
        timeout: amount("timeout").unwrap_or(30),
        environment: node.scalars("environment"),
        permissions: node.items("permissions").iter().map(permission).collect(),
        role: node.text("role"),
        events: node.items("events").iter().filter_map(event).collect(),
        log_retention: integer(node, "log-retention").unwrap_or(30),
        layers: node.texts("layers"),
        vpc: node.get("vpc").map(|vpc| Vpc {
            subnets: vpc.texts("subnets"),
            security_groups: vpc.texts("security-groups"),
        }),
        tracing: flag(node, "tracing"),
        reserved_concurrency: integer(node, "reserved-concurrency"),
        dead_letter: node.text("dead-letter"),
        ephemeral_storage: amount("ephemeral-storage"),
        tags: node.scalars("tags"),
        description: node.text("description"),
        depends_on: node.texts("depends-on").into_iter().map(target).collect(),
        decorators: node.texts("decorators"),
    }
}

fn permission(node: &Node) -> Permission {
    let resources = match node.text("resource") {
        Some(resource) => vec![resource],
        None => node.texts("resources"),
    };
    Permission { actions: node.texts("actions"), resources }
}

fn event(node: &Node) -> Option<EventSource> {
    let batch_size = integer(node, "batch-size");
    let (kind, _) = node
        .table()?
        .iter()
        .find(|(key, _)| !matches!(key.as_str(), "batch-size" | "starting-position" | "bus"))?;
    let text = node.text(kind);
    Some(match kind.as_str() {
        "http" => {
            let text = text?;
            let (method, path) = parse_route(&text).ok()?;
            EventSource::Http { method: method.to_owned(), path: path.to_owned() }
        }
        "schedule" => EventSource::Schedule(text?),
        "queue" => EventSource::Queue { arn: text?, batch_size },
        "stream" => EventSource::Stream {
            arn: text?,
            starting_position: node.text("starting-position").unwrap_or_else(|| "LATEST".into()),
            batch_size,
        },
        "topic" => EventSource::Topic(text?),
        "pattern" => {
            EventSource::Pattern { pattern: node.get(kind)?.to_json(), bus: node.text("bus") }
        }
        _ => EventSource::Url { iam: text? == "iam" },
    })
}

fn plugin(name: &str, entry: &Entry, sources: &Sources) -> PluginUse {
    let node = &entry.node;
    let source = node.get("source").and_then(Node::as_text).map(parse_source);
    PluginUse {
        name: name.to_owned(),
        source: source.and_then(Result::ok).unwrap_or_else(|| Source::Builtin(name.to_owned())),
        version: node.text("version"),
        signer: node.text("signer"),
        grants: node.get("grants").map(grants).unwrap_or_default(),
        config: node.get("config").map_or_else(|| Value::Object(Map::new()), Node::to_json),
        overrides: node.texts("overrides"),
        on_failure: match node.get("on-failure").and_then(Node::as_text) {
            Some("warn") => OnFailure::Warn,
            _ => OnFailure::Fail,
        },
        limits: limits(node.get("limits")),
        location: sources.locate(entry.key),
    }
}

/// The limits of a call: the usual ones, where none are named.
pub(super) fn limits(node: Option<&Node>) -> Limits {
    let amount =
        |key| node.and_then(|node| quantity::<u64>(&super::keys::plugin::LIMITS, node, key));
    let defaults = Limits::default();
    Limits {
        time_ms: amount("time").unwrap_or(defaults.time_ms),
        memory: amount("memory").unwrap_or(defaults.memory),
        handles: node.and_then(|node| integer(node, "handles")).unwrap_or(defaults.handles),
        stack: amount("stack").unwrap_or(defaults.stack),
        log: amount("log").unwrap_or(defaults.log),
        host_data: amount("host-data").unwrap_or(defaults.host_data),
    }
}

pub(super) fn grants(node: &Node) -> Grants {
    let words = |command: &Node| -> Vec<String> {
        command.as_list().unwrap_or_default().iter().filter_map(Node::scalar).collect()
    };
    Grants {
        commands: node.items("commands").iter().map(words).collect(),
        files: node.texts("files"),
        env: node.texts("env"),
        aws: node.texts("aws"),
        network: node.texts("network"),
        images: flag(node, "images"),
        clock: flag(node, "clock"),
        random: flag(node, "random"),
    }
}

fn flag(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::as_bool).unwrap_or(false)
}

fn integer(node: &Node, key: &str) -> Option<u32> {
    node.get(key)?.as_integer()?.try_into().ok()
}

/// The amount below `key`, whose units its shape knows.
fn quantity<T: TryFrom<u64>>(
    shape: &super::shape::TableShape,
    node: &Node,
    key: &str,
) -> Option<T> {
    let Shape::Quantity(quantity) = shape.key(key)?.shape else { return None };
    quantity.parse(node.get(key)?).ok()?.try_into().ok()
}
