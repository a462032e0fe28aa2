//! Events: the only way the library speaks.
//!
//! The library hands [`Event`]s to a [`Reporter`]; the binary draws them for people or writes them as
//! NDJSON (`--events`). Nothing below the binary prints. Events are facts; wording is the binary's.

use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;

/// Something that happened during a run. Serialised with a tag `event` in kebab-case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    /// A pipeline step began.
    StepStarted {
        /// The step's name, such as `build`.
        step: String,
    },
    /// A pipeline step ended well.
    StepFinished {
        /// The step's name.
        step: String,
        /// Wall time in milliseconds.
        elapsed_ms: u64,
        /// One short phrase about the result, such as `2 functions, 1 package`.
        summary: String,
    },
    /// A plugin is compiled, once on this machine.
    CompileStarted {
        /// The plugin's name in the manifest, or what it calls itself.
        plugin: String,
        /// Bytes of the component.
        size: u64,
    },
    /// A plugin was compiled.
    CompileFinished {
        /// The same name.
        plugin: String,
        /// The same size.
        size: u64,
        /// Wall time in milliseconds.
        elapsed_ms: u64,
    },
    /// A hook call of a plugin began.
    HookStarted {
        /// The plugin's name in the manifest.
        plugin: String,
        /// The hook, such as `template-decorate`.
        hook: String,
    },
    /// A hook call of a plugin ended well.
    HookFinished {
        /// The plugin's name in the manifest.
        plugin: String,
        /// The hook.
        hook: String,
        /// Wall time in microseconds.
        elapsed_us: u64,
        /// How many template edits it made.
        edits: usize,
    },
    /// A plugin logged a message; made safe for terminals already.
    PluginLog {
        /// The plugin's name in the manifest.
        plugin: String,
        /// `trace`, `debug`, `info`, `warn`, `error`, `stdout` or `stderr`.
        level: String,
        /// One line.
        message: String,
    },
    /// One line of output of a program that the run started, made safe for terminals already.
    Output {
        /// What printed it, such as `build` or `function hello`.
        source: String,
        /// One line.
        line: String,
    },
    /// The same, for those who want to know more: what a cloud says of a call, for example.
    Detail {
        /// What printed it.
        source: String,
        /// One line.
        line: String,
    },
    /// Work of a known size advanced. `total` is 0 while the size is unknown.
    Progress {
        /// What advances, such as `package hello`.
        task: String,
        /// Units done.
        done: u64,
        /// Units in all.
        total: u64,
        /// `bytes`, `files`, `plugins`, `resources`.
        unit: &'static str,
    },
    /// A stack's resource changed its status.
    Resource {
        /// Logical id in the template.
        logical_id: String,
        /// CloudFormation type.
        resource_type: String,
        /// CloudFormation status, such as `CREATE_COMPLETE`.
        status: String,
        /// Why, when the cloud says so.
        reason: Option<String>,
    },
    /// Worth knowing, shown unless quiet.
    Note {
        /// One sentence.
        message: String,
    },
    /// Something the user should act on although the run goes on.
    Warning {
        /// One sentence.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// A time as events and results have it, in milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The same in microseconds.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Receives events. Called from several threads.
pub trait Reporter: Send + Sync {
    /// Takes one event; must not block for long.
    fn event(&self, event: Event);
}

impl dyn Reporter + '_ {
    /// Reports a [`Event::Note`].
    pub fn note(&self, message: impl Into<String>) {
        self.event(Event::Note { message: message.into() });
    }

    /// Reports a [`Event::Warning`].
    pub fn warn(&self, message: impl Into<String>, hint: Option<String>) {
        self.event(Event::Warning { message: message.into(), hint });
    }
}

/// Keeps every event, for tests.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Reporter for Recorder {
    fn event(&self, event: Event) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
    }
}
