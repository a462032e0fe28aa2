//! One plugin in every language does the same, to the byte: `tests/conformance`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{Project, golden, missing, on_path, repository, tool_in, tool_s};

/// The plugin's name.
const NAME: &str = "keep-messages";

/// Builds the plugin in a language, runs the cases, and gives what they left.
fn conforms(language: &str, source: &str, place: &str, links: &[(&str, &str)]) {
    let project = Project::new("");
    let hooks = "--hook pre-build --hook template-decorate --hook template-validate";
    project.phalanx(&format!("plugin new {NAME} --lang {language} {hooks}")).succeeds();
    let folder = project.root().join(NAME);
    for (from, to) in links {
        let tool = repository().join("target/tools").join(from);
        std::os::unix::fs::symlink(tool, folder.join(to)).unwrap();
    }
    if language == "rust" {
        // As the tests of new projects have it: what they compiled is not compiled again.
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("conformance");
        fs::create_dir_all(&shared).unwrap();
        std::os::unix::fs::symlink(shared, folder.join("target")).unwrap();
    } else {
        let path = format!("{NAME}/wit/plugin.wit");
        let world = project.read(&path);
        let world: Vec<_> = world
            .lines()
            .filter(|line| !line.contains("export") || !line.contains("configurable"))
            .collect();
        let commands =
            "    import phalanx:pipeline/commands@1.0.0;\n    import phalanx:pipeline/log@1.0.0;";
        let world = world.join("\n").replace("    import phalanx:pipeline/log@1.0.0;", commands);
        project.write(&path, world);
    }
    let own = repository().join("tests/conformance");
    project.write(&format!("{NAME}/{place}"), fs::read(own.join(source)).unwrap());
    fs::remove_dir_all(folder.join("cases")).unwrap();
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(own.join("cases")).into_iter().flatten() {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(&own).unwrap().to_owned();
            let bytes = fs::read(entry.path()).unwrap();
            project.write(&format!("{NAME}/{}", path.display()), &bytes);
            files.insert(path, bytes);
        }
    }
    // Rust's is what the others are held to.
    if language == "rust" && golden::blessing() {
        project.phalanx(&format!("plugin test {NAME} --bless")).succeeds();
        for entry in walkdir::WalkDir::new(folder.join("cases")).into_iter().flatten() {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&folder).unwrap();
                fs::copy(entry.path(), own.join(path)).unwrap();
            }
        }
    }
    let tested = project.phalanx(&format!("plugin test {NAME}")).finish();
    assert_eq!(tested.code, Some(0), "{}", tested.scene());
    assert!(tested.stdout.contains("4 cases passed"), "{}", tested.stdout);
}

#[test]
fn in_rust() {
    conforms("rust", "lib.rs", "src/lib.rs", &[]);
}

#[test]
fn in_c() {
    let Some(_) = tool_s("ziglang", "python") else { return };
    conforms("c", "plugin.c", "src/plugin.c", &[("ziglang", ".venv")]);
}

#[test]
fn in_javascript() {
    let Some(_) = tool_in("javascript", "node_modules/.bin/jco") else { return };
    let modules = ("javascript/node_modules", "node_modules");
    conforms("javascript", "plugin.js", "src/plugin.js", &[modules]);
}

#[test]
fn in_python() {
    let Some(_) = tool_s("componentize-py", "componentize-py") else { return };
    conforms("python", "plugin.py", "src/plugin.py", &[("componentize-py", ".venv")]);
}

#[test]
fn in_go() {
    let Some(_) = on_path("go") else { return missing("go") };
    conforms("go", "plugin.go", "plugin/plugin.go", &[]);
}
