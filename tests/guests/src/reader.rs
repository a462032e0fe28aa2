//! Needs `files`: reads what its config names, and fails with the first that it may not.
//! `config = { list = ["schema/**"], read = ["schema/a.json", "../secret"] }`

use phalanx_plugin::{PreBuild, Result, files, log};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reader {
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
}

impl PreBuild for Reader {
    fn pre_build(&self) -> Result {
        for glob in &self.list {
            log::info!("{glob}: {}", files::list(glob)?.join(" "));
        }
        for path in &self.read {
            log::info!("{path}: {}", files::read_text(path)?.trim_end());
        }
        Ok(())
    }
}

phalanx_plugin::export!(Reader: pre_build);
