//! The one seam between the pipeline and the world: what a cloud can do with artifacts and stacks.
//!
//! [`local`] implements it over a folder, [`aws`] over AWS. Types here are ours; a cloud's own types
//! stay in its folder.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::hint::BoxError;
use crate::report::Reporter;
use crate::template::plan::Verdict;

pub mod archive;
pub mod aws;
mod calls;
mod images;
pub mod local;
mod operate;
mod state;

pub use archive::Archive;
pub use calls::{CallRequest, CallResponse, Calls};
pub use images::{Images, RegistryLogin};
pub use operate::{
    Behind, Drift, DriftState, FastPath, LogLine, LogQuery, NoFunction, Operate, PropertyDrift,
    ResourceDrift, is_platform_line,
};
pub use state::{Rule, rule};

/// Where a run provisions to.
#[async_trait]
pub trait Cloud: Archive + Operate + Send + Sync {
    /// `local` or `aws`.
    fn name(&self) -> &'static str;

    /// The account and region that this run works in.
    ///
    /// # Errors
    /// When the cloud does not say who we are.
    async fn identity(&self) -> Result<Identity, BoxError>;

    /// Where the artifact with this content digest is, or will be, stored. Does no work.
    fn artifact_location(&self, digest: &Digest) -> ArtifactLocation;

    /// True when functions run from the stored artifacts themselves, so that a stack needs them also
    /// when nothing changes.
    fn runs_artifacts(&self) -> bool;

    /// The host of the registry for container images, with its port if it has one. Does no work.
    fn registry(&self) -> String;

    /// The registry itself; none in a cloud that runs no containers.
    fn images(&self) -> Option<&dyn Images>;

    /// The cloud's own APIs; none in a cloud that has none.
    fn calls(&self) -> Option<&dyn Calls>;

    /// Stores an artifact unless it is there already.
    ///
    /// # Errors
    /// When it can be neither found nor stored.
    async fn store(
        &self,
        artifact: &Artifact,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Stored, BoxError>;

    /// The stack as it stands, or none.
    ///
    /// # Errors
    /// When the cloud cannot be asked.
    async fn stack(&self, name: &str) -> Result<Option<Stack>, BoxError>;

    /// The status of a stack alone; none when there is no such stack.
    ///
    /// # Errors
    /// When the cloud cannot be asked.
    async fn status(&self, name: &str) -> Result<Option<String>, BoxError>;

    /// Keeps other runs from changing a stack until the answer is dropped; this run's own changes go on.
    /// `action` tells them what is being done. A change that this caller began earlier, in a run that was
    /// killed, is followed to its end; one of somebody else only with `wait`.
    ///
    /// # Errors
    /// When another run works on the stack; the error says which.
    async fn hold(
        &self,
        name: &str,
        action: &'static str,
        wait: bool,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Hold, BoxError>;

    /// What the cloud itself says that a request would do to a stack that is there; none when it leaves
    /// that to the plan. Nothing is changed by it; what was made to find out is used by [`Cloud::apply`]
    /// of the same request, or removed by [`Cloud::withdraw`]. Without `may_store`, no artifact is stored
    /// to find out.
    ///
    /// # Errors
    /// When the cloud refuses the request.
    async fn preview(
        &self,
        request: &ApplyRequest,
        may_store: bool,
    ) -> Result<Option<Preview>, BoxError>;

    /// Removes what [`Cloud::preview`] made, for a request that is not carried out.
    ///
    /// # Errors
    /// When the cloud cannot be reached.
    async fn withdraw(&self, request: &ApplyRequest) -> Result<(), BoxError>;

    /// Creates or updates a stack and follows it to its end. A request that changes nothing is a
    /// success.
    ///
    /// # Errors
    /// When another run works on the stack, or a resource cannot be made; the error names the first
    /// real cause, and the stack is as it was before.
    async fn apply(
        &self,
        request: &ApplyRequest,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Applied, BoxError>;

    /// Brings the guards of a stack that needs no other change to what the request wants: its protection
    /// and its policy.
    ///
    /// # Errors
    /// When the cloud refuses one of them.
    async fn guard(&self, request: &ApplyRequest, stack: &Stack) -> Result<(), BoxError>;

    /// Undoes the creation or update that is under way, and waits until that is done.
    ///
    /// # Errors
    /// When there is none, or the cloud has no way to undo it.
    async fn cancel(&self, name: &str, reporter: Arc<dyn Reporter>) -> Result<(), BoxError>;

    /// Continues a rollback that failed, leaving out the resources `skip`, until the stack can be
    /// updated again. False when there was nothing to recover.
    ///
    /// # Errors
    /// When there is no such stack, or it fails again; the error names the first real cause.
    async fn recover(
        &self,
        name: &str,
        skip: &[String],
        reporter: Arc<dyn Reporter>,
    ) -> Result<bool, BoxError>;

    /// Deletes a stack and waits; none there is a success and gives false. The resources `retain` are
    /// left alone; only a stack whose deletion has failed can be deleted so.
    ///
    /// # Errors
    /// When something blocks it; the error names it.
    async fn delete(
        &self,
        name: &str,
        retain: &[String],
        reporter: Arc<dyn Reporter>,
    ) -> Result<bool, BoxError>;
}

/// A stack that is ours to change while this lives.
pub type Hold = Arc<dyn Any + Send + Sync>;

/// Who and where we are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// 12 digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
}

/// Where an artifact is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ArtifactLocation {
    /// The bucket.
    pub bucket: String,
    /// The key in it.
    pub key: String,
}

/// A file to store.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Digest of the content, which names it.
    pub digest: Digest,
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// For people, such as `package of hello`.
    pub label: String,
}

