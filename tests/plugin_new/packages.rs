//! The guest libraries as they are published: each is packed by its ecosystem's own tool, and a plugin is built and
//! tested with what came of that, in the place of the copy that a new project has.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{Language, Project, change_file, repository, run_tool, tool_s};

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

/// Unpacks an archive of one folder, as `as_folder`.
fn unpack(archive: &Path, into: &Path, as_folder: &str) {
    let folder = into.join(as_folder);
    fs::create_dir_all(&folder).unwrap();
    let archive = archive.to_str().unwrap();
    run_tool(
        "tar",
        &["-xzf", archive, "--strip-components=1", "-C", folder.to_str().unwrap()],
        into,
    );
}

#[test]
fn a_plugin_is_built_with_the_crate() {
    let (project, root) = without_library(Language::Rust, "phalanx-plugin");
    Language::Rust.link(&root, "new-rust");
    let packed = project.root().join("packed");
    let words = ["package", "--quiet", "--no-verify", "--allow-dirty", "--offline", "--target-dir"];
    let words = [&words[..], &[packed.to_str().unwrap()]].concat();
    run_tool(env!("CARGO"), &words, &repository().join("plugins/sdk"));
    unpack(&packed.join("package/phalanx-plugin-0.1.0.crate"), &root, "phalanx-plugin");
    builds_and_passes(&project);
}

#[test]
fn a_plugin_is_built_with_the_wheel() {
    let (true, Some(pip)) = (Language::Python.is_there(), tool_s("flit", "pip")) else { return };
    let (project, root) = without_library(Language::Python, "phalanx");
    Language::Python.link(&root, "");
    let install = ["install", "--quiet", "--disable-pip-version-check", "--no-index"];
    let library = repository().join("plugins/sdk-python");
    let from = ["--no-build-isolation", "--target", "lib", library.to_str().unwrap()];
    run_tool(pip, &[&install[..], &from].concat(), &root);
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
    let packed = run_tool("npm", &["pack", "--silent", library.to_str().unwrap()], &root);
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
