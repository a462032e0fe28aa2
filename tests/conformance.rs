//! The same plugins in every language do the same, to the byte: `tests/conformance`.

use std::fs;

use crate::support::{Language, Project, golden, repository};

/// A plugin that is written in every language.
struct Plugin {
    name: &'static str,
    hooks: &'static str,
    /// What it imports beside what each project does.
    imports: &'static str,
    cases: &'static str,
}

const PLUGINS: [Plugin; 3] = [
    Plugin {
        name: "tagger",
        hooks: "--hook pre-build --hook template-decorate",
        imports: "    import phalanx:pipeline/commands@1.0.0;\n",
        cases: "3 cases passed",
    },
    Plugin {
        name: "validator",
        hooks: "--hook template-validate",
        imports: "",
        cases: "1 case passed",
    },
    Plugin {
        name: "owner",
        hooks: "--hook pre-build --hook post-build --hook template-decorate --hook template-validate \
                --hook post-provision --hook rollback --hook teardown",
        imports: "    import phalanx:pipeline/files@1.0.0;\n",
        cases: "9 cases passed",
    },
];

/// Builds the plugins in a language and runs their cases.
fn conforms(language: Language) {
    if language.is_there() {
        for plugin in &PLUGINS {
            plugin.conforms(language);
        }
    }
}

impl Plugin {
    fn conforms(&self, language: Language) {
        let Self { name, hooks, .. } = self;
        let project = Project::new("");
        project
            .phalanx(&format!("plugin new {name} --lang {} {hooks}", language.name()))
            .succeeds();
        let folder = project.root().join(name);
        language.link(&folder, "conformance");
        if language != Language::Rust {
            self.adapt_world(&project);
        }
        let own = repository().join("tests/conformance").join(name);
        let (source, place) = match language {
            Language::Rust => ("lib.rs", "src/lib.rs"),
            Language::C => ("plugin.c", "src/plugin.c"),
            Language::JavaScript | Language::TypeScript => ("plugin.js", "src/plugin.js"),
            Language::Python => ("plugin.py", "src/plugin.py"),
            Language::Go => ("plugin.go", "plugin/plugin.go"),
        };
        project.write(&format!("{name}/{place}"), fs::read(own.join(source)).unwrap());
        fs::remove_dir_all(folder.join("cases")).unwrap();
        for (path, bytes) in files(&own.join("cases")) {
            project.write(&format!("{name}/cases/{path}"), bytes);
        }
        // Rust's is what the others are held to.
        if language == Language::Rust && golden::blessing() {
            project.phalanx(&format!("plugin test {name} --bless")).succeeds();
            for (path, bytes) in files(&folder.join("cases")) {
                fs::write(own.join("cases").join(path), bytes).unwrap();
            }
        }
        let tested = project.phalanx(&format!("plugin test {name}")).finish();
        assert_eq!(tested.code, Some(0), "{}", tested.scene());
        assert!(tested.stdout.contains(self.cases), "{}", tested.stdout);
    }

    /// Takes the config's schema out of the project's world, and what is missing in. In Rust the crate has the world.
    fn adapt_world(&self, project: &Project) {
        let path = format!("{}/wit/plugin.wit", self.name);
        let world = project.read(&path);
        let log = "    import phalanx:pipeline/log@1.0.0;\n";
        let world = world
            .replace("    export phalanx:pipeline/configurable@1.0.0;\n", "")
            .replace(log, &format!("{log}{}", self.imports));
        project.write(&path, world);
    }
}

/// The files of a folder, by their paths in it.
fn files(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(folder).unwrap().display().to_string();
        (path, fs::read(entry.path()).unwrap())
    };
    files.map(read).collect()
}

#[test]
fn in_rust() {
    conforms(Language::Rust);
}

#[test]
fn in_c() {
    conforms(Language::C);
}

#[test]
fn in_javascript() {
    conforms(Language::JavaScript);
}

#[test]
fn in_python() {
    conforms(Language::Python);
}

#[test]
fn in_go() {
    conforms(Language::Go);
}
