//! What an apply or a delete does to each resource, as the events that CloudFormation would tell.

use indexmap::IndexMap;

use super::history::{Provisioned, StackEvent};

const STACK: &str = "AWS::CloudFormation::Stack";

/// The events of one operation, in order.
pub(super) struct Events {
    stack: String,
    /// What happened so far.
    pub(super) events: Vec<StackEvent>,
}

impl Events {
    pub(super) fn new(stack: &str) -> Self {
        Self { stack: stack.to_owned(), events: Vec::new() }
    }

    /// A status of the stack itself.
    pub(super) fn stack(&mut self, status: &str) {
        let stack = self.stack.clone();
        self.push(&stack, STACK, status, None);
    }

    /// From `before` to `after`: makes and changes in order of dependency, then removes in the
    /// opposite one, as CloudFormation's clean-up does.
    pub(super) fn apply(
        &mut self,
        before: &IndexMap<String, Provisioned>,
        after: &IndexMap<String, Provisioned>,
    ) {
        let mut replaced = Vec::new();
        for (logical_id, new) in after {
            match before.get(logical_id) {
                None => self.pair(logical_id, new, "CREATE", None),
                Some(old) if old.generation != new.generation => {
                    let reason = "the change needs a new resource";
                    self.pair(logical_id, new, "UPDATE", Some(reason));
                    replaced.push(logical_id);
                }
                Some(old) if old.properties != new.properties => {
                    self.pair(logical_id, new, "UPDATE", None);
                }
                Some(_) => {}
            }
        }
        for (logical_id, old) in before.iter().rev() {
            if !after.contains_key(logical_id) {
                self.remove(logical_id, old, old.retain_on_delete);
            } else if replaced.contains(&logical_id) {
                self.remove(logical_id, old, old.retain_on_replace);
            }
        }
    }

    fn remove(&mut self, logical_id: &str, old: &Provisioned, retain: bool) {
        if retain {
            let reason = format!("`{}` is kept by its policy", old.physical_id);
            self.push(logical_id, &old.resource_type, "DELETE_SKIPPED", Some(reason));
        } else {
            self.pair(logical_id, old, "DELETE", None);
        }
    }

    fn pair(&mut self, logical_id: &str, resource: &Provisioned, verb: &str, reason: Option<&str>) {
        for (state, reason) in [("IN_PROGRESS", reason), ("COMPLETE", None)] {
            let status = format!("{verb}_{state}");
            self.push(logical_id, &resource.resource_type, &status, reason.map(str::to_owned));
        }
    }

    fn push(&mut self, logical_id: &str, kind: &str, status: &str, reason: Option<String>) {
        self.events.push(StackEvent {
            logical_id: logical_id.to_owned(),
            resource_type: kind.to_owned(),
            status: status.to_owned(),
            reason,
        });
    }
}
