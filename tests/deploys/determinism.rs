//! The same service makes the same bytes wherever, whenever and by whomever it is packaged.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::zips;
use crate::support::Project;

const MANIFEST: &str = r#"
include = ["infra/*.json"]

[service]
name = "site"
region = "eu-central-1"

[functions.page]
code = "page"
handler = "app.handler"
runtime = "python3.13"
environment = { BB = "2", AA = "1" }

[functions.tool]
code = "tool"
"#;

const FILES: [&str; 6] =
    ["page/app.py", "page/b/two.txt", "page/b/one.txt", "page/a.txt", "page/ü.txt", "page/run.sh"];

/// Two included files, two functions; the files are made in this order.
fn service<'a>(order: impl Iterator<Item = &'a &'a str>) -> Project {
    let mut project = Project::new(MANIFEST);
    for file in order {
        project = project.file(file, format!("# {file}\n").repeat(50));
    }
    let resource =
        |id: &str| format!(r#"{{"Resources": {{"{id}": {{"Type": "AWS::SQS::Queue"}}}}}}"#);
    project
        .script("page/run.sh", "#!/bin/sh\n")
        .script("tool", "#!/bin/sh\nexit\n")
        .file("infra/b.json", resource("Second"))
        .file("infra/a.json", resource("First"))
}

/// All that a run makes for others: zips, template, and what it prints.
fn made(project: &Project) -> (Vec<(String, Vec<u8>)>, String, Value) {
    let printed = project.phalanx("package --output json").succeeds().json();
    (zips(project), project.read(".phalanx/template.json"), printed)
}

#[test]
fn folder_order_and_age_of_files_do_not_matter() {
    let first = service(FILES.iter());
    let second = service(FILES.iter().rev());
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for file in FILES {
        let file = std::fs::File::options().append(true).open(second.root().join(file)).unwrap();
        file.set_modified(old).unwrap();
    }
    let expected = made(&first);
    assert_eq!(made(&second), expected);
    assert_eq!(expected.0.len(), 2);

    // Packed again from nothing, or with everything there: still the same.
    assert_eq!(made(&first), expected);
    std::fs::remove_dir_all(first.root().join(".phalanx")).unwrap();
    assert_eq!(made(&first), expected);

    // What it must depend on.
    second.write("page/a.txt", "other");
    let other = made(&second);
    assert_ne!(other.0, expected.0);
    assert_ne!(other.2["build-id"], expected.2["build-id"]);
}

#[test]
fn time_zone_locale_and_masks_do_not_matter() {
    let first = service(FILES.iter());
    let expected = made(&first);
    let second = service(FILES.iter());
    // Modes as another mask or checkout leaves them: only "is a program" counts.
    for (file, mode) in
        [("page/app.py", 0o600), ("page/a.txt", 0o666), ("page/run.sh", 0o700), ("tool", 0o775)]
    {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(second.root().join(file), mode).unwrap();
    }
    let inner = second.phalanx("package --output json").into_command();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 077; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args());
    shell.env_clear().current_dir(second.root());
    shell.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.envs([("TZ", "Pacific/Auckland"), ("LC_ALL", "tr_TR.UTF-8"), ("SOURCE_DATE_EPOCH", "1")]);
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let second = (zips(&second), second.read(".phalanx/template.json"), printed);
    assert_eq!(second, expected);
}
