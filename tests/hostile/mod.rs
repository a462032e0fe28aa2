//! Bad input and hostile plugins: whatever a plugin is or does, the run stops with the documented exit
//! code and a message that names the plugin, the hook and the remedy; the template is as it was before
//! that hook; rollback hooks run; and the next run works.
//!
//! [`Case`] proves the parts that are the same for all: a good run first, then the bad one, then (for
//! hooks) the same with `on-failure = "warn"`, then a good one again.

mod cache;
mod compiler;
mod components;
mod config;
mod edits;
mod findings;
mod limits;
mod misuse;
mod paths;
mod words;

use serde_json::Value;

use crate::support::{Finished, Project, guests};

/// A service with a plugin that records, whose rollback hook logs what failed.
const GOOD: &str = r#"
[service]
name = "orders"
region = "eu-central-1"

[resources.Queue]
Type = "AWS::SQS::Queue"

[plugins.recorder]
source = "file:recorder.wasm"
config = { label = "recorder" }
"#;

/// A service with a plugin `bad` beside the recorder.
struct Case {
    project: Project,
    keys: String,
    command: &'static str,
}

impl Case {
    /// `bad` is this component, or whatever these bytes are.
    fn new(component: &[u8]) -> Self {
        let project = Project::new(GOOD)
            .file("recorder.wasm", guests::component("recorder"))
            .file("bad.wasm", component);
        Self { project, keys: String::new(), command: "package" }
    }

    /// `bad` is the guest `hostile`, misbehaving in `hook`.
    fn hostile(mode: &str, hook: &str) -> Self {
        let config = format!("config = {{ mode = \"{mode}\", hook = \"{hook}\" }}");
        Self::new(guests::component("hostile")).keys(&config)
    }

    /// More lines for `[plugins.bad]`.
    fn keys(mut self, lines: &str) -> Self {
        self.keys.push_str(lines);
        self.keys.push('\n');
        self
    }

    /// The command to run instead of `package`.
    fn command(mut self, words: &'static str) -> Self {
        self.command = words;
        self
    }

    fn write_manifest(&self, more: &str) {
        let Self { project, keys, .. } = self;
        let manifest = format!("{GOOD}\n[plugins.bad]\nsource = \"file:bad.wasm\"\n{more}\n{keys}");
        project.write("phalanx.toml", manifest);
    }

    /// The bad run, between two good ones. The error is returned for its snapshot.
    fn stops(self, code: i32) -> Finished {
        self.project.phalanx(self.command).succeeds();
        let before = self.project.read(".phalanx/template.json");

        self.write_manifest("");
        let bad = self.project.phalanx(self.command).exits(code).says("recorder ran rollback");
        if self.command == "package" {
            let after = self.project.read(".phalanx/template.json");
            assert_eq!(after, before, "a failed run wrote a template\n{}", bad.scene());
        }

        self.project.write("phalanx.toml", GOOD);
        self.project.phalanx(self.command).succeeds();
        assert_eq!(self.project.read(".phalanx/template.json"), before);
        bad
    }

    /// [`Self::stops`] with code 3, and a run that goes on without what the hook did.
    fn stops_in_hook(self) -> Finished {
        self.project.phalanx(self.command).succeeds();
        let before = unstamped(self.project.template());

        self.write_manifest("on-failure = \"warn\"");
        let warned = self.project.phalanx(self.command).succeeds();
        let scene = warned.scene();
        assert!(scene.contains("warning: plugin `bad` failed"), "{scene}");
        assert!(!scene.contains("ran rollback"), "{scene}");
        let after = unstamped(self.project.template());
        assert_eq!(after, before, "something of a failed hook was kept\n{scene}");

        self.project.write("phalanx.toml", GOOD);
        self.stops(3)
    }
}

/// A message without its numbers, where they follow from how a guest was compiled.
fn without_numbers(text: &str) -> String {
    let mut clean = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' if clean.ends_with('#') => {}
            '0'..='9' => clean.push('#'),
            other => clean.push(other),
        }
    }
    clean
}

/// A template without the list of the plugins that worked on it.
fn unstamped(mut template: Value) -> Value {
    template["Metadata"].as_object_mut().unwrap().remove("Phalanx").unwrap();
    template
}
