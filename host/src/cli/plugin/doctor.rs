//! `phalanx plugin doctor`.

use std::fmt;
use std::time::Instant;

use clap::Args;
use phalanx::hint::{BoxError, Explain};
use phalanx::plugin::{CONTRACT_VERSION, Host, Inspection, PluginError, check_config};
use phalanx::report::micros;
use phalanx::text::{count, safe_text, size};
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;
use super::found::{Found, everything};

/// Tell everything that keeps a component from being loaded, and what to do about each
#[derive(Debug, Args)]
pub(in crate::cli) struct Doctor {
    /// A plugin's name in the manifest, `builtin:NAME`, or the path of a component
    #[arg(value_name = "PLUGIN")]
    plugin: String,
}

impl Doctor {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let Found { source, component, usage } = Found::find(session, &self.plugin).await?;
        let host = Host::new(session.environment().host_options())?;
        let is_used = usage.is_some();
        let usage = usage.unwrap_or_else(|| everything(&self.plugin));
        let (inspection, errors) = host.examine(&usage, &component);
        let mut problems: Vec<_> = errors.iter().map(Trouble::of).collect();
        let mut start_us = None;
        if problems.is_empty() {
            let plugin = host.load(&usage, &component)?;
            let began = Instant::now();
            match plugin.config_schema().await {
                Ok(Some(schema)) => {
                    start_us = Some(micros(began.elapsed()));
                    let wrong =
                        if is_used { check_config(&schema, &usage.config) } else { Vec::new() };
                    problems.extend(wrong.into_iter().map(|(at, why)| Trouble {
                        code: "plugin-config",
                        problem: format!("its config{at}: {why}"),
                        details: None,
                        hints: vec![format!("correct `config` at {}", usage.location)],
                    }));
                }
                Ok(None) => {}
                Err(error) => problems.push(Trouble::of(&error)),
            }
        }
        let code = u8::from(!problems.is_empty());
        let diagnosis = Diagnosis { source, inspection, is_used, start_us, problems };
        Ok(Answer::new(&diagnosis).code(code))
    }
}

/// One thing that is wrong.
#[derive(Serialize)]
struct Trouble {
    code: &'static str,
    problem: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    hints: Vec<String>,
}

impl Trouble {
    fn of(error: &PluginError) -> Self {
        Self {
            code: error.code(),
            problem: error.problem().to_string(),
            details: error.details(),
            hints: error.hints(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Diagnosis {
    source: String,
    inspection: Option<Inspection>,
    #[serde(skip)]
    is_used: bool,
    /// Microseconds to start the plugin and have it tell its schema; nothing without one.
    start_us: Option<u64>,
    problems: Vec<Trouble>,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, inspection, is_used, start_us, problems } = self;
        writeln!(f, "{source}")?;
        if let Some(inspection) = inspection {
            let name = inspection.name.as_deref().unwrap_or("without a name");
            let version = inspection.version.as_deref().unwrap_or("without a version");
            writeln!(f, "  component  {name} {version}, {}", size(inspection.size))?;
            let hooks: Vec<_> = inspection.hooks.iter().map(|hook| hook.name()).collect();
            let hooks = if hooks.is_empty() { "none".to_owned() } else { hooks.join(", ") };
            writeln!(f, "  hooks      {hooks} (contract {CONTRACT_VERSION})")?;
            for capability in inspection.capabilities.iter().filter(|_| !is_used) {
                let (interface, grant) = (&capability.interface, capability.grant);
                writeln!(f, "  needs      `{grant}` in the manifest's `grants`, for {interface}")?;
            }
            match inspection.wasi.len() {
                0 => {}
                all => {
                    writeln!(f, "  wasi       {}, which reach nothing", count(all, "interface"))?;
                }
            }
            for export in &inspection.ignored {
                writeln!(f, "  ignored    the export `{export}`: this Phalanx does not know it")?;
            }
        }
        if let Some(micros) = start_us {
            writeln!(f, "  start      {:.1} ms, with its config schema", *micros as f64 / 1000.0)?;
        }
        if problems.is_empty() {
            return writeln!(f, "nothing is wrong with it");
        }
        writeln!(f, "{}", count(problems.len(), "problem"))?;
        for Trouble { problem, details, hints, .. } in problems {
            writeln!(f, "- {}", safe_text(problem))?;
            for line in details.iter().flat_map(|details| details.lines()) {
                writeln!(f, "  {}", safe_text(line))?;
            }
            hints.iter().try_for_each(|hint| writeln!(f, "  hint: {}", safe_text(hint)))?;
        }
        Ok(())
    }
}
