//! Needs `commands`: runs what its config says. `config = { run = [["git", "rev-parse", "HEAD"]] }`

use phalanx_plugin::commands::{self, Command};
use phalanx_plugin::{PreBuild, Result, log};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runner {
    run: Vec<Vec<String>>,
    dir: Option<String>,
    #[serde(default)]
    stdin: String,
}

impl PreBuild for Runner {
    fn pre_build(&self) -> Result {
        for argv in &self.run {
            let output = commands::run_command(&Command {
                argv: argv.clone(),
                dir: self.dir.clone(),
                env: vec![("GREETING".to_owned(), "hello".to_owned())],
                stdin: self.stdin.clone().into_bytes(),
            })?;
            let stdout = String::from_utf8_lossy(&output.stdout);
            log::info!("{}: status {}: {}", argv.join(" "), output.status, stdout.trim_end());
        }
        Ok(())
    }
}

phalanx_plugin::export!(Runner: pre_build);
