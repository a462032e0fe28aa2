//! A plugin that a command names: of this binary, a file, or of the manifest.

use std::path::Path;

use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind, nearest};
use phalanx::manifest::{Grants, Limits, Location, OnFailure, PluginUse, Source};
use phalanx::pipeline;
use phalanx::plugin::MAX_COMPONENT;
use phalanx::registry::builtin;
use serde_json::{Map, Value};

use super::super::session::Session;

/// A plugin that was found.
pub(super) struct Found {
    /// Where it came from.
    pub(super) source: String,
    /// The component's bytes.
    pub(super) component: Vec<u8>,
    /// What the manifest says of it, when it is of one.
    pub(super) usage: Option<PluginUse>,
}

impl Found {
    /// Finds what `plugin` names.
    pub(super) async fn find(session: &Session, plugin: &str) -> Result<Self, BoxError> {
        if let Some(name) = plugin.strip_prefix("builtin:") {
            let component = builtin::get(name);
            let component = component
                .ok_or_else(|| not_found(plugin, &builtin::names().collect::<Vec<_>>()))?;
            let source = plugin.to_owned();
            return Ok(Self { source, component: component.to_vec(), usage: None });
        }
        let path = plugin.strip_prefix("file:").unwrap_or(plugin);
        let path = session.settings.absolute(Path::new(path));
        if path.is_file() {
            let component = fs::read_start(&path, MAX_COMPONENT + 1)?;
            return Ok(Self { source: path.display().to_string(), component, usage: None });
        }
        // A name in the manifest comes last: it needs a service around it.
        let Ok(request) = session.request(true) else { return Err(not_found(plugin, &[])) };
        let service = pipeline::load(&request)?;
        let Some(usage) = service.plugins.get(plugin) else {
            let names: Vec<&str> = service.plugins.keys().map(String::as_str).collect();
            return Err(not_found(plugin, &names));
        };
        let environment = session.environment();
        let component = pipeline::component_of(&environment, &request, &service, usage).await?;
        Ok(Self { source: usage.source.to_string(), component, usage: Some(usage.clone()) })
    }
}

/// A use of a plugin that grants whatever it asks for.
pub(super) fn everything(name: &str) -> PluginUse {
    let all = || vec!["**".to_owned()];
    PluginUse {
        name: name.to_owned(),
        source: Source::File(String::new()),
        version: None,
        signer: None,
        grants: Grants {
            commands: vec![all()],
            files: all(),
            env: all(),
            aws: vec!["*".to_owned()],
            images: true,
            ..Grants::default()
        },
        config: Value::Object(Map::new()),
        overrides: Vec::new(),
        on_failure: OnFailure::Fail,
        limits: Limits::default(),
        location: Location { file: String::new(), line: 0, column: 0 },
    }
}

fn not_found(plugin: &str, names: &[&str]) -> BoxError {
    let near = nearest(plugin.trim_start_matches("builtin:"), names.iter().copied());
    NoPlugin { plugin: plugin.to_owned(), near: near.map(str::to_owned) }.into()
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
