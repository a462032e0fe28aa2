//! `case.toml`: one call of a plugin, for its tests.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::node::Node;
use super::problem::ManifestError;
use super::service::{Grants, Limits};
use super::{keys, lower, single};

/// What a case can call.
pub(super) const HOOKS: [&str; 8] = [
    "pre-build",
    "post-build",
    "template-decorate",
    "template-validate",
    "post-provision",
    "rollback",
    "pre-delete",
    "post-delete",
];

/// One call of a plugin and all that it finds around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The hook's name.
    pub hook: String,
    /// What it shows, in one sentence.
    pub about: Option<String>,
    /// Functions that name the plugin, with their logical ids.
    pub functions: IndexMap<String, String>,
    /// The plugin's config: a JSON object.
    pub config: Value,
    /// What is in the context.
    pub context: Map<String, Value>,
    /// What the plugin may reach.
    pub grants: Grants,
    /// What of other plugins it may change.
    pub overrides: Vec<String>,
    /// Limits of the call.
    pub limits: Limits,
    /// Facts of the run.
    pub run: CaseRun,
    /// The environment's variables.
    pub environment: IndexMap<String, String>,
    /// The template's file in the case's folder; `template.json` when it is there and none is named.
    pub template: Option<String>,
    /// The folder in the case's folder that stands for the service's.
    pub files: String,
    /// What is in the packages: folders by function.
    pub packages: IndexMap<String, String>,
    /// The deployed stack.
    pub stack: CaseStack,
    /// What failed.
    pub outcome: CaseOutcome,
}

/// Facts of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRun {
    /// The service's name.
    pub service: String,
    /// The stage.
    pub stage: String,
    /// The stack's name.
    pub stack_name: String,
    /// The region.
    pub region: String,
    /// The account, when it is known.
    pub account: Option<String>,
    /// Digest of what goes into the build.
    pub build_id: String,
    /// Nothing outside this machine may be changed.
    pub dry_run: bool,
}

/// The deployed stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseStack {
    /// Its ARN, when one is named.
    pub id: Option<String>,
    /// This run created it.
    pub created: bool,
    /// This run changed nothing.
    pub unchanged: bool,
    /// Outputs by key.
    pub outputs: IndexMap<String, String>,
    /// Resources by logical id.
    pub resources: IndexMap<String, CaseResource>,
}

/// A resource of the deployed stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResource {
    /// CloudFormation type.
    pub resource_type: String,
    /// Name in the cloud.
    pub physical_id: String,
    /// CloudFormation status.
    pub status: String,
}

/// How the run went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The step.
    pub failed_step: String,
    /// The error's code.
    pub code: String,
    /// The error.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The steps that had completed.
    pub completed: Vec<String>,
}

/// Reads a case's text; `name` is what people are shown.
///
/// # Errors
/// All mistakes at once.
pub fn read_case(name: &str, text: String) -> Result<Case, ManifestError> {
    let (tree, _) = single::read(name, text, &keys::case::CASE)?;
    let json = |key: &str| match tree.get(key).map(Node::to_json) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    Ok(Case {
        hook: tree.text("hook").unwrap_or_default(),
        about: tree.text("about"),
        functions: tree.scalars("functions"),
        config: Value::Object(json("config")),
        context: json("context"),
        grants: tree.get("grants").map(lower::grants).unwrap_or_default(),
        overrides: tree.texts("overrides"),
        limits: lower::limits(tree.get("limits")),
        run: run(tree.get("run")),
        environment: tree.scalars("environment"),
        template: tree.text("template"),
        files: tree.text("files").unwrap_or_else(|| "service".into()),
        packages: tree.scalars("packages"),
        stack: stack(tree.get("stack")),
        outcome: outcome(tree.get("outcome")),
    })
}

fn run(node: Option<&Node>) -> CaseRun {
    let text = |key: &str, default: &str| text(node, key).unwrap_or_else(|| default.to_owned());
    let (service, stage) = (text("service", "service"), text("stage", "dev"));
    CaseRun {
        stack_name: text("stack-name", &format!("{service}-{stage}")),
        service,
        stage,
        region: text("region", "eu-central-1"),
        account: self::text(node, "account"),
        build_id: text("build-id", ""),
        dry_run: flag(node, "dry-run"),
    }
}

fn stack(node: Option<&Node>) -> CaseStack {
    let resource = |node: &Node| CaseResource {
        resource_type: node.text("type").unwrap_or_default(),
        physical_id: node.text("physical-id").unwrap_or_default(),
        status: node.text("status").unwrap_or_else(|| "CREATE_COMPLETE".into()),
    };
    let resources = node.into_iter().flat_map(|node| node.entries("resources"));
    CaseStack {
        id: text(node, "id"),
        created: flag(node, "created"),
        unchanged: flag(node, "unchanged"),
        outputs: node.map(|node| node.scalars("outputs")).unwrap_or_default(),
        resources: resources.map(|(id, entry)| (id.to_owned(), resource(&entry.node))).collect(),
    }
}

fn outcome(node: Option<&Node>) -> CaseOutcome {
    let or = |key: &str, default: &str| text(node, key).unwrap_or_else(|| default.to_owned());
    CaseOutcome {
        failed_step: or("failed-step", "provision"),
        code: or("code", "failed"),
        message: or("message", "it failed"),
        hint: text(node, "hint"),
        completed: node.map(|node| node.texts("completed")).unwrap_or_default(),
    }
}

fn text(node: Option<&Node>, key: &str) -> Option<String> {
    node?.text(key)
}

fn flag(node: Option<&Node>, key: &str) -> bool {
    node.and_then(|node| node.get(key)?.as_bool()).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hint::Explain as _;

    #[test]
    fn what_a_case_does_not_say_is_usual() {
        let case = read_case("case.toml", "hook = \"pre-build\"\n".to_owned()).unwrap();
        assert_eq!((case.run.stack_name.as_str(), case.files.as_str()), ("service-dev", "service"));
        assert_eq!((case.limits, case.grants), (Limits::default(), Grants::default()));
    }

    #[test]
    fn all_mistakes_are_shown_where_they_stand() {
        let text = "hook = \"decorate\"\n[stack.resources.Queue]\ntype = \"AWS::SQS::Queue\"\n";
        let error = read_case("case.toml", text.to_owned()).unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.details().unwrap()));
    }
}
