//! Circles of dependencies, each shown by its shortest way round with what makes each step.

use std::collections::{HashMap, VecDeque};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::{Map, Value};

use super::{Findings, Scan};
use crate::template::Pointer;
use crate::template::references::{Kind, Reference};

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    let of_resources = |reference: &&Reference| match reference.kind {
        Kind::Ref | Kind::Sub | Kind::GetAtt | Kind::DependsOn => true,
        Kind::Condition | Kind::FindInMap => false,
    };
    find(scan, "Resources", scan.resources, of_resources, findings);
    let of_conditions = |reference: &&Reference| reference.kind == Kind::Condition;
    find(scan, "Conditions", scan.conditions, of_conditions, findings);
}

/// Nodes are the ids of a section; an edge is the first reference from one to another.
type Graph<'a> = DiGraph<&'a str, &'a Reference>;

fn find(
    scan: &Scan<'_>,
    section: &str,
    entries: Option<&Map<String, Value>>,
    counts: impl Fn(&&Reference) -> bool,
    findings: &mut Findings,
) {
    let mut graph = Graph::new();
    let mut nodes = HashMap::new();
    for id in super::keys(entries) {
        nodes.insert(id, graph.add_node(id));
    }
    for reference in scan.references.iter().filter(counts) {
        let mut tokens = reference.at.tokens();
        if tokens.next().as_deref() != Some(section) {
            continue;
        }
        let from = tokens.next().and_then(|id| nodes.get(id.as_ref()).copied());
        if let (Some(from), Some(&to)) = (from, nodes.get(reference.target.as_str()))
            && !graph.contains_edge(from, to)
        {
            graph.add_edge(from, to, reference);
        }
    }
    // Tarjan yields them in its own order; people read top to bottom.
    let mut circles: Vec<_> = tarjan_scc(&graph)
        .into_iter()
        .filter_map(|component| component.into_iter().min())
        .filter_map(|start| shortest_round(&graph, start))
        .collect();
    circles.sort_by_key(|circle| circle.first().map(|(from, _)| *from));
    for circle in circles {
        report(section, &graph, &circle, findings);
    }
}

/// The references on the shortest way from `start` back to it, each with where it starts; none when
/// no way leads back.
fn shortest_round<'a>(
    graph: &Graph<'a>,
    start: NodeIndex,
) -> Option<Vec<(NodeIndex, &'a Reference)>> {
    let mut came_by: HashMap<NodeIndex, (NodeIndex, &'a Reference)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        // Petgraph gives the latest edge first; in document order the answer reads naturally.
        let mut edges: Vec<_> = graph.edges(node).collect();
        edges.sort_by_key(petgraph::visit::EdgeRef::target);
        for edge in edges {
            let to = petgraph::visit::EdgeRef::target(&edge);
            if came_by.contains_key(&to) {
                continue;
            }
            came_by.insert(to, (node, *edge.weight()));
            if to == start {
                return Some(walk_back(&came_by, start));
            }
            queue.push_back(to);
        }
    }
    None
}

fn walk_back<'a>(
    came_by: &HashMap<NodeIndex, (NodeIndex, &'a Reference)>,
    start: NodeIndex,
) -> Vec<(NodeIndex, &'a Reference)> {
    let mut steps = Vec::new();
    let mut node = start;
    loop {
        let (from, reference) = came_by[&node];
        steps.push((from, reference));
        node = from;
        if node == start {
            break;
        }
    }
    steps.reverse();
    steps
}

fn report(
    section: &str,
    graph: &Graph<'_>,
    circle: &[(NodeIndex, &Reference)],
    findings: &mut Findings,
) {
    let mut way: Vec<_> = circle.iter().map(|(from, _)| graph[*from]).collect();
    way.extend(way.first().copied());
    let steps: Vec<_> = circle
        .iter()
        .map(|(from, reference)| {
            format!("`{}` needs `{}` in `{}`", graph[*from], reference.target, place(reference))
        })
        .collect();
    let (things, at) = match circle {
        [(_, reference)] => ("itself", reference.at.clone()),
        _ => ("each other in a circle", Pointer::of([section, way[0]])),
    };
    let kind = section.trim_end_matches('s').to_lowercase();
    let who =
        if circle.len() == 1 { format!("a {kind} depends") } else { format!("{kind}s depend") };
    findings.error(
        "cycle",
        at,
        format!("{who} on {things}: {} ({})", way.join(" -> "), steps.join(", ")),
        Some("remove one of these references, or move it into a resource of its own".to_owned()),
    );
}

/// The property that holds a reference, such as `Properties.Tags.0.Value`.
fn place(reference: &Reference) -> String {
    let is_function = |token: &str| token == "Ref" || token.starts_with("Fn::");
    let tokens: Vec<_> = reference.at.tokens().skip(2).collect();
    let property = tokens.iter().take_while(|token| !is_function(token)).count();
    // A condition is nothing but functions.
    tokens[..if property == 0 { tokens.len() } else { property }].join(".")
}
