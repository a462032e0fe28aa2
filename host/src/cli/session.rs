//! One invocation of the binary: settings, reporter, runtime and the way results get out.

#![expect(clippy::disallowed_methods, reason = "the one place that reads the surroundings")]

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline::{Environment, Interrupt, Registries, Request};
use phalanx::report::Reporter;
use phalanx::settings::Settings;
use tokio::signal::unix::{SignalKind, signal};

use super::json::JsonReporter;
use super::output::Answer;
use super::style::Style;
use super::terminal::{Terminal, Verbosity};
use super::{Format, Global};

/// What one invocation works with.
pub(super) struct Session {
    pub(super) settings: Arc<Settings>,
    pub(super) global: Global,
    pub(super) reporter: Arc<dyn Reporter>,
    /// For standard error.
    pub(super) style: Style,
    terminal: Option<Arc<Terminal>>,
}

impl Session {
    pub(super) fn new(global: Global) -> Self {
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let current_dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let settings = Arc::new(Settings::new(environment, current_dir, SystemTime::now()));
        let style = Style::new(settings.color && io::stderr().is_terminal());
        let (reporter, terminal): (Arc<dyn Reporter>, _) = if global.events {
            (Arc::new(JsonReporter), None)
        } else {
            let verbosity = match (global.quiet, global.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Normal,
            };
            let terminal = Arc::new(Terminal::new(style, verbosity, io::stderr().is_terminal()));
            (Arc::clone(&terminal) as _, Some(terminal))
        };
        Self { settings, global, reporter, style, terminal }
    }

    /// Runs a future to its end. One thread is enough: heavy work has threads of its own.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("the system gives a runtime its pipes").block_on(future)
    }

    /// What the pipeline needs of this process. Ctrl-C asks the run to stop and roll back; once the run
    /// does not answer any more, it ends the process.
    pub(super) fn environment(&self) -> Environment {
        let (presses, interrupt) = Interrupt::new();
        // Listened for from here on, and not only when the task below gets its first turn.
        if let Ok(mut signals) = signal(SignalKind::interrupt()) {
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if presses.press() {
                        std::process::exit(130);
                    }
                }
            });
        }
        Environment {
            settings: Arc::clone(&self.settings),
            reporter: Arc::clone(&self.reporter),
            compiler: std::env::current_exe().ok(),
            interrupt,
        }
    }

    /// What the user asked for, with the manifest found.
    ///
    /// # Errors
    /// When there is no manifest here or above.
    pub(super) fn request(&self, local: bool) -> Result<Request, BoxError> {
        Ok(Request {
            manifest: self.manifest()?,
            stage: self.global.stage.clone(),
            region: self.global.region.clone(),
            profile: self.global.profile.clone(),
            local,
            dry_run: false,
            force: false,
            code_only: false,
            wait: false,
            locked: self.global.locked,
            offline: self.global.offline,
            retain: Vec::new(),
        })
    }

    /// The registries that this invocation may ask.
    ///
    /// # Errors
    /// When there is no engine for plugins.
    pub(super) fn registries(&self) -> Result<Registries, BoxError> {
        Registries::open(&self.environment(), self.global.profile.as_deref(), self.global.offline)
    }

    fn manifest(&self) -> Result<PathBuf, BoxError> {
        if let Some(path) = &self.global.manifest {
            let path = self.settings.absolute(path);
            return Ok(if path.is_dir() { path.join(MANIFEST) } else { path });
        }
        let folder = &self.settings.current_dir;
        let found =
            folder.ancestors().map(|folder| folder.join(MANIFEST)).find(|path| path.is_file());
        found.ok_or_else(|| NoManifest { folder: folder.clone() }.into())
    }

    /// Takes down progress bars.
    pub(super) fn finish(&self) {
        if let Some(terminal) = &self.terminal {
            terminal.finish();
        }
    }

    /// Prints an answer on standard output. A closed pipe ends quietly: `phalanx outputs | head -1`
    /// has all it wants.
    pub(super) fn print(&self, answer: Answer) -> Result<ExitCode, BoxError> {
        let mut text = match self.global.output {
            Format::Text => answer.text,
            Format::Json if answer.json.is_null() => String::new(),
            Format::Json => {
                serde_json::to_string_pretty(&answer.json).expect("a JSON value") + "\n"
            }
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CannotPrint { source: error }.into())
            }
            _ => Ok(ExitCode::from(answer.code)),
        }
    }
}

const MANIFEST: &str = "phalanx.toml";

/// There is no manifest.
#[derive(Debug, thiserror::Error)]
#[error("no `phalanx.toml` in `{}` or any folder above", folder.display())]
struct NoManifest {
    folder: PathBuf,
}

impl Explain for NoManifest {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-manifest"
    }

    fn hints(&self) -> Vec<String> {
        vec!["run `phalanx init` to make one, or name one with `--manifest FILE`".into()]
    }
}

/// Standard output took no more.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result to standard output")]
struct CannotPrint {
    source: io::Error,
}

impl Explain for CannotPrint {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "output-error"
    }
}
