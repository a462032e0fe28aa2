//! `phalanx plugin build`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use phalanx::hint::BoxError;
use phalanx::pipeline::{self, BuiltPlugin};
use phalanx::text::{count, size};
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;

/// Components above this many bytes are worth a word.
const LARGE: u64 = 4 << 20;

/// Build the plugin of a folder with `plugin.toml`: run its toolchain, and make a component of what that makes
#[derive(Debug, Args)]
pub(in crate::cli) struct Build {
    /// The plugin's folder; this one without it
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Build although no input has changed
    #[arg(long)]
    force: bool,
}

impl Build {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let here = &session.settings.current_dir;
        let folder = self.folder.map_or_else(|| here.clone(), |folder| here.join(folder));
        let built = pipeline::build_plugin(&session.environment(), &folder, self.force).await?;
        let inspection = &built.inspection;
        if inspection.size > LARGE {
            session.reporter.warn(
                format!("the component has {}", size(inspection.size)),
                Some("build it for size (`opt-level = \"s\"`, `lto = true`, `panic = \"abort\"` in Rust, `-Os` in C); an interpreter, as Python's, stays large: whoever uses the plugin compiles all of it once".into()),
            );
        }
        if built.sections.debugging > 0 {
            session.reporter.warn(
                format!("{} of it are for debuggers alone", size(built.sections.debugging)),
                Some("have the toolchain strip its component".into()),
            );
        }
        Ok(Answer::new(&Built(built)))
    }
}

#[derive(Serialize)]
struct Built(BuiltPlugin);

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BuiltPlugin { file, skipped, inspection, sections } = &self.0;
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        writeln!(f, "plugin {} {}", dash(&inspection.name), dash(&inspection.version))?;
        if *skipped {
            writeln!(f, "  build         skipped: its inputs are unchanged")?;
        }
        writeln!(f, "  file          {}", file.display())?;
        writeln!(f, "  component     sha256:{} ({})", inspection.digest, size(inspection.size))?;
        writeln!(f, "  size          {sections}")?;
        let hooks: Vec<_> = inspection.hooks.iter().map(|hook| hook.name()).collect();
        writeln!(f, "  hooks         {}", hooks.join(", "))?;
        let list = inspection.capabilities.iter().map(|capability| capability.interface.as_str());
        let list: Vec<_> = list.collect();
        let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        writeln!(f, "  capabilities  {list}")?;
        match inspection.wasi.len() {
            0 => Ok(()),
            all => writeln!(f, "  wasi          {}, which reach nothing", count(all, "interface")),
        }
    }
}
