//! `phalanx plugin inspect`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind, nearest};
use phalanx::manifest::{Grants, Limits, Location, OnFailure, PluginUse, Source};
use phalanx::pipeline;
use phalanx::plugin::{About, Host, HostOptions, Inspection, MAX_COMPONENT, Sections};
use phalanx::registry::builtin;
use phalanx::text::{safe_line, size};
use serde::Serialize;
use serde_json::Value;

use super::super::output::Answer;
use super::super::session::Session;

/// Show a plugin's hooks, capabilities, origin, where its bytes are, and the schema of its configuration
#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// A plugin's name in the manifest, `builtin:NAME`, or the path of a component
    #[arg(value_name = "PLUGIN")]
    plugin: String,
}

impl Inspect {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let (source, component) = self.find(session).await?;
        let mut options = HostOptions::new(&session.settings, Arc::clone(&session.reporter));
        options.compiler = session.environment().compiler;
        let host = Host::new(options)?;
        let inspection = host.inspect(&self.plugin, &component)?;
        let config_schema = schema(&host, &inspection, &component).await?;
        let (about, sections) = (About::read(&component), Sections::of(&component));
        Ok(Answer::new(&Inspected { source, inspection, about, sections, config_schema }))
    }

    /// The component's bytes, and where they came from.
    async fn find(&self, session: &Session) -> Result<(String, Vec<u8>), BoxError> {
        if let Some(name) = self.plugin.strip_prefix("builtin:") {
            return match builtin::get(name) {
                Some(component) => Ok((self.plugin.clone(), component.to_vec())),
                None => Err(self.not_found(&builtin::names().collect::<Vec<_>>())),
            };
        }
        let path = self.plugin.strip_prefix("file:").unwrap_or(&self.plugin);
        let path = session.settings.absolute(Path::new(path));
        if path.is_file() {
            return Ok((path.display().to_string(), fs::read_start(&path, MAX_COMPONENT + 1)?));
        }
        // A name in the manifest comes last: it needs a service around it.
        let Ok(request) = session.request(true) else { return Err(self.not_found(&[])) };
        let service = pipeline::load(&request)?;
        match service.plugins.get(&self.plugin) {
            Some(usage) => {
                let environment = session.environment();
                let component = pipeline::component_of(&environment, &request, &service, usage);
                Ok((usage.source.to_string(), component.await?))
            }
            None => {
                let names: Vec<&str> = service.plugins.keys().map(String::as_str).collect();
                Err(self.not_found(&names))
            }
        }
    }

    fn not_found(&self, names: &[&str]) -> BoxError {
        NoPlugin {
            plugin: self.plugin.clone(),
            near: nearest(self.plugin.trim_start_matches("builtin:"), names.iter().copied())
                .map(str::to_owned),
        }
        .into()
    }
}

/// Asks the plugin for its schema, which it tells without any object or capability in scope. What it
/// imports must be granted all the same, or it would not load.
async fn schema(
    host: &Host,
    inspection: &Inspection,
    component: &[u8],
) -> Result<Option<Value>, BoxError> {
    let everything = || vec!["**".to_owned()];
    let usage = PluginUse {
        name: inspection.name.clone().unwrap_or_else(|| "plugin".into()),
        source: Source::File(String::new()),
        version: None,
        signer: None,
        grants: Grants {
            commands: vec![everything()],
            files: everything(),
            env: everything(),
            aws: vec!["*".to_owned()],
            images: true,
            ..Grants::default()
        },
        config: Value::Object(serde_json::Map::new()),
        overrides: Vec::new(),
        on_failure: OnFailure::Fail,
        limits: Limits::default(),
        location: Location { file: String::new(), line: 0, column: 0 },
    };
    Ok(host.load(&usage, component)?.config_schema().await?)
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Inspected {
    source: String,
    #[serde(flatten)]
    inspection: Inspection,
    about: About,
    sections: Sections,
    config_schema: Option<Value>,
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inspection {
            name,
            version,
            digest,
            size: bytes,
            hooks,
            objects,
            capabilities,
            wasi,
            ..
        } = &self.inspection;
        let dash = || "-".to_owned();
        writeln!(f, "source        {}", safe_line(&self.source))?;
        writeln!(
            f,
            "name          {}",
            name.as_deref().map_or_else(dash, |name| safe_line(name).into_owned())
        )?;
        writeln!(
            f,
            "version       {}",
            version.as_deref().map_or_else(dash, |name| safe_line(name).into_owned())
        )?;
        for (name, text) in self.about.origin() {
            writeln!(f, "{name:12}  {}", safe_line(text))?;
        }
        writeln!(f, "digest        sha256:{digest}")?;
        writeln!(f, "size          {} ({})", size(*bytes), self.sections)?;
        let hooks: Vec<_> = hooks.iter().map(|hook| hook.name()).collect();
        writeln!(f, "hooks         {}", hooks.join(", "))?;
        writeln!(f, "objects       {}", or_none(&objects.join(", ")))?;
        writeln!(
            f,
            "capabilities  {}",
            or_none(
                &capabilities
                    .iter()
                    .map(|capability| capability.interface.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        )?;
        for capability in capabilities {
            writeln!(
                f,
                "              {} needs the grant `{}`",
                capability.interface, capability.grant
            )?;
        }
        let inert = if wasi.is_empty() {
            "none".to_owned()
        } else {
            format!("{} interfaces, inert", wasi.len())
        };
        writeln!(f, "wasi          {inert}")?;
        let Some(schema) = &self.config_schema else {
            return writeln!(f, "config        any: it has no schema");
        };
        writeln!(f, "config")?;
        let empty = serde_json::Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        for (key, property) in properties {
            let required = schema["required"]
                .as_array()
                .is_some_and(|list| list.iter().any(|name| name == key));
            let required = if required { ", required" } else { "" };
            let default = property.get("default").map(|value| format!(", default {value}"));
            let default = default.unwrap_or_default();
            let about = property["description"].as_str().unwrap_or_default();
            writeln!(f, "  {key} ({}{required}{default})  {}", kind(property), safe_line(about))?;
        }
        Ok(())
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// A schema's type in a word.
fn kind(property: &Value) -> String {
    match (&property["enum"], &property["type"]) {
        (Value::Array(values), _) => {
            values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ")
        }
        (_, Value::String(kind)) => kind.clone(),
        _ => "any".to_owned(),
    }
}

/// There is no such plugin.
#[derive(Debug, thiserror::Error)]
#[error("there is no plugin `{plugin}`")]
struct NoPlugin {
    plugin: String,
    near: Option<String>,
}

impl Explain for NoPlugin {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-such-plugin"
    }

    fn hints(&self) -> Vec<String> {
        let mut hints =
            Vec::from_iter(self.near.as_ref().map(|near| format!("did you mean `{near}`?")));
        hints.push(
            "name a plugin of the manifest, `builtin:NAME`, or the path of a component".into(),
        );
        hints
            .push(format!("built-in plugins: {}", builtin::names().collect::<Vec<_>>().join(", ")));
        hints
    }
}
