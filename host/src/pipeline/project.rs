//! Builds a plugin: the project's own toolchain, then a component that is looked at and compiled, so that no
//! deployment has to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::build;
use crate::fs;
use crate::hint::{BoxError, Explain, Kind};
use crate::manifest::{Project, ProjectBindings, read_project};
use crate::plugin::{
    About, BindingsLanguage, Host, Inspection, Sections, assemble, bindings, embed_world,
};

use super::run::Environment;

/// The file that describes a plugin's project.
pub const PROJECT_FILE: &str = "plugin.toml";

/// What a build of a plugin came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuiltPlugin {
    /// The component that was written.
    pub file: PathBuf,
    /// True when no input had changed and the build was skipped.
    pub skipped: bool,
    /// Where the component's bytes are.
    pub sections: Sections,
    /// What the component is.
    #[serde(flatten)]
    pub inspection: Inspection,
}

/// Builds the plugin whose project is in this folder.
///
/// # Errors
/// When there is no project, its build fails, or what that makes is no plugin of this Phalanx.
pub async fn build_plugin(
    environment: &Environment,
    folder: &Path,
    force: bool,
) -> Result<BuiltPlugin, BoxError> {
    let Component { name, file, component, skipped } =
        build_component(environment, folder, force).await?;
    let inspection = Host::new(environment.host_options())?.inspect(&name, &component)?;
    fs::write(&file, &component)?;
    Ok(BuiltPlugin { file, skipped, sections: Sections::of(&component), inspection })
}

/// A project's component, which was not looked at yet.
pub(super) struct Component {
    /// The plugin's name.
    pub(super) name: String,
    /// Where it belongs.
    pub(super) file: PathBuf,
    /// The component.
    pub(super) component: Vec<u8>,
    /// True when no input had changed and the build was skipped.
    pub(super) skipped: bool,
}

/// Runs a project's build and makes a component of what that makes.
pub(super) async fn build_component(
    environment: &Environment,
    folder: &Path,
    force: bool,
) -> Result<Component, BoxError> {
    let file = folder.join(PROJECT_FILE);
    let text = match fs::read_if_present(&file)? {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => return Err(NoProject { folder: folder.to_owned() }.into()),
    };
    let project = read_project(PROJECT_FILE, text)?;
    if let Some(bindings) = &project.bindings {
        write_bindings(folder, bindings)?;
    }
    let skipped = run_build(environment, folder, &project, force).await?;
    let mut module = fs::read(&folder.join(&project.module))?;
    if let Some(bindings) = &project.bindings
        && language(bindings) == BindingsLanguage::Go
    {
        embed_world(&mut module, &folder.join(&bindings.wit), &bindings.world)?;
    }
    let revision = revision(environment, folder).await;
    let component = assemble(&module, &about(&project, revision))?;
    let file = folder.join(&project.component);
    Ok(Component { name: project.name, file, component, skipped })
}

/// Makes the bindings of the project's world; what is as it would be is left alone, so that nothing is built anew.
fn write_bindings(folder: &Path, wanted: &ProjectBindings) -> Result<(), BoxError> {
    let files = bindings(language(wanted), &folder.join(&wanted.wit), &wanted.world)?;
    for (name, bytes) in files {
        let path = folder.join(&wanted.folder).join(name);
        if fs::read_if_present(&path)?.as_ref() != Some(&bytes) {
            fs::write(&path, &bytes)?;
        }
    }
    Ok(())
}

fn language(bindings: &ProjectBindings) -> BindingsLanguage {
    match bindings.language.as_str() {
        "go" => BindingsLanguage::Go,
        _ => BindingsLanguage::C,
    }
}

/// Whether a program is there: by its path in the project's folder, or on PATH.
fn is_there(environment: &Environment, folder: &Path, program: &str) -> bool {
    if program.contains('/') {
        return folder.join(program).is_file();
    }
    environment.settings.program(program).is_some()
}

/// Runs the project's build; true when nothing had changed.
async fn run_build(
    environment: &Environment,
    folder: &Path,
    project: &Project,
    force: bool,
) -> Result<bool, BoxError> {
    let Some(command) = &project.build else { return Ok(false) };
    let mut missing = project.tools.iter();
    if let Some((tool, install)) = missing.find(|(tool, _)| !is_there(environment, folder, tool)) {
        let (tool, install) = (tool.clone(), install.clone());
        return Err(NoTool { plugin: project.name.clone(), tool, install }.into());
    }
    let module = build::Output { key: "module".into(), path: project.module.clone() };
    let request = build::Request {
        name: "plugin",
        build: command,
        root: folder,
        state_dir: &folder.join(".phalanx"),
        environment: &environment.settings.environment,
        outputs: &[module],
        force,
    };
    let mut interrupt = environment.interrupt.clone();
    let outcome = tokio::select! {
        biased;
        () = interrupt.raised() => {
            return Err(super::PipelineError::Interrupted { at: "plugin build" }.into());
        }
        outcome = build::run(request, Arc::clone(&environment.reporter)) => outcome?,
    };
    Ok(matches!(outcome, build::Outcome::Skipped { .. }))
}

fn about(project: &Project, revision: Option<String>) -> About {
    About {
        name: project.name.clone(),
        version: project.version.clone(),
        description: project.description.clone(),
        authors: (!project.authors.is_empty()).then(|| project.authors.join(", ")),
        licenses: project.license.clone(),
        source: project.source.clone(),
        homepage: project.documentation.clone(),
        revision,
    }
}

/// The commit that the sources are, when they are just that: a revision with changes on top would say what is not so.
async fn revision(environment: &Environment, folder: &Path) -> Option<String> {
    let git = async |words: &[&str]| {
        let mut git = tokio::process::Command::new("git");
        git.args(words).current_dir(folder).env_clear().envs(&environment.settings.environment);
        let output = git.stdin(std::process::Stdio::null()).output().await.ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let changes = git(&["status", "--porcelain", "--", "."]).await?;
    if changes.is_empty() { git(&["rev-parse", "HEAD"]).await } else { None }
}

/// There is no project.
#[derive(Debug, thiserror::Error)]
#[error("there is no `{PROJECT_FILE}` in `{}`", folder.display())]
struct NoProject {
    folder: PathBuf,
}

impl Explain for NoProject {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-plugin-project"
    }

    fn hints(&self) -> Vec<String> {
        vec!["start one: `phalanx plugin new NAME`".into()]
    }
}

/// A program that the build needs is not there.
#[derive(Debug, thiserror::Error)]
#[error("`{tool}`, which builds plugin `{plugin}`, is not installed")]
struct NoTool {
    plugin: String,
    tool: String,
    install: String,
}

impl Explain for NoTool {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "no-tool"
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("install it: `{}`", self.install)]
    }
}
