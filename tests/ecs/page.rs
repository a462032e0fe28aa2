//! The page that compares with the framework that Phalanx follows, `docs/ecs.md`: its service is
//! packaged, and its tables say what the template has.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::{Project, findings, repository};

/// What the original's decorator added, and the framework with it.
const SPARTA: [&str; 11] = [
    "WorkerQueue",
    "ECSCluster",
    "ECSService",
    "ECSLogGroupName",
    "ECSTaskDefinition",
    "ECSAutoScalingGroup",
    "ECSAutoScalingLaunchConfig",
    "IAMInstanceProfile",
    "EC2IAMRoleName",
    "AWSRegionToAMI",
    "HelloWorldLambda",
];

fn page() -> String {
    fs::read_to_string(repository().join("docs/ecs.md")).unwrap()
}

/// The service of the page, packaged.
fn service(page: &str) -> Project {
    let manifest =
        page.split("```toml phalanx.toml\n").nth(1).unwrap().split("```").next().unwrap();
    let project = Project::new(manifest).script("app/bootstrap", "#!/bin/sh\n");
    project.phalanx("package").succeeds();
    project
}

/// The cells of the rows of the section with this title, without its head.
fn rows<'a>(page: &'a str, title: &str) -> Vec<Vec<&'a str>> {
    let section = page.split(&format!("\n## {title}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The texts in backticks, each with the word behind it.
fn named(cell: &str) -> Vec<(&str, &str)> {
    let mut parts = cell.split('`').skip(1);
    let mut found = Vec::new();
    while let (Some(name), Some(after)) = (parts.next(), parts.next()) {
        let word = after.split_whitespace().next().unwrap_or_default();
        found.push((name, word.trim_end_matches(',')));
    }
    found
}

/// Id and type of what a section of the template has.
fn entries(template: &Value, section: &str) -> BTreeSet<(String, String)> {
    let entries = template[section].as_object().unwrap().iter();
    entries.map(|(id, one)| (id.clone(), one["Type"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn every_resource_is_on_the_page_and_nothing_else() {
    let page = page();
    let project = service(&page);
    assert_eq!(findings(project.read(".phalanx/template.json")), Vec::<String>::new());
    let template = project.template();
    let rows = rows(&page, "Resources");

    let mut told = BTreeSet::new();
    for row in &rows {
        let types = named(row[1]).into_iter().filter(|(_, of_type)| of_type.starts_with("AWS::"));
        // `<` would begin an element of HTML.
        told.extend(types.map(|(id, of_type)| (id.to_owned(), of_type.replace("\\<", "<"))));
    }
    let mut there = entries(&template, "Resources");
    there.extend(entries(&template, "Parameters"));
    assert_eq!(told, there);

    let outputs = rows.iter().find(|row| row[1].starts_with("outputs ")).unwrap();
    let told: Vec<_> = named(outputs[1]).into_iter().map(|(id, _)| id).collect();
    let there: Vec<_> = template["Outputs"].as_object().unwrap().keys().collect();
    assert_eq!(told, there);

    let left: BTreeSet<_> = rows.iter().flat_map(|row| named(row[0])).map(|(id, _)| id).collect();
    assert!(SPARTA.iter().all(|id| left.contains(id)), "{left:?}");
}

#[test]
fn every_right_is_on_the_page() {
    let page = page();
    let template = service(&page).template();
    let rows = rows(&page, "Rights");
    let mut everywhere = BTreeSet::new();
    // The rows name each role that the plugin makes, and no action that a role of theirs has not.
    for role in ["WorkerInstanceRole", "WorkerExecutionRole", "WorkerTaskRole"] {
        let policy = &template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"];
        let statements = policy["Statement"].as_array().unwrap();
        let mut allowed: BTreeSet<&str> = BTreeSet::new();
        for statement in statements {
            let actions = statement["Action"].as_array().unwrap().iter();
            let actions: Vec<_> = actions.map(|action| action.as_str().unwrap()).collect();
            if statement["Resource"] == "*" {
                everywhere.extend(actions.clone());
            }
            allowed.extend(actions);
        }
        let own: Vec<_> = rows.iter().filter(|row| row[4].contains(role)).collect();
        let told: Vec<_> =
            own.iter().flat_map(|row| named(row[0]).into_iter().chain(named(row[2]))).collect();
        for action in &allowed {
            let known = |told: &str| {
                told.strip_suffix('*').map_or(told == *action, |start| action.starts_with(start))
            };
            assert!(told.iter().any(|(told, _)| known(told)), "`{role}` has {action}");
        }
        for row in own {
            for (action, _) in named(row[2]).into_iter().filter(|(name, _)| name.contains(':')) {
                assert!(allowed.contains(action), "`{role}` has no {action}");
            }
        }
    }
    // Only what IAM cannot narrow is allowed on everything.
    let wide: Vec<_> = rows.iter().filter(|row| row[3] == "everything").collect();
    let exact = |(name, _): &(&str, &str)| name.contains(':') && !name.contains('*');
    let told: BTreeSet<&str> = wide
        .iter()
        .inspect(|row| assert!(row[2].contains("IAM knows no narrower resource"), "{row:?}"))
        .flat_map(|row| named(row[0]).into_iter().chain(named(row[2])).filter(exact))
        .map(|(action, _)| action)
        .collect();
    assert_eq!(told, everywhere);
}
