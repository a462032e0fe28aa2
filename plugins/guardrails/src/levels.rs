//! The rules' names, and the level that the config gives each.

use phalanx_plugin::{Finding, Severity, Value, json};
use serde::Deserialize;

/// `rules = { wildcard-action = "warning" }`; a rule that is not named keeps its own level.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Levels {
    public_bucket: Option<Level>,
    wildcard_action: Option<Level>,
    wildcard_resource: Option<Level>,
    unencrypted_queue: Option<Level>,
    missing_log_retention: Option<Level>,
    missing_deletion_policy: Option<Level>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Off,
    Warning,
    Error,
}

/// Name and meaning of every rule.
const RULES: [(&str, &str); 6] = [
    ("public-bucket", "A bucket that everybody can read or write."),
    (
        "wildcard-action",
        "An IAM statement that allows all actions of a service, or of all services.",
    ),
    ("wildcard-resource", "An IAM statement that allows actions on all resources."),
    ("unencrypted-queue", "An SQS queue without encryption."),
    ("missing-log-retention", "A log group that keeps its logs for ever."),
    ("missing-deletion-policy", "A resource with data, and no word on what becomes of it."),
];

impl Levels {
    pub(crate) fn schema() -> Value {
        let rule = |&(name, description): &(&str, &str)| {
            let schema = json!({ "description": description, "enum": ["off", "warning", "error"] });
            (name.to_owned(), schema)
        };
        json!({
            "description": "Level by rule; a rule that is not named keeps its own.",
            "type": "object",
            "properties": RULES.iter().map(rule).collect::<serde_json::Map<_, _>>(),
            "additionalProperties": false,
        })
    }

    /// The finding at the level of its rule; none when the rule is off.
    pub(crate) fn apply(&self, mut finding: Finding) -> Option<Finding> {
        match self.get(&finding.rule) {
            Some(Level::Off) => return None,
            Some(Level::Warning) => finding.severity = Severity::Warning,
            Some(Level::Error) => finding.severity = Severity::Error,
            None => {}
        }
        Some(finding)
    }

    fn get(&self, rule: &str) -> Option<Level> {
        match rule {
            "public-bucket" => self.public_bucket,
            "wildcard-action" => self.wildcard_action,
            "wildcard-resource" => self.wildcard_resource,
            "unencrypted-queue" => self.unencrypted_queue,
            "missing-log-retention" => self.missing_log_retention,
            "missing-deletion-policy" => self.missing_deletion_policy,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use phalanx_plugin::Pointer;

    use super::*;

    #[test]
    fn every_rule_of_the_schema_can_be_switched_off() {
        for (name, _) in RULES {
            let levels: Levels = serde_json::from_value(json!({ name: "off" })).unwrap();
            let finding = Finding::new(Severity::Error, name, Pointer::root(), "x");
            assert_eq!(levels.apply(finding), None, "{name}");
        }
    }

    #[test]
    fn an_unknown_rule_is_refused() {
        assert!(serde_json::from_value::<Levels>(json!({ "no-such-rule": "off" })).is_err());
    }
}
