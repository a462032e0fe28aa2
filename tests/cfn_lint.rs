//! cfn-lint knows CloudFormation's own schemas: every template must satisfy it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cli::ORDERS;
use crate::support::{Project, tool};

#[test]
fn every_template_satisfies_cfn_lint() {
    let Some(tool) = tool("cfn-lint") else { return };
    let every_key = Project::copy_of("tests/fixtures/every-key");
    let hello = Project::copy_of("examples/hello");
    let orders = Project::new(ORDERS).file("app/main.py", "def handler(event, context): pass\n");
    let empty = Project::new("");
    fs::remove_file(empty.root().join("phalanx.toml")).unwrap();
    empty.phalanx("init --template empty --name empty").succeeds();

    let templates: Vec<PathBuf> = [&every_key, &hello, &orders, &empty]
        .into_iter()
        .map(|project| {
            project.phalanx("package").succeeds();
            project.root().join(".phalanx/template.json")
        })
        .collect();
    let mut command = Command::new(&tool);
    command.args(["--regions", "eu-central-1", "--non-zero-exit-code", "warning", "--template"]);
    let output = command.args(&templates).output().unwrap();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{found}{}", String::from_utf8_lossy(&output.stderr));

    // A check that cannot fail proves nothing.
    let broken = fs::read_to_string(&templates[0])
        .unwrap()
        .replace("\"MemorySize\": 256", "\"Memory\": 256");
    fs::write(&templates[0], broken).unwrap();
    assert!(!Command::new(&tool).arg(&templates[0]).output().unwrap().status.success());
}
