//! `examples/pipeline-tour`, as its README tells it.

use super::said_by;
use crate::support::{Project, guests, repository};

/// The example in a folder of its own.
fn tour() -> Project {
    let project = Project::copy_of("examples/pipeline-tour");
    project.write("plugin.wasm", guests::tour());
    project
}

#[test]
fn each_hook_does_what_the_example_says() {
    let project = tour();
    let deployed = project.phalanx("deploy --local").env("CI_COMMIT", "4f2a9c1").succeeds();
    insta::assert_snapshot!(said_by(&deployed, "tour"), @r"
    pipeline-tour at dev: notes: notes/1.0.0.md
    added about.json to the 454 bytes of tour
    stack created, with 4 resources
    TourStack = pipeline-tour-dev of the tour
    ");

    let template = project.template();
    assert_eq!(template["Metadata"]["Owner"], "team-orders");
    assert_eq!(template["Resources"]["TourEvents"]["Type"], "AWS::SNS::Topic");
    let variables = &template["Resources"]["Tour"]["Properties"]["Environment"]["Variables"];
    assert_eq!(variables, &serde_json::json!({ "STAGE": "tour", "OWNER": "team-orders" }));

    // The function answers with the file that `post-build` put into its package.
    let answer = project.phalanx("invoke tour --local").succeeds();
    assert_eq!(answer.json(), serde_json::json!({ "owner": "team-orders", "commit": "4f2a9c1" }));

    let again = project.phalanx("deploy --local").env("CI_COMMIT", "4f2a9c1").succeeds();
    assert!(said_by(&again, "tour").contains("stack unchanged"), "{}", again.scene());

    let deleted = project.phalanx("delete --local").succeeds();
    insta::assert_snapshot!(said_by(&deleted, "tour"), @r"
    about to delete arn:aws:cloudformation:eu-central-1:000000000000:stack/pipeline-tour-dev/d103b766-7f4d-43b8-83e7-b6d4b0b86a0c
    gone
    ");
}

#[test]
fn it_refuses_and_rolls_back() {
    let project = tour();
    let manifest = project.read("phalanx.toml");
    let config = "config = { owner = \"team-orders\"";
    assert!(manifest.contains(config));
    project
        .write("phalanx.toml", manifest.replace(config, &format!("{config}, max-resources = 1")));
    let refused = project.phalanx("deploy --local").exits(3);
    insta::assert_snapshot!(refused.error(), @r"
    error: the template has 1 error
      too-many-resources: 4 resources are more than 1
        at /Resources
        found by plugin `tour`
        hint: split the service, or raise `max-resources`
    ");
    insta::assert_snapshot!(said_by(&refused, "tour").lines().last().unwrap(), @"warning: check failed: the template has 1 error");

    project.write("phalanx.toml", &manifest);
    std::fs::remove_dir_all(project.root().join("notes")).unwrap();
    insta::assert_snapshot!(project.phalanx("plan --local").exits(3).error(), @r"
    error: plugin `tour` failed in `pre-build`: the service has no release notes

    hint: add `notes/<version>.md`
    ");
}

#[test]
fn the_readme_shows_what_happens() {
    let project = tour();
    let readme = std::fs::read_to_string(repository().join("examples/pipeline-tour/README.md"));
    let readme = readme.unwrap();
    let blocks = readme.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let (mut output, mut commands) = (String::new(), 0);
    for line in lines {
        if let Some(words) = line.strip_prefix("$ phalanx ") {
            let finished = project.phalanx(words).succeeds();
            output = format!("{}\n{}", finished.stderr, finished.stdout);
            commands += 1;
        } else if commands > 0 {
            let same = |shown: &str| shown.trim_end() == line.trim_end();
            assert!(output.lines().any(same), "no line {line:?} in\n{output}");
        }
    }
    assert!(commands >= 5, "the README shows {commands} commands");
}
