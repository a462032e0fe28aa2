//! `post-build`: plugins see what goes into the packages, and add to it.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::{Service, said_by};
use crate::support::Project;

/// A packer that writes `path` into the package of `function`.
fn packer(function: &str, path: &str, more: &str) -> String {
    format!(
        "config = {{ function = \"{function}\", path = \"{path}\", text = \"made by a plugin\"{more} }}"
    )
}

/// The files in the package of each function: name, mode, content.
fn zips(project: &Project) -> BTreeMap<String, Vec<String>> {
    let packaged = project.phalanx("package --output json").succeeds().json();
    let mut zips = BTreeMap::new();
    for package in packaged["packages"].as_array().unwrap() {
        let path = project.root().join(package["path"].as_str().unwrap());
        let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        let mut files = Vec::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            let (name, mode) = (file.name().unwrap().into_owned(), file.unix_mode().unwrap());
            files.push(format!("{name} {mode:o} {text:?}"));
        }
        for function in package["functions"].as_array().unwrap() {
            zips.insert(function.as_str().unwrap().to_owned(), files.clone());
        }
    }
    zips
}

/// Where the template says the code of `logical_id` lies.
fn key(project: &Project, logical_id: &str) -> String {
    let template = project.template();
    let code = &template["Resources"][logical_id]["Properties"]["Code"];
    code["S3Key"].as_str().unwrap().to_owned()
}

#[test]
fn a_file_that_a_plugin_writes_is_in_the_package() {
    let script = packer("hello", "bin/tool", ", mode = 493");
    let project = Service::new()
        .plugin("notes", "packer", &packer("hello", "notes/about.txt", ""))
        .plugin("tool", "packer", &script)
        .project();
    let packaged = project.phalanx("package").succeeds();
    // The second plugin sees what the first wrote.
    insta::assert_snapshot!(said_by(&packaged, "tool"), @"16 bytes in bin/tool; files: bin/tool bootstrap notes/about.txt");
    insta::assert_snapshot!(zips(&project)["hello"].join("\n"), @r##"
    bin/tool 100755 "made by a plugin"
    bootstrap 100755 "#!/bin/sh\n"
    notes/about.txt 100644 "made by a plugin"
    "##);
}

#[test]
fn a_plugin_may_replace_a_file() {
    let project =
        Service::new().plugin("boot", "packer", &packer("hello", "bootstrap", "")).project();
    insta::assert_snapshot!(zips(&project)["hello"].join("\n"), @r#"bootstrap 100644 "made by a plugin""#);
    assert_eq!(project.read("bootstrap"), "#!/bin/sh\n", "the service's own file stays");
}

#[test]
fn only_the_package_of_the_function_changes() {
    let service = || Service::new().function("other", "");
    let plain = service().project();
    plain.phalanx("package").succeeds();
    assert_eq!(key(&plain, "Hello"), key(&plain, "Other"), "they share their code");

    let changed = service().plugin("packer", "packer", &packer("hello", "about.txt", "")).project();
    let files = zips(&changed);
    assert_eq!((files["hello"].len(), files["other"].len()), (2, 1));
    assert_eq!(key(&changed, "Other"), key(&plain, "Other"));
    assert_ne!(key(&changed, "Hello"), key(&plain, "Hello"));
}

#[test]
fn a_changed_package_is_a_change_of_code() {
    let project = Service::new().plugin("notes", "packer", &packer("hello", "a", "")).project();
    project.phalanx("deploy --local").succeeds();
    let manifest = project.read("phalanx.toml");
    project.write("phalanx.toml", manifest.replace("made by a plugin", "made anew"));
    let plan = project.phalanx("plan --local").succeeds();
    assert!(plan.stdout.contains("~ Hello"), "{}", plan.scene());
    assert!(plan.stdout.contains("(code)"), "{}", plan.scene());
    assert_eq!(project.phalanx("plan --local --exit-code").exits(4).stdout, plan.stdout);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let error = |settings: &str| {
        let project = Service::new().plugin("packer", "packer", settings).project();
        project.phalanx("package").exits(3).error().to_owned()
    };
    insta::assert_snapshot!(error(&packer("hello", "../out", "")), @r"
    error: plugin `packer` failed in `post-build`: `../out` cannot be the path of a packaged file: it has `.` or `..` in it

    hint: give a relative path with `/` between its parts, such as `lib/config.json`
    ");
    insta::assert_snapshot!(error(&packer("hello", "/etc/passwd", "")), @r"
    error: plugin `packer` failed in `post-build`: `/etc/passwd` cannot be the path of a packaged file: it is absolute

    hint: give a relative path with `/` between its parts, such as `lib/config.json`
    ");
    insta::assert_snapshot!(error(&packer("hello", "a", ", mode = 2541")), @r"
    error: plugin `packer` failed in `post-build`: `a` cannot have mode 0o4755 in a package

    hint: use `0o644` for data and `0o755` for programs
    ");
    insta::assert_snapshot!(error(&packer("nobody", "a", "")), @r#"
    error: plugin `packer` failed in `post-build`: there is no function `nobody`

    hint: `on-failure = "warn"` in `[plugins.packer]` lets the run go on without what this plugin does here
    "#);
    insta::assert_snapshot!(error(&packer("hello", "bootstrap/a", "")), @r"
    error: plugin `packer` failed in `post-build`: `bootstrap/a` cannot be the path of a packaged file: `bootstrap` is a file

    hint: give a relative path with `/` between its parts, such as `lib/config.json`
    ");
}
