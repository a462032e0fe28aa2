//! From a template to provisioned resources: conditions, order, functions, names.
//!
//! Pure: nothing is written here, so whatever fails leaves the stack as it was.

use indexmap::{IndexMap, IndexSet};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::DfsPostOrder;
use serde_json::{Map, Value, json};

use super::history::{Provisioned, Revision};
use super::made_up::{ACCOUNT, Resource};
use super::{LocalError, parameters};
use crate::template::intrinsics::{Scope, evaluate_conditions, resolve_at};
use crate::template::references::{self, Kind};
use crate::template::{Pointer, spec};

/// What all of a stack's evaluation needs to know.
pub(super) struct Surroundings<'a> {
    pub(super) stack: &'a str,
    pub(super) stack_id: &'a str,
    pub(super) region: &'a str,
    pub(super) template: &'a Value,
    /// Values of all parameters, as texts.
    pub(super) parameters: &'a IndexMap<String, String>,
    /// What other stacks export, with the stack's name.
    pub(super) exports: &'a IndexMap<String, (String, String)>,
}

/// The result.
pub(super) struct Evaluated {
    /// In the order of provisioning.
    pub(super) resources: IndexMap<String, Provisioned>,
    /// Sorted by name.
    pub(super) outputs: IndexMap<String, String>,
    /// By exported name.
    pub(super) exports: IndexMap<String, String>,
}

/// Evaluates the whole template. Resources of `before` keep their ids unless a change replaces them.
pub(super) fn evaluate(
    around: &Surroundings<'_>,
    before: Option<&Revision>,
) -> Result<Evaluated, LocalError> {
    let mut state = State { around, conditions: IndexMap::new(), resources: IndexMap::new() };
    state.conditions = evaluate_conditions(around.template, &state)
        .map_err(|source| LocalError::Conditions(Box::new(source)))?;
    let declared = section(around.template, "Resources");
    let wanted: IndexMap<&str, &Value> = declared
        .iter()
        .filter(|(_, resource)| state.holds(resource))
        .map(|(id, resource)| (id.as_str(), resource))
        .collect();
    for logical_id in in_order(&wanted)? {
        let old = before.and_then(|before| before.resources.get(logical_id));
        let provisioned = state.provision(logical_id, wanted[logical_id], old)?;
        state.resources.insert(logical_id.to_owned(), provisioned);
    }
    let (outputs, exports) = state.outputs()?;
    Ok(Evaluated { resources: state.resources, outputs, exports })
}

/// Dependencies first; where there are none, the template's order.
fn in_order<'a>(wanted: &IndexMap<&'a str, &'a Value>) -> Result<IndexSet<&'a str>, LocalError> {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<NodeIndex> = wanted.iter().map(|_| graph.add_node(())).collect();
    for (index, (logical_id, resource)) in wanted.iter().enumerate() {
        let on = match resource.get("DependsOn") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => Vec::new(),
        };
        if let Some(target) = on.iter().find(|target| !wanted.contains_key(*target)) {
            return Err(LocalError::MissingDependency {
                logical_id: (*logical_id).to_owned(),
                target: (*target).to_owned(),
            });
        }
        let named: Vec<String> = references::in_value(resource, &Pointer::root())
            .filter(|found| matches!(found.kind, Kind::Ref | Kind::GetAtt | Kind::Sub))
            .map(|found| found.target)
            .collect();
        let targets = on.into_iter().chain(named.iter().map(String::as_str));
        for target in targets.filter_map(|target| wanted.get_index_of(target)) {
            graph.update_edge(nodes[index], nodes[target], ());
        }
    }
    if let Err(cycle) = petgraph::algo::toposort(&graph, None) {
        return Err(LocalError::Cycle(circle(&graph, cycle.node_id(), wanted)));
    }
    let mut ordered = IndexSet::with_capacity(wanted.len());
    let mut walk = DfsPostOrder::empty(&graph);
    for node in nodes {
        walk.move_to(node);
        while let Some(done) = walk.next(&graph) {
            ordered.extend(wanted.get_index(done.index()).map(|(logical_id, _)| *logical_id));
        }
    }
    Ok(ordered)
}

