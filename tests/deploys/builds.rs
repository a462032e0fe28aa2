//! Builds that are skipped, run and fail.

use super::{BOOTSTRAP, change, orders};
use crate::support::Project;

/// Whether each build was skipped.
fn skipped(project: &Project, arguments: &str) -> Vec<(String, bool)> {
    let command = format!("build --output json {arguments}");
    let result = project.phalanx(&command).succeeds().json();
    let builds = result["builds"].as_array().unwrap().iter();
    builds
        .map(|build| {
            (build["name"].as_str().unwrap().to_owned(), build["skipped"].as_bool().unwrap())
        })
        .collect()
}

fn service_skipped(project: &Project, arguments: &str) -> bool {
    let builds = skipped(project, arguments);
    assert_eq!(builds.len(), 1);
    builds[0].1
}

#[test]
fn a_build_runs_only_when_it_must() {
    let project = orders();
    assert!(!service_skipped(&project, ""), "the first time");
    assert!(service_skipped(&project, ""), "nothing changed");
    assert!(!service_skipped(&project, "--force"));
    project.write("app/bootstrap", BOOTSTRAP);
    assert!(service_skipped(&project, ""), "the same content again");
    project.write("app/bootstrap", BOOTSTRAP.replace("about", "almost"));
    assert!(!service_skipped(&project, ""), "another content");
    assert!(service_skipped(&project, ""));
    project.write("app/new", "a new input");
    assert!(!service_skipped(&project, ""), "another file");
    std::fs::remove_file(project.root().join("app/new")).unwrap();
    assert!(!service_skipped(&project, ""), "one file less");
    std::fs::remove_file(project.root().join("out/bootstrap")).unwrap();
    assert!(!service_skipped(&project, ""), "the output is gone");
    assert!(project.has("out/bootstrap"));
    change(&project, "mkdir -p out &&", "mkdir -p ./out &&");
    assert!(!service_skipped(&project, ""), "another command");
    change(
        &project,
        "inputs = [\"app/**\"]",
        "inputs = [\"app/**\"]\nenvironment = { MODE = \"a\" }",
    );
    assert!(!service_skipped(&project, ""), "another environment");
    assert!(service_skipped(&project, ""));
    // Every command of the pipeline builds by the same rules.
    project.phalanx("deploy --local").succeeds().says("inputs unchanged");
    project.phalanx("deploy --local --force").succeeds().says("1 built, 0 unchanged");
}

#[test]
fn without_inputs_a_build_always_runs() {
    let project = orders();
    change(&project, "inputs = [\"app/**\"]\n", "");
    assert!(!service_skipped(&project, ""));
    assert!(!service_skipped(&project, ""));
}

#[test]
fn functions_have_builds_of_their_own() {
    let project = Project::new(
        r#"
        [service]
        name = "two"
        region = "eu-central-1"
        [functions.a]
        code = "out/a"
        build = { command = "mkdir -p out; cp in/a out/a", inputs = ["in/a"] }
        [functions.b]
        code = "out/b"
        build = { command = "mkdir -p out; cp in/b out/b", inputs = ["in/b"] }
        "#,
    )
    .script("in/a", "#!/bin/sh\n")
    .script("in/b", "#!/bin/sh\n#b\n");
    let of = |a, b| vec![("a".to_owned(), a), ("b".to_owned(), b)];
    assert_eq!(skipped(&project, ""), of(false, false));
    assert_eq!(skipped(&project, ""), of(true, true));
    project.write("in/b", "#!/bin/sh\n#c\n");
    assert_eq!(skipped(&project, ""), of(true, false));
}

#[test]
fn a_failing_build_shows_how_it_ended() {
    let project = orders();
    let noisy = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do echo line $i; done; \
                 echo broken >&2; exit 42";
    change(&project, "mkdir -p out && cp app/bootstrap out/bootstrap", noisy);
    let failed = project.phalanx("deploy --local --quiet").exits(1);
    let error = failed.error();
    assert!(error.starts_with("error: build `service` failed: "), "{error}");
    assert!(error.contains("exited with code 42\nline 5\nline 6\n"), "the last 20 lines: {error}");
    assert!(error.ends_with("line 23\nbroken"), "{error}");
    assert!(!project.has(".phalanx/local/stacks"), "{}", failed.scene());

    // A failed build counts as never done.
    change(&project, noisy, "mkdir -p out && cp app/bootstrap out/bootstrap");
    assert!(!service_skipped(&project, ""));

    change(&project, "mkdir -p out &&", "no-such-program &&");
    let failed = project.phalanx("build --quiet").exits(1);
    let error = failed.error();
    assert!(error.contains("exited with code 127"), "{error}");
    assert!(error.contains("hint: 127 means that the shell did not find a program"), "{error}");
}

#[test]
fn a_build_that_makes_nothing_is_told_by_its_output() {
    let project = orders();
    change(&project, "cp app/bootstrap out/bootstrap", "cp app/bootstrap out/boostrap");
    let missing = project.phalanx("build").exits(1);
    insta::assert_snapshot!(missing.error(), @r"
    error: build `service` did not make `out/bootstrap`, which `functions.hello.code` names

    hint: did you mean `out/boostrap`? change `functions.hello.code`
    ");
    change(&project, "inputs = [\"app/**\"]", "inputs = [\"apps/**\"]");
    let inputs = project.phalanx("build").exits(2);
    insta::assert_snapshot!(inputs.error(), @r"
    error: input `apps/**` of build `service` matches no file

    hint: inputs are globs below the service's folder; `*` stays within one folder, `**` crosses folders
    ");
}
