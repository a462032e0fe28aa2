//! Lays a stage's overrides over the service.
//!
//! Overrides keep their places, so that a problem they cause points into the stage's own lines.

use indexmap::IndexMap;

use super::keys::STAGE_SERVICE_KEYS;
use super::node::{Content, Entry, Node, Table};
use super::problem::{ManifestError, Problems, complaint, suggest};

/// The stage without any overrides, which every service has.
pub(super) const DEFAULT: &str = "dev";

/// Values that a stage gives the template's parameters.
pub(super) type ParameterValues = IndexMap<String, Entry>;

/// Takes `stages` out of the tree and lays the one called `stage` over the rest.
///
/// # Errors
/// When the manifest declares stages and this is none of them.
pub(super) fn apply(
    tree: &mut Node,
    file: &str,
    stage: &str,
    problems: &mut Problems,
) -> Result<Option<ParameterValues>, ManifestError> {
    let stages = tree.table_mut().and_then(|root| root.shift_remove("stages"));
    let Some(Content::Table(mut stages)) = stages.map(|entry| entry.node.content) else {
        return Ok(None);
    };
    for (name, overrides) in &stages {
        check_functions(tree, name, &overrides.node, problems);
    }
    let Some(overrides) = stages.shift_remove(stage) else {
        if stage == DEFAULT || stages.is_empty() {
            return Ok(None);
        }
        return Err(ManifestError::UnknownStage {
            file: file.to_owned(),
            stage: stage.to_owned(),
            declared: stages.keys().cloned().collect(),
        });
    };
    let mut overrides = overrides.node;
    drop_unknown_functions(tree, &mut overrides);
    let values = take_parameter_values(&mut overrides);
    move_service_keys(&mut overrides);
    tree.merge(overrides);
    Ok(Some(values))
}

/// A function in a stage that is nowhere else is a typing error, not a new function.
fn check_functions(tree: &Node, stage: &str, overrides: &Node, problems: &mut Problems) {
    let functions: Vec<_> = tree.entries("functions").map(|(name, _)| name).collect();
    for (name, entry) in overrides.entries("functions") {
        if !functions.contains(&name) {
            let message =
                format!("stage `{stage}` overrides the function `{name}`, which does not exist");
            problems.add(
                entry.key,
                complaint(message, suggest(name, "functions", functions.iter().copied())),
            );
        }
    }
}

/// They have been reported; laid over the service they would look like incomplete functions.
fn drop_unknown_functions(tree: &Node, overrides: &mut Node) {
    let known = |name: &str| tree.get("functions").is_some_and(|table| table.get(name).is_some());
    let functions = overrides.table_mut().and_then(|table| table.get_mut("functions"));
    if let Some(functions) = functions.and_then(|entry| entry.node.table_mut()) {
        functions.retain(|name, _| known(name));
    }
}

/// A scalar or list is a parameter's value; a table stays, as an override of its declaration.
fn take_parameter_values(overrides: &mut Node) -> ParameterValues {
    let mut values = ParameterValues::new();
    let parameters = overrides.table_mut().and_then(|table| table.get_mut("parameters"));
    if let Some(parameters) = parameters.and_then(|entry| entry.node.table_mut()) {
        let (tables, others): (Table, Table) = std::mem::take(parameters)
            .into_iter()
            .partition(|(_, entry)| entry.node.table().is_some());
        *parameters = tables;
        values = others;
    }
    values
}

/// `[stages.prod] region` is short for `[stages.prod.service] region`.
fn move_service_keys(overrides: &mut Node) {
    let at = overrides.at;
    let Some(table) = overrides.table_mut() else { return };
    let moved: Vec<_> = STAGE_SERVICE_KEYS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), table.shift_remove(*key)?)))
        .collect();
    let Some((_, first)) = moved.first() else { return };
    let short = Node::new(at, Content::Table(Table::new()));
    let service = table.entry("service".into()).or_insert(Entry { key: first.key, node: short });
    service.node.merge(Node::new(at, Content::Table(moved.into_iter().collect())));
}
