//! Hundreds of functions.

use std::fmt::Write as _;

use super::{BOOTSTRAP, zips};
use crate::support::Project;

/// So many functions that share their code and their role: two resources each.
fn functions(count: usize) -> Project {
    let mut manifest = "[service]\nname = \"many\"\nregion = \"eu-central-1\"\n".to_owned();
    for number in 0..count {
        writeln!(
            manifest,
            "[functions.f{number}]\ncode = \"bootstrap\"\nrole = \"arn:aws:iam::123456789012:role/all\""
        )
        .unwrap();
    }
    Project::new(&manifest).script("bootstrap", BOOTSTRAP)
}

#[test]
fn hundreds_of_functions_share_one_package() {
    let project = functions(240);
    let result = project.phalanx("package --output json").succeeds().json();
    assert_eq!(result["packages"][0]["functions"].as_array().unwrap().len(), 240);
    assert_eq!(zips(&project).len(), 1);
    let plan = project.phalanx("plan --local --output json").succeeds().json();
    assert_eq!(
        plan["resources"].as_array().unwrap().len(),
        project.template()["Resources"].as_object().unwrap().len()
    );
    project.phalanx("deploy --local").succeeds();
    project.phalanx("invoke f239 --local").succeeds();
    project.phalanx("plan --local --exit-code").succeeds();
}

#[test]
fn more_resources_than_cloudformation_takes_are_refused() {
    let project = functions(400);
    let refused = project.phalanx("plan --local").exits(2);
    insta::assert_snapshot!(refused.error(), @r"
    error: the template has 1 error
      resource-count: the template has 800 resources, CloudFormation takes 500 at most
        at /Resources
        hint: move a part of them to another service; most are 400 AWS::Lambda::Function, 400 AWS::Logs::LogGroup
    ");
}
