//! `phalanx init`: a new service in a folder, from a template that is known to deploy.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use serde::Serialize;

use super::output::Answer;
use super::session::Session;

/// Start a new service
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder, which also names the service
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// What to start from
    #[arg(long, short = 't', value_enum, default_value_t = Template::Rust)]
    template: Template,
    /// The service's name [default: the folder's]
    #[arg(long)]
    name: Option<String>,
}

/// A template of `init`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Template {
    /// One Lambda function in Rust behind an HTTP route
    Rust,
    /// A manifest only
    Empty,
}

impl Template {
    /// Path and content of each file; `NAME` stands for the service's name.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => &[
                ("phalanx.toml", include_str!("templates/rust/phalanx.toml")),
                ("Cargo.toml", include_str!("templates/rust/Cargo.toml.in")),
                ("src/main.rs", include_str!("templates/rust/main.rs.in")),
                (".gitignore", "target/\n.phalanx/\n"),
            ],
            Self::Empty => &[
                ("phalanx.toml", include_str!("templates/empty/phalanx.toml")),
                (".gitignore", ".phalanx/\n"),
            ],
        }
    }
}

impl Init {
    pub(super) fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let folder = match self.folder.as_path() {
            here if here == Path::new(".") => session.settings.current_dir.clone(),
            there => session.settings.absolute(there),
        };
        let name = match self.name {
            Some(name) if is_service_name(&name) => name,
            Some(name) => return Err(InitError::BadName { name }.into()),
            None => service_name(&folder)?,
        };
        let files = self.template.files();
        // All or nothing: nothing of the user's is overwritten, and no half a service is left.
        let taken =
            files.iter().map(|(path, _)| *path).filter(|path| fs::exists(&folder.join(path)));
        let taken =
            taken.filter(|path| *path != ".gitignore").map(str::to_owned).collect::<Vec<_>>();
        if !taken.is_empty() {
            return Err(InitError::Taken { folder, taken }.into());
        }
        let mut made = Vec::new();
        for (path, content) in files {
            if !fs::exists(&folder.join(path)) {
                fs::write(&folder.join(path), content.replace("NAME", &name))?;
                made.push((*path).to_owned());
            }
        }
        Ok(Answer::new(&Made { service: name, folder: self.folder, files: made }))
    }
}

/// The folder's name as a service name: what CloudFormation takes in a stack's name.
fn service_name(folder: &Path) -> Result<String, BoxError> {
    let last = folder.components().next_back().map(|last| last.as_os_str().to_string_lossy());
    let name: String = last
        .unwrap_or_default()
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    let name = name.trim_matches('-').to_owned();
    if is_service_name(&name) {
        Ok(name)
    } else {
        Err(InitError::NoName { folder: folder.to_owned() }.into())
    }
}

/// Whether manifest and Cargo take it as a name.
fn is_service_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Made {
    service: String,
    folder: PathBuf,
    files: Vec<String>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "made service {} in {}", self.service, self.folder.display())?;
        self.files.iter().try_for_each(|file| writeln!(f, "  {file}"))?;
        if self.folder == Path::new(".") {
            writeln!(f, "next: phalanx deploy --local")
        } else {
            writeln!(f, "next: cd {} && phalanx deploy --local", self.folder.display())
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("`{}` holds files that a new service needs: {}", folder.display(), taken.join(", "))]
    Taken { folder: PathBuf, taken: Vec<String> },
    #[error("the folder `{}` gives no name for a service", folder.display())]
    NoName { folder: PathBuf },
    #[error("`{name}` is no name for a service")]
    BadName { name: String },
}

impl Explain for InitError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "folder-taken",
            Self::NoName { .. } => "no-service-name",
            Self::BadName { .. } => "bad-service-name",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Taken { .. } => "name another folder: `phalanx init FOLDER`".into(),
            Self::NoName { .. } | Self::BadName { .. } => {
                "name the service with `--name NAME`: a letter, then letters, digits and `-`".into()
            }
        }]
    }
}
