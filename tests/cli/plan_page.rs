//! `docs/plan.md` names every key of a plan, and no other.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::orders;
use crate::support::{change, repository};

#[test]
fn the_page_names_every_key() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let queue = "Type = \"AWS::SQS::Queue\"";
    change(&project, queue, &format!("{queue}\nProperties = {{ QueueName = \"work\" }}"));
    change(&project, "\"${Queue}\"", "\"${Queue.Arn}\"");
    let plan = project.phalanx("plan --local --output json").succeeds().json();
    let mut printed = BTreeSet::new();
    for (key, value) in plan.as_object().unwrap() {
        printed.insert(key.clone());
        // Its keys are names of the user's.
        if key != "plugins" {
            collect(value, &mut printed);
        }
    }
    let page = fs::read_to_string(repository().join("docs/plan.md")).unwrap();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let told: BTreeSet<String> = cells
        .flat_map(|cell| cell.trim_end_matches('`').split("`, `"))
        .map(str::to_owned)
        .collect();
    let untold: Vec<_> = printed.difference(&told).collect();
    assert!(untold.is_empty(), "docs/plan.md does not tell of {untold:?}");
    let unseen: Vec<_> = told.difference(&printed).collect();
    // No resource refers to the one that is replaced, and every function runs its stack's code.
    assert_eq!(unseen, ["behind", "through"], "docs/plan.md tells of keys that are not there");
}

/// The keys of the objects that describe changes, not those of the values that change.
fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        Value::Object(map) => {
            for (key, value) in map {
                keys.insert(key.clone());
                if !["before", "after"].contains(&key.as_str()) {
                    collect(value, keys);
                }
            }
        }
        _ => {}
    }
}
