//! Step 3: the user's builds: the service's first, then the functions' own, side by side.

use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;

use crate::build::{self, Outcome};
use crate::fs;
use crate::hint::BoxError;

use super::run::Run;
use super::step::Step;

/// How often a run asks whether the other one that builds here has ended.
const AGAIN: Duration = Duration::from_millis(20);

/// What the builds came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildResult {
    /// Each build by name: `service`, or a function's name.
    pub builds: Vec<BuildLine>,
}

/// One build.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildLine {
    /// `service`, or a function's name.
    pub name: String,
    /// True when it was skipped because its inputs had not changed.
    pub skipped: bool,
}

impl fmt::Display for BuildResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.builds.is_empty() {
            return writeln!(f, "nothing to build");
        }
        for build in &self.builds {
            let outcome = if build.skipped { "inputs unchanged, skipped" } else { "built" };
            writeln!(f, "{}: {outcome}", build.name)?;
        }
        Ok(())
    }
}

/// Runs the builds whose inputs changed.
pub(super) async fn build(run: &mut Run) -> Result<BuildResult, BoxError> {
    run.step(Step::Build, async |run| {
        run.workshop = Some(alone(run).await?);
        let run = &*run;
        let mut builds = Vec::new();
        if let Some(service_build) = &run.service.build {
            // The service's build makes the code of every function that has no build of its own.
            let outputs =
                run.service.functions.values().filter(|function| function.build.is_none());
            let outputs = outputs.map(output).collect::<Vec<_>>();
            builds.push(one(run, "service", service_build, &outputs).await?);
        }
        let own = run.service.functions.values().filter_map(|function| {
            let build = function.build.as_ref()?;
            Some(async move { one(run, &function.name, build, &[output(function)]).await })
        });
        builds.extend(try_join_all(own).await?);
        let result = BuildResult { builds };
        let skipped = result.builds.iter().filter(|build| build.skipped).count();
        let summary = match (result.builds.len(), skipped) {
            (0, _) => "nothing to build".into(),
            (all, skipped) if all == skipped => "inputs unchanged".into(),
            (all, skipped) => format!("{} built, {skipped} unchanged", all - skipped),
        };
        Ok((result, summary))
    })
    .await
}

/// Waits until no other run builds and packages in this folder, and clears away what killed ones left.
/// Held until the packages are sealed and the template is written: a build for another stage in
/// between would put its code into the packages of this one.
async fn alone(run: &Run) -> Result<File, BoxError> {
    let folder = run.state_dir();
    fs::create_dir_all(&folder)?;
    let path = folder.join(".lock");
    let mut told = false;
    loop {
        if let Some(lock) = fs::try_lock(&path)? {
            fs::clear_leftovers(&folder)?;
            fs::clear_leftovers(&folder.join("build"))?;
            return Ok(lock);
        }
        if !told {
            run.reporter().note("another run builds in this folder; waiting for it");
            told = true;
        }
        // Asked again and again, since a wait in the system could not be interrupted.
        tokio::time::sleep(AGAIN).await;
    }
}

fn output(function: &crate::manifest::Function) -> build::Output {
    build::Output { key: format!("functions.{}.code", function.name), path: function.code.clone() }
}

async fn one(
    run: &Run,
    name: &str,
    build: &crate::manifest::Build,
    outputs: &[build::Output],
) -> Result<BuildLine, BoxError> {
    let outcome = build::run(
        build::Request {
            name,
            build,
            root: &run.service.root,
            state_dir: &run.state_dir(),
            environment: &run.environment.settings.environment,
            outputs,
            force: run.request.force,
        },
        Arc::clone(&run.environment.reporter),
    )
    .await?;
    Ok(BuildLine { name: name.to_owned(), skipped: matches!(outcome, Outcome::Skipped { .. }) })
}
