//! Paths that leave the service's folder, by climbing, by being absolute, and through links.

use std::os::unix::fs::symlink;

use super::Case;
use crate::support::{Project, guests};

fn outside(case: &Case) {
    let secret = case.project.root().parent().unwrap().join("secret.txt");
    std::fs::write(secret, "the secret\n").unwrap();
}

/// Reads `path` with everything granted.
fn reads(path: &str) -> Case {
    let case = Case::new(guests::component("reader"))
        .keys(&format!("grants = {{ files = [\"**\"] }}\nconfig = {{ read = [\"{path}\"] }}"));
    outside(&case);
    case
}

#[test]
fn a_plugin_cannot_read_outside() {
    for path in ["../secret.txt", "./../secret.txt", "a/../../secret.txt", "/etc/hostname"] {
        let bad = reads(path).stops_in_hook();
        assert!(!bad.scene().contains("the secret"), "{}", bad.scene());
        let error = bad.error();
        assert!(
            error.starts_with(&format!(
                "error: plugin `bad` failed in `pre-build`: reading `{path}` is not granted: no grant reaches such a path"
            )),
            "{error}"
        );
    }
    insta::assert_snapshot!(reads("../secret.txt").stops_in_hook().error(), @"
error: plugin `bad` failed in `pre-build`: reading `../secret.txt` is not granted: no grant reaches such a path

hint: a path goes from the service's folder, with `/` and without `.` and `..`
");
}

#[test]
fn a_plugin_cannot_read_through_a_link_that_leads_out() {
    let case = reads("notes/link.txt");
    std::fs::create_dir(case.project.root().join("notes")).unwrap();
    symlink("../../secret.txt", case.project.root().join("notes/link.txt")).unwrap();
    let bad = case.stops_in_hook();
    assert!(!bad.scene().contains("the secret"), "{}", bad.scene());
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `pre-build`: `notes/link.txt` leads through a symbolic link out of the service's folder

hint: name a path inside the service's folder, with `/` between its parts
");

    let case = reads("door/secret.txt");
    symlink("..", case.project.root().join("door")).unwrap();
    let bad = case.stops_in_hook();
    assert!(!bad.scene().contains("the secret"), "{}", bad.scene());
}

/// Reading a pipe that nobody writes to would wait for ever, beyond the reach of the time limit.
#[test]
fn a_plugin_cannot_read_what_is_no_file() {
    let case = reads("pipe");
    let pipe = case.project.root().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    insta::assert_snapshot!(case.stops_in_hook().error(), @r#"
error: plugin `bad` failed in `pre-build`: cannot read `pipe`: it is not a regular file

hint: `on-failure = "warn"` in `[plugins.bad]` lets the run go on without what this plugin does here
"#);
}

#[test]
fn a_plugin_cannot_list_outside() {
    let case = Case::new(guests::component("reader")).keys(
        "grants = { files = [\"**\"] }\nconfig = { list = [\"../*\", \"/etc/*\", \"door/*\"] }",
    );
    outside(&case);
    symlink("..", case.project.root().join("door")).unwrap();
    case.write_manifest("");
    let run = case.project.phalanx("package").succeeds();
    assert!(!run.stderr.contains("secret.txt"), "{}", run.scene());
}

#[test]
fn a_command_cannot_start_outside() {
    let runs = |dir: &str| {
        Case::new(guests::component("runner")).keys(&format!(
            "grants = {{ commands = [[\"pwd\"]] }}\nconfig = {{ run = [[\"pwd\"]], dir = \"{dir}\" }}"
        ))
    };
    insta::assert_snapshot!(runs("..").stops_in_hook().error(), @"
error: plugin `bad` failed in `pre-build`: `..` leaves the service's folder

hint: name a path inside the service's folder, with `/` between its parts
");
    insta::assert_snapshot!(runs("/").stops_in_hook().error(), @"
error: plugin `bad` failed in `pre-build`: `/` leaves the service's folder

hint: name a path inside the service's folder, with `/` between its parts
");
    let case = runs("door");
    symlink("..", case.project.root().join("door")).unwrap();
    insta::assert_snapshot!(case.stops_in_hook().error(), @"
error: plugin `bad` failed in `pre-build`: `door` leads through a symbolic link out of the service's folder

hint: name a path inside the service's folder, with `/` between its parts
");
}

#[test]
fn a_command_that_is_not_granted_does_not_run() {
    let case = Case::new(guests::component("runner"))
        .keys("grants = { commands = [[\"git\", \"rev-parse\"]] }\nconfig = { run = [[\"touch\", \"x\"]] }");
    case.write_manifest("");
    let bad = case.project.phalanx("package").exits(3);
    assert!(!case.project.has("x"), "{}", bad.scene());
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `pre-build`: running `touch x` is not granted: `commands` allows `git rev-parse …`

hint: add `["touch", "x"]` to `commands` in `[plugins.bad.grants]`
"#);
}

/// A service whose function's package a plugin writes into.
fn packs(path: &str) -> Project {
    Project::new(&format!(
        r#"
[service]
name = "orders"

[functions.hello]
code = "code"
runtime = "python3.13"
handler = "main.handler"

[plugins.bad]
source = "file:packer.wasm"
config = {{ function = "hello", path = "{path}", text = "x" }}
"#
    ))
    .file("code/main.py", "def handler(event, context): return {}\n")
    .file("packer.wasm", guests::component("packer"))
}

#[test]
fn a_plugin_cannot_write_outside_a_package() {
    for path in ["../x", "/x", "a/../../x", "", "a//b", ".", "a\\\\..\\\\b"] {
        let project = packs(path);
        let bad = project.phalanx("package").exits(3);
        let error = bad.error();
        assert!(
            error.starts_with("error: plugin `bad` failed in `post-build`: "),
            "{path}: {error}"
        );
        assert!(!project.has("x") && !project.has("code/x") && !project.has("../x"));
    }
    insta::assert_snapshot!(packs("../x").phalanx("package").exits(3).error(), @"
error: plugin `bad` failed in `post-build`: `../x` cannot be the path of a packaged file: it has `.` or `..` in it

hint: give a relative path with `/` between its parts, such as `lib/config.json`
");
}

#[test]
fn the_manifest_cannot_package_what_lies_outside() {
    let service = |code: &str| {
        Project::new(&format!(
            "[service]\nname = \"orders\"\n\n[functions.hello]\ncode = \"{code}\"\n\
             runtime = \"python3.13\"\nhandler = \"main.handler\"\n"
        ))
        .file("code/main.py", "x = 1\n")
    };
    insta::assert_snapshot!(service("../elsewhere").phalanx("package").exits(2).error(), @r#"
error: `phalanx.toml` has 1 problem
`functions.hello.code`: `../elsewhere` leaves the service's folder
 --> phalanx.toml:5:8
  |
5 | code = "../elsewhere"
  |        ^^^^^^^^^^^^^^
  = help: name a path inside the service's folder, with `/` between its parts
"#);
    insta::assert_snapshot!(service("/etc").phalanx("package").exits(2).error(), @r#"
error: `phalanx.toml` has 1 problem
`functions.hello.code`: `/etc` is an absolute path
 --> phalanx.toml:5:8
  |
5 | code = "/etc"
  |        ^^^^^^
  = help: name a path inside the service's folder, with `/` between its parts
"#);
    let project = service("door");
    symlink("/etc", project.root().join("door")).unwrap();
    insta::assert_snapshot!(project.phalanx("package").exits(2).error(), @"
error: cannot use the code of function `hello`
  caused by: `door` leads through a symbolic link to `/etc`, outside the folder `[SERVICE]`

hint: name a path inside the service's folder, with `/` between its parts
");
    // A link inside the folder that is packaged.
    let project = service("code");
    symlink("/etc/hostname", project.root().join("code/hostname")).unwrap();
    insta::assert_snapshot!(project.phalanx("package").exits(2).error(), @"
error: `hostname` in the code of function `hello` is a link to `/etc/hostname`, outside that folder

hint: copy what it links to into the folder, or add it to `functions.hello.exclude`
");
}

#[test]
fn the_manifest_cannot_include_what_lies_outside() {
    let service = |path: &str| {
        let project =
            Project::new(&format!("include = [\"{path}\"]\n\n[service]\nname = \"orders\"\n"));
        let yaml = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n";
        std::fs::write(project.root().parent().unwrap().join("infra.yaml"), yaml).unwrap();
        project
    };
    insta::assert_snapshot!(service("../infra.yaml").phalanx("package").exits(2).error(), @r#"
error: `phalanx.toml` has 1 problem
`include[0]`: `../infra.yaml` leaves the service's folder
 --> phalanx.toml:1:12
  |
1 | include = ["../infra.yaml"]
  |            ^^^^^^^^^^^^^^^
  = help: name a path inside the service's folder, with `/` between its parts
"#);
    let project = service("door/*.yaml");
    symlink("..", project.root().join("door")).unwrap();
    insta::assert_snapshot!(project.phalanx("package").exits(2).error(), @r#"
error: `phalanx.toml` has 1 problem
`door` leads through a symbolic link out of the service's folder
 --> phalanx.toml:1:12
  |
1 | include = ["door/*.yaml"]
  |            ^^^^^^^^^^^^^
  = help: name a path inside the service's folder, or copy into it what is outside
"#);
}
