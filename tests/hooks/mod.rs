//! Hooks through the binary, with real components: their order, their failures, what they may do.

mod aws_calls;
mod conflicts;
mod failures;
mod interrupts;
mod order;
mod packages;
mod provenance;
mod reach;
mod tour;
mod transactions;

use std::fmt::Write as _;

use crate::support::{Finished, Project, guests};

/// A service in the making: prebuilt functions, and guests as plugins in the order of the calls.
pub(crate) struct Service {
    manifest: String,
    guests: Vec<&'static str>,
}

impl Service {
    /// With one function, `hello`.
    pub(crate) fn new() -> Self {
        Self::without_functions().function("hello", "")
    }

    /// With no function yet.
    pub(crate) fn without_functions() -> Self {
        let manifest = "[service]\nname = \"orders\"\nregion = \"eu-central-1\"\n".to_owned();
        Self { manifest, guests: Vec::new() }
    }

    /// Adds a function that shares its code with all others.
    pub(crate) fn function(self, name: &str, settings: &str) -> Self {
        self.with(&format!("[functions.{name}]\ncode = \"bootstrap\"\n{settings}"))
    }

    /// Adds to the manifest.
    pub(crate) fn with(mut self, text: &str) -> Self {
        writeln!(self.manifest, "{text}").unwrap();
        self
    }

    /// Adds a guest as plugin `name`.
    pub(crate) fn plugin(mut self, name: &str, guest: &'static str, settings: &str) -> Self {
        self.guests.push(guest);
        self.with(&format!("[plugins.{name}]\nsource = \"file:{guest}.wasm\"\n{settings}"))
    }

    /// Adds a recorder, which logs and notes in the context what hooks it ran.
    pub(crate) fn recorder(self, name: &str) -> Self {
        self.recorder_with(name, "", "")
    }

    /// Adds a recorder that fails in a hook.
    pub(crate) fn recorder_failing(self, name: &str, hook: &str) -> Self {
        self.recorder_with(name, &format!(", fail-in = \"{hook}\""), "")
    }

    /// Adds a recorder with more config and more settings.
    pub(crate) fn recorder_with(self, name: &str, config: &str, settings: &str) -> Self {
        let config = format!("config = {{ label = \"{name}\"{config} }}");
        self.plugin(name, "recorder", &format!("{config}\noverrides = [\"order\"]\n{settings}"))
    }

    /// The service in a folder.
    pub(crate) fn project(self) -> Project {
        let project = Project::new(&self.manifest).script("bootstrap", "#!/bin/sh\n");
        for guest in self.guests {
            project.write(&format!("{guest}.wasm"), guests::component(guest));
        }
        project
    }
}

/// What the recorders say they ran: `first pre-build`, one a line.
pub(crate) fn ran(finished: &Finished) -> String {
    let said = logged(finished, " ran ");
    said.replace(" ran ", " ")
}

/// The log lines of plugins that have this text, without the plugin's name before them.
pub(crate) fn logged(finished: &Finished, text: &str) -> String {
    let messages = finished.stderr.lines().filter_map(|line| Some(line.split_once(" | ")?.1));
    messages.filter(|message| message.contains(text)).collect::<Vec<_>>().join("\n")
}

/// What plugin `name` logged, line by line.
pub(crate) fn said_by(finished: &Finished, name: &str) -> String {
    let lines = finished.stderr.lines().filter_map(|line| line.split_once(" | "));
    let own = lines.filter(|(plugin, _)| plugin.trim() == name).map(|(_, message)| message);
    own.collect::<Vec<_>>().join("\n")
}