/// What storing an artifact came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It was stored now.
    New,
    /// It was there already.
    Present,
}

/// A stack as the cloud knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stack {
    /// The stack's ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// CloudFormation status, such as `CREATE_COMPLETE`.
    pub status: String,
    /// Why it has that status.
    pub reason: Option<String>,
    /// The template that is deployed.
    pub template: Value,
    /// Values of its parameters.
    pub parameters: IndexMap<String, String>,
    /// Tags.
    pub tags: IndexMap<String, String>,
    /// Output values by key, sorted.
    pub outputs: IndexMap<String, String>,
    /// Its resources, sorted by logical id.
    pub resources: Vec<StackResource>,
    /// When it was made.
    pub created: SystemTime,
    /// When it was last updated.
    pub updated: Option<SystemTime>,
    /// True when its deletion is refused.
    #[serde(default)]
    pub protected: bool,
    /// What the cloud last found of changes made past it: `DRIFTED`, `IN_SYNC`; none when nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
}

impl Stack {
    /// True when what runs is what its template says: no operation failed half-way.
    pub fn is_sound(&self) -> bool {
        rule(Some(&self.status)) == Rule::Update && !self.status.ends_with("_FAILED")
    }

    /// True when its creation failed: nothing of it runs, and the next deployment makes it anew.
    pub fn is_failed_creation(&self) -> bool {
        rule(Some(&self.status)) == Rule::Recreate
    }
}

/// One resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StackResource {
    /// Logical id in the template.
    pub logical_id: String,
    /// What the cloud calls it.
    pub physical_id: String,
    /// CloudFormation type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// CloudFormation status.
    pub status: String,
}

/// What to create or update.
#[derive(Debug, Clone)]
pub struct ApplyRequest {
    /// The stack's name.
    pub stack: String,
    /// The whole template.
    pub template: Value,
    /// Values of its parameters.
    pub parameters: IndexMap<String, String>,
    /// Tags of the stack.
    pub tags: IndexMap<String, String>,
    /// Identifies this run, so that a repeated request is not carried out twice.
    pub token: String,
    /// How it is done.
    pub settings: StackSettings,
}

/// How a stack is created, updated and guarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackSettings {
    /// ARN of the role with which the cloud works on the stack.
    pub role: Option<String>,
    /// ARNs of topics that hear of its events.
    pub notifications: Vec<String>,
    /// The stack policy, a JSON document.
    pub policy: Option<String>,
    /// Whether deleting the stack is refused; none leaves it as it is.
    pub termination_protection: Option<bool>,
    /// How long it may take; then it is undone.
    pub timeout: Option<Duration>,
    /// ARNs of alarms that undo an update.
    pub rollback_alarms: Vec<String>,
    /// Minutes for which the alarms are watched after an update.
    pub rollback_monitoring: u32,
}

/// What the cloud says that a request would do, by logical id.
pub type Preview = IndexMap<String, Verdict>;

/// How the token of a request begins that brings an earlier build back.
pub const ROLLBACK: &str = "rollback-";

/// How an apply ended.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The stack afterwards.
    pub stack: Stack,
    /// What happened.
    pub change: Change,
}

/// What an apply changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The stack was created.
    Created,
    /// The stack was updated.
    Updated,
    /// Nothing had to change.
    Unchanged,
}
