//! `init`: what it makes deploys and runs.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Project, Transcript, repository};

fn empty_folder() -> Project {
    let project = Project::new("");
    std::fs::remove_file(project.root().join("phalanx.toml")).unwrap();
    project
}

#[test]
fn an_empty_service_deploys() {
    let project = empty_folder();
    let mut session = Transcript::new(&project);
    session.run(0, "init shop --template empty");
    session.run(2, "init shop");
    session.run(2, "init 1");
    session.run(2, "init other --name 'a b'");
    session.run(0, "deploy --local -f shop");
    session.run(0, "init --template empty --name here");
    assert_snapshot!(session.text());
    assert!(!project.has("other") && !project.has("1"));
    assert_eq!(project.read("shop/.gitignore"), ".phalanx/\n");
}

#[test]
fn a_service_in_rust_builds_deploys_and_answers() {
    let project = empty_folder();
    project.phalanx("init my-shop").succeeds();
    // The versions that the example has, which are on this machine.
    let lock = repository().join("examples/hello/Cargo.lock");
    let lock = std::fs::read_to_string(lock).unwrap();
    let lock = lock.replace("name = \"hello\"", "name = \"my-shop\"");
    project.write("my-shop/Cargo.lock", lock);
    project.phalanx("deploy --local -f my-shop").succeeds();
    let line = [
        "invoke",
        "hello",
        "--local",
        "-f",
        "my-shop",
        "-d",
        r#"{"queryStringParameters":{"name":"Ada"}}"#,
    ];
    let answer = project.phalanx_with(&line).succeeds().json();
    assert_eq!(answer, json!({ "statusCode": 200, "body": "Hello, Ada!" }));
    let again = project.phalanx("deploy --local -f my-shop").succeeds();
    assert!(again.stdout.starts_with("no changes to stack my-shop-dev\n"), "{}", again.scene());
}
