//! `phalanx plugin inspect`.

use std::fmt;

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::plugin::{self, About, Host, Inspection, Sections};
use phalanx::report::millis;
use phalanx::text::{safe_line, size};
use serde::Serialize;
use serde_json::Value;

use super::super::output::Answer;
use super::super::session::Session;
use super::found::{Found, everything};

/// Show a plugin's hooks, capabilities, origin, where its bytes are, and the schema of its configuration
#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// A plugin's name in the manifest, `builtin:NAME`, or the path of a component
    #[arg(value_name = "PLUGIN")]
    plugin: String,
    /// Show all that it imports and exports as WIT instead
    #[arg(long)]
    wit: bool,
}

impl Inspect {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let found = Found::find(session, &self.plugin).await?;
        let (source, component) = (found.source, found.component);
        let host = Host::new(session.environment().host_options())?;
        let inspection = host.inspect(&self.plugin, &component)?;
        if self.wit {
            let wit = plugin::wit(&self.plugin, &component)?;
            return Ok(Answer::new(&Wit { wit }));
        }
        let config_schema = schema(&host, &inspection, &component).await?;
        let (about, sections) = (About::read(&component), Sections::of(&component));
        let compile_ms = inspection.compile_time.map(millis);
        Ok(Answer::new(&Inspected {
            source,
            inspection,
            about,
            sections,
            compile_ms,
            config_schema,
        }))
    }
}

/// Asks the plugin for its schema, which it tells without any object or capability in scope. What it
/// imports must be granted all the same, or it would not load.
async fn schema(
    host: &Host,
    inspection: &Inspection,
    component: &[u8],
) -> Result<Option<Value>, BoxError> {
    let usage = everything(inspection.name.as_deref().unwrap_or("plugin"));
    Ok(host.load(&usage, component)?.config_schema().await?)
}

#[derive(Serialize)]
struct Wit {
    wit: String,
}

impl fmt::Display for Wit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wit)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Inspected {
    source: String,
    #[serde(flatten)]
    inspection: Inspection,
    about: About,
    sections: Sections,
    /// Milliseconds that compiling it took on this machine.
    compile_ms: Option<u64>,
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
        if let Some(time) = self.compile_ms {
            writeln!(f, "compiled      in {:.1} s, once on this machine", time as f64 / 1000.0)?;
        }
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
