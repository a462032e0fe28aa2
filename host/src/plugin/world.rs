//! What a hook call works on.
//!
//! The pipeline fills this in; no type of the WIT contract appears in it.

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::reach::Services;
use crate::context::Context;
use crate::report::Reporter;
use crate::template::Template;

/// Everything in scope of one hook call. It is moved into the call and handed back.
pub struct World {
    /// Read-only facts.
    pub facts: Arc<Facts>,
    /// The context that all plugins share.
    pub context: Context,
    /// The template, from `template-decorate` on.
    pub template: Option<Template>,
    /// The packages, in `post-build`.
    pub artifacts: Option<Box<dyn Artifacts>>,
    /// The deployed stack, in `post-provision` and around a delete.
    pub stack: Option<Arc<StackView>>,
    /// What failed, in `rollback`.
    pub outcome: Option<Arc<OutcomeView>>,
    /// What grants open.
    pub services: Arc<dyn Services>,
    /// Where the plugin's log goes.
    pub reporter: Arc<dyn Reporter>,
}

/// Facts of a run.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The service's name.
    pub service: String,
    /// The stage.
    pub stage: String,
    /// The stack's name.
    pub stack_name: String,
    /// The region.
    pub region: String,
    /// The 12-digit account, when it is known.
    pub account: Option<String>,
    /// Hex digest of everything that goes into the build; empty before the packages are sealed.
    pub build_id: String,
    /// Nothing outside this machine may be changed.
    pub dry_run: bool,
    /// The start of the run: the only time that a plugin sees, unless it is granted `clock`.
    pub now: SystemTime,
}

/// The deployed stack.
#[derive(Debug, Clone, Default)]
pub struct StackView {
    /// The stack's ARN.
    pub id: String,
    /// This run created it.
    pub created: bool,
    /// This run changed nothing.
    pub unchanged: bool,
    /// Outputs, sorted by key.
    pub outputs: Vec<(String, String)>,
    /// Resources, sorted by logical id.
    pub resources: Vec<StackResource>,
}

/// One resource of the deployed stack.
#[derive(Debug, Clone)]
pub struct StackResource {
    /// Name in the template.
    pub logical_id: String,
    /// Name in the cloud.
    pub physical_id: String,
    /// CloudFormation type.
    pub resource_type: String,
    /// CloudFormation status.
    pub status: String,
}

/// How a run went wrong.
#[derive(Debug, Clone)]
pub struct OutcomeView {
    /// The step that failed, or the hook at which a plugin did.
    pub failed_step: String,
    /// The error as the person sees it.
    pub error: Failure,
    /// The steps that had completed, in order.
    pub completed: Vec<String>,
}

/// Why something cannot go on, as host and plugins tell each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A short stable code in kebab-case.
    pub code: String,
    /// One sentence: what failed, on which thing.
    pub message: String,
    /// What to do now.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: None }
    }
}

/// One packaged function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Name in the manifest.
    pub function: String,
    /// Name in the template.
    pub logical_id: String,
    /// Hex SHA-256 of the content so far.
    pub sha256: String,
    /// Unpacked bytes.
    pub size: u64,
}

/// The packages before they are sealed.
pub trait Artifacts: Send {
    /// All packaged functions, in manifest order.
    fn list(&self) -> Vec<Artifact>;
    /// The names of the files of a function's package, sorted.
    ///
    /// # Errors
    /// When there is no such function.
    fn files(&self, function: &str) -> Result<Vec<String>, Failure>;
    /// One file, when it has at most `limit` bytes.
    ///
    /// # Errors
    /// When there is no such file or function, it is too large, or it cannot be read.
    fn read(&self, function: &str, path: &str, limit: u64) -> Result<Vec<u8>, Failure>;
    /// Adds or replaces a file.
    ///
    /// # Errors
    /// When there is no such function, or path or mode are not allowed.
    fn write(
        &mut self,
        function: &str,
        path: &str,
        bytes: Vec<u8>,
        mode: u32,
    ) -> Result<(), Failure>;
    /// Starts a transaction.
    fn begin(&mut self);
    /// Keeps what was written since [`Self::begin`].
    fn commit(&mut self);
    /// Undoes what was written since [`Self::begin`].
    fn rollback(&mut self);
}