/// The way from a resource back to itself, by its shortest.
fn circle(
    graph: &DiGraph<(), ()>,
    start: NodeIndex,
    wanted: &IndexMap<&str, &Value>,
) -> Vec<String> {
    let name = |node: NodeIndex| {
        wanted.get_index(node.index()).map_or_else(String::new, |(id, _)| (*id).to_owned())
    };
    let ways = graph.neighbors(start).filter_map(|next| {
        let way = petgraph::algo::astar(graph, next, |node| node == start, |_| 1_usize, |_| 0);
        way.map(|(_, nodes)| nodes)
    });
    let back = ways.min_by_key(Vec::len).unwrap_or_default();
    std::iter::once(start).chain(back).map(name).collect()
}

struct State<'a> {
    around: &'a Surroundings<'a>,
    conditions: IndexMap<String, bool>,
    resources: IndexMap<String, Provisioned>,
}

impl State<'_> {
    /// Whether an entry's `Condition`, if it has one, holds. One that is unknown is kept: the check of
    /// the template tells of it.
    fn holds(&self, entry: &Value) -> bool {
        let name = entry.get("Condition").and_then(Value::as_str);
        name.and_then(|name| self.conditions.get(name)).copied().unwrap_or(true)
    }

    fn provision(
        &self,
        logical_id: &str,
        resource: &Value,
        old: Option<&Provisioned>,
    ) -> Result<Provisioned, LocalError> {
        let resource_type = resource.get("Type").and_then(Value::as_str);
        let resource_type =
            resource_type.ok_or_else(|| LocalError::NoType(logical_id.to_owned()))?;
        let mut properties = Map::new();
        for (name, value) in section(resource, "Properties") {
            let at = Pointer::of(["Resources", logical_id, "Properties", name]);
            let value = resolve_at(value, at, self).map_err(|source| LocalError::Property {
                logical_id: logical_id.to_owned(),
                resource_type: resource_type.to_owned(),
                property: name.clone(),
                source: Box::new(source),
            })?;
            if !value.is_null() {
                properties.insert(name.clone(), value);
            }
        }
        let generation = match old {
            Some(old) if is_replaced(old, resource_type, &properties) => old.generation + 1,
            Some(old) => old.generation,
            None => 0,
        };
        let policy = |name: &str| {
            let policy = resource.get(name).and_then(Value::as_str);
            matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
        };
        let mut made = Provisioned {
            resource_type: resource_type.to_owned(),
            generation,
            physical_id: String::new(),
            properties,
            retain_on_delete: policy("DeletionPolicy"),
            retain_on_replace: policy("UpdateReplacePolicy"),
        };
        made.physical_id = self.made_up(logical_id, &made).reference();
        Ok(made)
    }

    fn made_up<'a>(&'a self, logical_id: &'a str, made: &'a Provisioned) -> Resource<'a> {
        Resource {
            stack: self.around.stack,
            region: self.around.region,
            logical_id,
            resource_type: &made.resource_type,
            generation: made.generation,
            properties: &made.properties,
        }
    }

    #[expect(clippy::type_complexity, reason = "outputs and exports, both by name")]
    fn outputs(&self) -> Result<(IndexMap<String, String>, IndexMap<String, String>), LocalError> {
        let mut outputs = IndexMap::new();
        let mut exports = IndexMap::new();
        for (name, output) in section(self.around.template, "Outputs") {
            if !self.holds(output) {
                continue;
            }
            let evaluate = |value: &Value, tokens: &[&str]| {
                let mut at = Pointer::of(["Outputs", name]);
                tokens.iter().for_each(|token| at.push(token));
                let value = resolve_at(value, at, self).map_err(|source| LocalError::Output {
                    name: name.clone(),
                    source: Box::new(source),
                })?;
                text(value).map_err(|found| LocalError::OutputNotText { name: name.clone(), found })
            };
            let value = evaluate(output.get("Value").unwrap_or(&Value::Null), &["Value"])?;
            if let Some(export) = output.pointer("/Export/Name") {
                let export = evaluate(export, &["Export", "Name"])?;
                if let Some((owner, _)) = self.around.exports.get(&export) {
                    let (owner, output) = (owner.clone(), name.clone());
                    return Err(LocalError::ExportTaken { export, output, owner });
                }
                exports.insert(export, value.clone());
            }
            outputs.insert(name.clone(), value);
        }
        outputs.sort_unstable_keys();
        Ok((outputs, exports))
    }
}

