//! Steps 4 and 5: what goes into each function's package, the `post-build` hook, and the sealed zips.

use std::fmt;

use serde::Serialize;

use crate::fs;
use crate::hint::BoxError;
use crate::package;
use crate::plugin::Hook;
use crate::text::{count, size};

use super::artifacts::SharedPackages;
use super::hooks;
use super::run::Run;
use super::step::Step;

/// The packages and the template of one run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageResult {
    /// Hex digest of everything that went in.
    pub build_id: String,
    /// The template, relative to the service's folder.
    pub template: String,
    /// One entry for each distinct package.
    pub packages: Vec<PackageLine>,
}

/// One package.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageLine {
    /// The zip, relative to the service's folder.
    pub path: String,
    /// Hex SHA-256 of the content, which names it in the cloud.
    pub digest: String,
    /// Bytes of the zip.
    pub size: u64,
    /// Bytes of the content.
    pub unpacked: u64,
    /// The functions that run it.
    pub functions: Vec<String>,
}

impl fmt::Display for PackageResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for package in &self.packages {
            let functions = package.functions.join(", ");
            writeln!(f, "{}  {}  {functions}", package.path, size(package.size))?;
        }
        writeln!(f, "{}", self.template)?;
        writeln!(f, "build id {}", self.build_id)
    }
}

/// Collects the packages' contents and lets `post-build` plugins work on them.
pub(super) async fn package(run: &mut Run) -> Result<(), BoxError> {
    run.step(Step::Package, async |run| {
        let packages = package::collect(&run.service)?;
        let functions = run.service.functions.len();
        run.packages = Some(SharedPackages::new(packages));
        Ok(((), count(functions, "function")))
    })
    .await?;
    hooks::run_hook(run, Hook::PostBuild).await?;
    Ok(())
}

/// Writes the zips that are not there yet.
pub(super) async fn seal(run: &mut Run) -> Result<(), BoxError> {
    run.step(Step::Seal, async |run| {
        fs::create_dir_all(&run.state_dir())?;
        let packages = run.packages.as_ref().expect("package has run").get();
        let sealed = packages.seal(&run.state_dir(), &*run.environment.reporter)?;
        let bytes = sealed.packages.iter().map(|package| package.size).sum();
        let summary = format!("{}, {}", count(sealed.packages.len(), "package"), size(bytes));
        run.sealed = Some(sealed);
        Ok(((), summary))
    })
    .await
}

/// What `package` prints.
pub(super) fn result(run: &Run) -> Result<PackageResult, BoxError> {
    let sealed = run.sealed.as_ref().expect("seal has run");
    let relative = |path: &std::path::Path| {
        path.strip_prefix(&run.service.root).unwrap_or(path).display().to_string()
    };
    let packages = sealed.packages.iter().map(|package| PackageLine {
        path: relative(&package.path),
        digest: package.digest.to_string(),
        size: package.size,
        unpacked: package.unpacked,
        functions: package.functions.clone(),
    });
    Ok(PackageResult {
        build_id: run.build_id.map(|id| id.to_string()).unwrap_or_default(),
        template: relative(&run.state_dir().join("template.json")),
        packages: packages.collect(),
    })
}
