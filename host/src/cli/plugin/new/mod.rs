//! `phalanx plugin new`: a project that builds, and passes its test, as it is.

mod language;
mod template;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::manifest::is_plugin_name;
use phalanx::pipeline::CASES;
use serde::Serialize;

use super::super::output::Answer;
use super::super::session::Session;
use language::{Facts, Language, Project};

/// Start a new plugin in a language of your choice
#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    /// The plugin's name, and its folder
    #[arg(value_name = "NAME", required_unless_present = "list")]
    name: Option<String>,
    /// The language that it is written in
    #[arg(long, short = 'l', value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// The hook that it runs at; can be repeated
    #[arg(long = "hook", value_enum, value_name = "HOOK", default_value = "template-decorate")]
    hooks: Vec<Hook>,
    /// Show the languages, and what each needs
    #[arg(long)]
    list: bool,
}

/// An interface that a plugin can export; each is called as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Hook {
    /// Before the service is built
    PreBuild,
    /// After the build: adds files to packages
    PostBuild,
    /// Edits the template
    TemplateDecorate,
    /// Judges the final template
    TemplateValidate,
    /// After the stack was created or updated
    PostProvision,
    /// After any step failed
    Rollback,
    /// Around the deletion of the stack
    Teardown,
}

impl New {
    pub(super) fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let Some(name) = self.name.filter(|_| !self.list) else {
            return Ok(Answer::new(&Languages::all()));
        };
        if !is_plugin_name(&name) {
            return Err(NewError::BadName { name }.into());
        }
        let mut hooks = self.hooks;
        hooks.sort();
        hooks.dedup();
        let project = Project { name: &name, hooks: &hooks };
        let files = self.lang.files(&project);
        let folder = session.settings.absolute(Path::new(&name));
        // All or nothing: nothing of the user's is overwritten, and no half a project is left.
        if fs::exists(&folder) && !fs::list(&folder)?.is_empty() {
            return Err(NewError::Taken { folder }.into());
        }
        for (path, content) in &files {
            fs::write(&folder.join(path), content)?;
        }
        let facts = self.lang.facts();
        let own = files.keys().filter(|path| {
            !path.contains('/') || path.starts_with("src/") || path.starts_with("plugin/")
        });
        Ok(Answer::new(&Made {
            plugin: name.clone(),
            language: facts.name,
            folder: name.into(),
            setup: facts.setup,
            files: own.cloned().chain([format!("{CASES}/")]).collect(),
        }))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Made {
    plugin: String,
    language: &'static str,
    folder: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup: Option<&'static str>,
    files: Vec<String>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        writeln!(f, "made plugin {} in {folder}, in {}", self.plugin, self.language)?;
        self.files.iter().try_for_each(|file| writeln!(f, "  {file}"))?;
        let setup = self.setup.map(|setup| format!("{setup} && ")).unwrap_or_default();
        writeln!(f, "next: cd {folder} && {setup}phalanx plugin build && phalanx plugin test")
    }
}

/// The languages.
#[derive(Serialize)]
struct Languages(Vec<Listed>);

#[derive(Serialize)]
struct Listed {
    language: &'static str,
    needs: &'static str,
    install: &'static str,
}

impl Languages {
    fn all() -> Self {
        let listed = |language: &Language| {
            let Facts { name, needs, install, .. } = language.facts();
            Listed { language: name, needs, install }
        };
        Self(Language::value_variants().iter().map(listed).collect())
    }
}

impl fmt::Display for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Listed) -> &str| self.0.iter().map(|one| of(one).len()).max();
        let first = width(|one| one.language).unwrap_or_default();
        let second = width(|one| one.needs).unwrap_or_default();
        for Listed { language, needs, install } in &self.0 {
            writeln!(f, "{language:<first$}  {needs:<second$}  {install}")?;
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum NewError {
    #[error("`{}` is there already, and is not empty", folder.display())]
    Taken { folder: PathBuf },
    #[error("`{name}` is no name for a plugin")]
    BadName { name: String },
}

impl Explain for NewError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "folder-taken",
            Self::BadName { .. } => "bad-plugin-name",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![
            match self {
                Self::Taken { .. } => "name another plugin, or remove the folder",
                Self::BadName { .. } => {
                    "a lower-case letter, then lower-case letters, digits and single `-`, such as `house-rules`"
                }
            }
            .into(),
        ]
    }
}
