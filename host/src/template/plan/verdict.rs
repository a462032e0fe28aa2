//! What the cloud itself says of a change, which is the truth where there is one.
//!
//! The plan is worked out from texts; a cloud also knows what functions and parameters come to. Its
//! word on whether a resource is replaced takes the place of the plan's. Who caused a change remains
//! the plan's to say.

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Action, Plan, PropertyChange, Replacement, ResourceChange, SERVICE, Spec, is_destructive,
};

/// What the cloud says that happens to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its CloudFormation type.
    pub resource_type: String,
    /// What happens to it.
    pub action: Action,
    /// Whether it is replaced.
    pub replacement: Replacement,
    /// The properties and attributes that change, such as `Properties.QueueName`, each once; the flag
    /// is true when that change certainly replaces the resource.
    pub changes: Vec<(String, bool)>,
}

impl Plan {
    /// Takes over what the cloud says. `before` and `after` are the templates that the plan compared.
    pub fn settle(
        &mut self,
        verdicts: &IndexMap<String, Verdict>,
        before: &Value,
        after: &Value,
        spec: &dyn Spec,
    ) {
        self.resources.retain_mut(|change| match verdicts.get(&change.logical_id) {
            Some(verdict) => {
                correct(change, verdict, before, after, spec);
                true
            }
            None => keep(change),
        });
        for (id, verdict) in verdicts {
            if !self.resources.iter().any(|change| change.logical_id == *id) {
                let mut change = ResourceChange::unchanged(id, &verdict.resource_type);
                change.action = verdict.action;
                change.caused_by = vec![SERVICE.to_owned()];
                correct(&mut change, verdict, before, after, spec);
                self.resources.push(change);
            }
        }
    }
}

/// Both know of the change.
fn correct(
    change: &mut ResourceChange,
    verdict: &Verdict,
    before: &Value,
    after: &Value,
    spec: &dyn Spec,
) {
    for (path, replaces) in &verdict.changes {
        let within = |known: &str| {
            known == path
                || known.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        let mut known = change.properties.iter_mut().filter(|one| within(&one.path)).peekable();
        if known.peek().is_none() && !matches!(change.action, Action::Add | Action::Remove) {
            change.properties.push(PropertyChange {
                path: path.clone(),
                before: None,
                after: None,
                replaces: *replaces,
                through: None,
                caused_by: change.caused_by.first().cloned().unwrap_or_else(|| SERVICE.to_owned()),
            });
            continue;
        }
        for property in known {
            property.replaces = *replaces;
        }
    }
    if matches!(change.action, Action::Add | Action::Remove) {
        return;
    }
    change.replacement = verdict.replacement;
    change.action =
        if verdict.replacement == Replacement::Always { Action::Replace } else { Action::Modify };
    let certain = verdict.changes.iter().filter(|(_, replaces)| *replaces);
    let certain: Vec<String> = certain.map(|(path, _)| path.clone()).collect();
    match verdict.replacement {
        Replacement::Never => change.replaced_by.clear(),
        _ if !certain.is_empty() => change.replaced_by = certain,
        _ => {}
    }
    let id = &change.logical_id;
    let old = &before["Resources"][id];
    change.destructive =
        change.action == Action::Replace && is_destructive(old, &after["Resources"][id], spec);
}

/// Only the plan knows of the change: the cloud has found that a value which refers to something
/// stays what it is, or the change is in a part that is no business of the cloud, such as metadata.
fn keep(change: &mut ResourceChange) -> bool {
    if matches!(change.action, Action::Add | Action::Remove) {
        return true;
    }
    change.properties.retain(|property| property.through.is_none());
    change.replacement = Replacement::Never;
    change.replaced_by.clear();
    change.action = Action::Modify;
    change.destructive = false;
    !change.properties.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::plan::plan;
    use crate::template::spec::Table;

    fn verdict(replacement: Replacement, changes: &[(&str, bool)]) -> Verdict {
        Verdict {
            resource_type: "AWS::SQS::Queue".into(),
            action: Action::Modify,
            replacement,
            changes: changes.iter().map(|(path, flag)| ((*path).to_owned(), *flag)).collect(),
        }
    }

    fn queue(properties: &Value) -> Value {
        json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue", "Properties": properties } } })
    }

    fn settled(before: &Value, after: &Value, verdicts: &[(&str, Verdict)]) -> Plan {
        let mut plan = plan(Some(before), after, &[], &Table);
        let verdicts = verdicts.iter().map(|(id, one)| ((*id).to_owned(), one.clone())).collect();
        plan.settle(&verdicts, before, after, &Table);
        plan
    }

    #[test]
    fn the_clouds_word_on_replacement_wins() {
        let before = queue(&json!({ "QueueName": { "Ref": "Name" }, "DelaySeconds": 1 }));
        let after = queue(&json!({ "QueueName": "orders", "DelaySeconds": 1 }));
        let alone = plan(Some(&before), &after, &[], &Table);
        assert_eq!(alone.resources[0].action, Action::Replace);
        let same = verdict(Replacement::Never, &[("Properties.QueueName", false)]);
        let settled = settled(&before, &after, &[("Queue", same)]);
        assert_eq!(settled.resources[0].action, Action::Modify);
        assert!(!settled.is_destructive());
        assert!(settled.resources[0].replaced_by.is_empty());
    }

    #[test]
    fn what_only_the_cloud_knows_is_added_and_may_lose_data() {
        let template = queue(&json!({ "QueueName": "{{resolve:ssm:name}}" }));
        let always = verdict(Replacement::Always, &[("Properties.QueueName", true)]);
        let plan = settled(&template, &template, &[("Queue", always)]);
        let change = &plan.resources[0];
        assert_eq!((change.action, change.destructive), (Action::Replace, true));
        assert_eq!(change.replaced_by, ["Properties.QueueName"]);
        assert_eq!(change.caused_by, [SERVICE]);
    }

    #[test]
    fn what_the_cloud_does_not_see_replaces_nothing() {
        let before = queue(&json!({ "QueueName": { "Ref": "Name" } }));
        let after = queue(&json!({ "QueueName": "orders" }));
        let plan = settled(&before, &after, &[]);
        assert_eq!(plan.resources[0].action, Action::Modify);
        assert!(!plan.is_destructive());
    }

    #[test]
    fn an_outer_path_covers_what_is_in_it() {
        let before = queue(&json!({ "RedrivePolicy": { "maxReceiveCount": 1 } }));
        let after = queue(&json!({ "RedrivePolicy": { "maxReceiveCount": 2 } }));
        let outer = verdict(Replacement::Never, &[("Properties.RedrivePolicy", false)]);
        let plan = settled(&before, &after, &[("Queue", outer)]);
        let paths: Vec<_> = plan.resources[0].properties.iter().map(|one| &one.path).collect();
        assert_eq!(paths, ["Properties.RedrivePolicy.maxReceiveCount"]);
    }
}