impl Scope for State<'_> {
    fn parameter(&self, name: &str) -> Option<Value> {
        let value = self.around.parameters.get(name)?;
        let declared = self.around.template.get("Parameters")?.get(name)?;
        Some(parameters::referenced(declared, value))
    }

    fn resource_ref(&self, logical_id: &str) -> Option<Value> {
        self.resources.get(logical_id).map(|made| json!(made.physical_id))
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        let made = self.resources.get(logical_id)?;
        self.made_up(logical_id, made).attribute(attribute)
    }

    fn mapping(&self, name: &str, first_key: &str, second_key: &str) -> Option<Value> {
        let mapping = self.around.template.get("Mappings")?.get(name)?;
        mapping.get(first_key)?.get(second_key).cloned()
    }

    fn condition(&self, name: &str) -> Option<bool> {
        self.conditions.get(name).copied()
    }

    fn pseudo(&self, name: &str) -> Option<Value> {
        Some(match name {
            "AWS::AccountId" => json!(ACCOUNT),
            "AWS::Region" => json!(self.around.region),
            "AWS::Partition" => json!("aws"),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            "AWS::StackName" => json!(self.around.stack),
            "AWS::StackId" => json!(self.around.stack_id),
            "AWS::NotificationARNs" => json!([]),
            _ => return None,
        })
    }

    fn export(&self, name: &str) -> Option<Value> {
        self.around.exports.get(name).map(|(_, value)| json!(value))
    }

    fn zones(&self, region: &str) -> Option<Vec<String>> {
        Some(["a", "b", "c"].map(|zone| format!("{region}{zone}")).to_vec())
    }
}

/// True when CloudFormation would make a new resource instead of changing the old one. Properties
/// that replace only under conditions that AWS alone knows are taken as changes in place.
fn is_replaced(old: &Provisioned, resource_type: &str, properties: &Map<String, Value>) -> bool {
    if old.resource_type != resource_type {
        return true;
    }
    let Some(spec) = spec::lookup(resource_type) else { return false };
    spec.create_only().any(|path| {
        let tokens: Vec<&str> = path.split('/').collect();
        let select = |properties: &Map<String, Value>| {
            let mut found = Vec::new();
            if let Some(value) = properties.get(tokens[0]) {
                collect(value, &tokens[1..], &mut found);
            }
            found
        };
        select(&old.properties) != select(properties)
    })
}

/// The values under a path, in which `*` stands for any item of a list.
fn collect(value: &Value, path: &[&str], found: &mut Vec<Value>) {
    match (path, value) {
        ([], value) => found.push(value.clone()),
        (["*", rest @ ..], Value::Array(list)) => {
            list.iter().for_each(|item| collect(item, rest, found));
        }
        ([token, rest @ ..], value) => {
            if let Some(value) = value.get(token) {
                collect(value, rest, found);
            }
        }
    }
}

fn section<'a>(document: &'a Value, name: &str) -> &'a Map<String, Value> {
    static EMPTY: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
    let found = document.get(name).and_then(Value::as_object);
    found.unwrap_or_else(|| EMPTY.get_or_init(Map::new))
}

fn text(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Null => Err("nothing"),
        Value::Array(_) => Err("a list"),
        Value::Object(_) => Err("an object"),
    }
}
