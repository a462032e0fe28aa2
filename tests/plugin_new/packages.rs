//! The guest libraries as they are published: each is packed by its ecosystem's own tool, and a plugin is built and
//! tested with what came of that, in the place of the copy that a new project has.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Language, Project, change_file, repository};

/// A new plugin without its copy of the library, which is given too.
fn without_library(language: Language, library: &str) -> (Project, PathBuf) {
    let project = super::nothing();
    project.phalanx(&format!("plugin new keep-messages --lang {}", language.name())).succeeds();
    let root = project.root().join("keep-messages");
    fs::remove_dir_all(root.join(library)).unwrap();
    (project, root)
}

fn builds_and_passes(project: &Project) {
    project.phalanx("plugin build keep-messages").succeeds();
    let tested = project.phalanx("plugin test keep-messages").succeeds();
    assert!(tested.stdout.ends_with("1 case passed\n"), "{}", tested.scene());
}

/// Runs a tool of an ecosystem; gives what it prints.
fn run(program: impl AsRef<Path>, words: &[&str], folder: &Path) -> String {
    let output = Command::new(program.as_ref()).args(words).current_dir(folder).output().unwrap();
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{} {words:?}: {stderr}", program.as_ref().display());
    stdout.into_owned()
}

/// Unpacks an archive of one folder, as `as_folder`.
fn unpack(archive: &Path, into: &Path, as_folder: &str) {
    let folder = into.join(as_folder);
    fs::create_dir_all(&folder).unwrap();
    let archive = archive.to_str().unwrap();
    run("tar", &["-xzf", archive, "--strip-components=1", "-C", folder.to_str().unwrap()], into);
}

#[test]
fn a_plugin_is_built_with_the_crate() {
    let (project, root) = without_library(Language::Rust, "phalanx-plugin");
    Language::Rust.link(&root, "new-rust");
    let packed = project.root().join("packed");
    let words = ["package", "--quiet", "--no-verify", "--allow-dirty", "--offline", "--target-dir"];
    let words = [&words[..], &[packed.to_str().unwrap()]].concat();
    run(env!("CARGO"), &words, &repository().join("plugins/sdk"));
    unpack(&packed.join("package/phalanx-plugin-0.1.0.crate"), &root, "phalanx-plugin");
    builds_and_passes(&project);
}

#[test]
fn a_plugin_is_built_with_the_wheel() {
    if !Language::Python.is_there() {
        return;
    }
    let (project, root) = without_library(Language::Python, "phalanx");
    Language::Python.link(&root, "");
    let pip = repository().join("target/tools/flit/bin/pip");
    let install = ["install", "--quiet", "--disable-pip-version-check", "--no-index"];
    let library = repository().join("plugins/sdk-python");
    let from = ["--no-build-isolation", "--target", "lib", library.to_str().unwrap()];
    run(pip, &[&install[..], &from].concat(), &root);
    assert!(root.join("lib/phalanx/py.typed").exists());
    change_file(&project, "keep-messages/plugin.toml", "-p src -p .", "-p src -p lib");
    change_file(&project, "keep-messages/plugin.toml", "\"phalanx/*.py\"", "\"lib/phalanx/*.py\"");
    builds_and_passes(&project);
}

#[test]
fn a_plugin_is_built_with_the_modules_of_npm() {
    if !Language::TypeScript.is_there() {
        return;
    }
    let (project, root) = without_library(Language::TypeScript, "phalanx");
    let library = repository().join("plugins/sdk-js");
    let packed = run("npm", &["pack", "--silent", library.to_str().unwrap()], &root);
    // As an installation would: the tools of the project, and the library beside them.
    fs::create_dir(root.join("node_modules")).unwrap();
    for entry in fs::read_dir(repository().join("target/tools/javascript/node_modules")).unwrap() {
        let entry = entry.unwrap();
        symlink(entry.path(), root.join("node_modules").join(entry.file_name())).unwrap();
    }
    unpack(&root.join(packed.trim()), &root, "node_modules/phalanx-plugin");
    let source = project.read("keep-messages/src/plugin.ts");
    project
        .write("keep-messages/src/plugin.ts", source.replace("'../phalanx/", "'phalanx-plugin/"));
    let check = "node_modules/phalanx-plugin/phalanx/check.mjs";
    change_file(&project, "keep-messages/package.json", "phalanx/check.mjs", check);
    let inputs = "\"node_modules/phalanx-plugin/**\"";
    change_file(&project, "keep-messages/plugin.toml", "\"phalanx/**\"", inputs);
    let types = "\"types\": [\"phalanx-plugin/wit\"]";
    change_file(&project, "keep-messages/tsconfig.json", "\"types\": []", types);
    builds_and_passes(&project);
}
