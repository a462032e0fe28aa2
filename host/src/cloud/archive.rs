//! What a cloud remembers of deployments, and what of all that it stores nobody needs any more.
//!
//! A deployment that succeeded leaves a record: which build it was, when, by whom, and by digest the
//! template and the artifacts. That is all that `rollback` needs to bring the build back. What neither a
//! stack nor a record that is kept refers to is garbage.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Stack};
use crate::digest::Digest;
use crate::hint::BoxError;

mod references;

pub(crate) use references::digests_in;
pub use references::{ArtifactUse, artifacts_of};

/// The memory of a cloud.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Who we are to this cloud, such as an ARN; none where nobody has to say.
    fn caller(&self) -> Option<String>;

    /// Makes sure that artifacts and records have their place, before anything is changed.
    ///
    /// # Errors
    /// When the place cannot be made or used; the error says why.
    async fn ready(&self) -> Result<(), BoxError>;

    /// Takes back what an interrupted [`store`](super::Cloud::store) has sent in part.
    async fn abandon(&self);

    /// Remembers a deployment that has succeeded, and its template. One that is remembered already is
    /// left as it is.
    ///
    /// # Errors
    /// When it cannot be stored.
    async fn record(&self, deployment: &Deployment, template: &Value) -> Result<(), BoxError>;

    /// The newest deployments of a stack, at most `limit`, newest first; also of a stack that is gone.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn deployments(&self, stack: &str, limit: usize) -> Result<Vec<Deployment>, BoxError>;

    /// The template of a deployment.
    ///
    /// # Errors
    /// When it is no longer stored, or cannot be read.
    async fn deployed_template(&self, deployment: &Deployment) -> Result<Value, BoxError>;

    /// Those of the artifacts that are not stored any more.
    ///
    /// # Errors
    /// When the cloud cannot be asked.
    async fn missing(&self, wanted: Vec<ArtifactUse>) -> Result<Vec<ArtifactUse>, BoxError>;

    /// What nobody needs any more. Changes nothing.
    ///
    /// # Errors
    /// When anything that may need something cannot be read: then nothing is known to be garbage.
    async fn garbage(&self, limits: &Limits) -> Result<Garbage, BoxError>;

    /// Removes what [`garbage`](Self::garbage) has found with the same limits, unless it has come to be
    /// needed since.
    ///
    /// # Errors
    /// When what is needed cannot be read again, or nothing can be removed.
    async fn discard(&self, pieces: &[Piece], limits: &Limits) -> Result<Discarded, BoxError>;
}

/// A deployment that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deployment {
    /// The stack's name.
    pub stack: String,
    /// Hex digest of everything that went into the build; empty when another tool deployed it.
    pub build_id: String,
    /// When the stack came to be as it is, by the cloud's clock.
    #[serde(with = "moment")]
    pub when: SystemTime,
    /// What it did.
    pub change: Deed,
    /// Digest of the template's text.
    pub template: Digest,
    /// Keys of the artifacts that the template names, sorted.
    pub artifacts: Vec<String>,
    /// Values of the parameters, without those that must not be shown.
    pub parameters: IndexMap<String, String>,
    /// Tags of the stack.
    pub tags: IndexMap<String, String>,
    /// The account that it is in.
    pub account: String,
    /// Who deployed it, where the cloud knows.
    pub by: Option<String>,
}

/// What a deployment did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It created the stack.
    Created,
    /// It updated the stack.
    Updated,
    /// It brought an earlier build back.
    RolledBack,
}

impl Deed {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::RolledBack => "rolled back",
        }
    }
}

impl Deployment {
    /// The deployment that made `stack` what it is. `template` is what was deployed.
    pub fn of(stack: &Stack, template: &Value, change: Deed) -> Self {
        let mut artifacts: Vec<String> =
            artifacts_of(template).into_iter().map(|artifact| artifact.key).collect();
        artifacts.sort();
        artifacts.dedup();
        let mut parameters = stack.parameters.clone();
        parameters.retain(|name, _| !is_secret(&template["Parameters"][name]));
        Self {
            stack: stack.name.clone(),
            build_id: build_id(template).unwrap_or_default().to_owned(),
            when: stack.updated.unwrap_or(stack.created),
            change,
            template: Digest::of(template.to_string()),
            artifacts,
            parameters,
            tags: stack.tags.clone(),
            // `arn:aws:cloudformation:REGION:ACCOUNT:stack/…`
            account: stack.id.split(':').nth(4).unwrap_or_default().to_owned(),
            by: None,
        }
    }

    /// The same deployment, done by someone.
    pub fn by(mut self, caller: Option<String>) -> Self {
        self.by = caller;
        self
    }
}

/// The build that a template says it is of.
pub fn build_id(template: &Value) -> Option<&str> {
    template["Metadata"]["Phalanx"]["BuildId"].as_str()
}

/// The deed behind a change; none when nothing was changed.
pub fn deed(change: Change) -> Option<Deed> {
    match change {
        Change::Created => Some(Deed::Created),
        Change::Updated => Some(Deed::Updated),
        Change::Unchanged => None,
    }
}

/// Whether CloudFormation hides a parameter's value, which then must not lie in a record either.
pub(crate) fn is_secret(declaration: &Value) -> bool {
    match &declaration["NoEcho"] {
        Value::Bool(hidden) => *hidden,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// What garbage collection keeps.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// So many of the last deployments of each stack stay possible to roll back to.
    pub keep: usize,
    /// What is younger is left, since another run may be about to use it. Without it, an hour, a day for
    /// uploads that were never finished, and 30 days for plugins that were fetched.
    pub min_age: Option<Duration>,
    /// The time.
    pub now: SystemTime,
}

impl Limits {
    /// The age from which artifacts, templates and records can go.
    pub fn object_age(&self) -> Duration {
        self.min_age.unwrap_or(Duration::from_secs(3_600))
    }

    /// The age from which unfinished uploads can go.
    pub fn upload_age(&self) -> Duration {
        self.min_age.unwrap_or(Duration::from_secs(86_400))
    }

    /// The age from which plugins that nobody has used can go.
    pub fn blob_age(&self) -> Duration {
        self.min_age.unwrap_or(Duration::from_hours(30 * 24))
    }

    /// Whether something of this moment has the age.
    pub fn is_old(&self, from: SystemTime, age: Duration) -> bool {
        self.now.duration_since(from).is_ok_and(|passed| passed >= age)
    }
}

/// What a cloud stores and nobody needs.
#[derive(Debug, Clone, Default)]
pub struct Garbage {
    /// What can go, in a stable order.
    pub pieces: Vec<Piece>,
    /// Unused too, and too young to go.
    pub young: Vec<Piece>,
    /// How many objects are in use.
    pub used: usize,
    /// Stacks of which it is not known what they may go back to: nothing that such a stack could need
    /// is among the pieces.
    pub unsure: Vec<String>,
}

impl Garbage {
    /// Puts a piece where its age says.
    pub(crate) fn add(&mut self, piece: Piece, is_old: bool) {
        if is_old { self.pieces.push(piece) } else { self.young.push(piece) }
    }
}

/// One thing that nobody needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Its name: a key, a path, the name of a change set.
    pub name: String,
    /// Its size in bytes; 0 where there is nothing to measure.
    pub size: u64,
    /// What the cloud calls it beside its name, such as the id of an upload.
    #[serde(skip)]
    pub id: String,
}

/// Kinds of garbage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PieceKind {
    /// The package of a function.
    Package,
    /// A template.
    Template,
    /// The record of a deployment.
    Record,
    /// An upload that was never finished.
    Upload,
    /// A change set that was never executed.
    ChangeSet,
    /// The history of a stack that is gone; only in the local cloud.
    History,
    /// An unpacked package; only in the local cloud.
    Unpacked,
    /// What was fetched for plugins, in the user's cache.
    Blob,
}

impl PieceKind {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Template => "template",
            Self::Record => "record",
            Self::Upload => "upload",
            Self::ChangeSet => "change set",
            Self::History => "history",
            Self::Unpacked => "unpacked",
            Self::Blob => "plugin",
        }
    }
}

/// What came of removing garbage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discarded {
    /// What is gone.
    pub removed: Vec<Piece>,
    /// What could not be removed.
    pub failed: Vec<Kept>,
}

impl Discarded {
    /// Sorts pieces by whether one of `failed` is of the same name.
    pub(crate) fn of(pieces: Vec<Piece>, failed: Vec<Kept>) -> Self {
        let is_gone = |piece: &Piece| failed.iter().all(|kept| kept.name != piece.name);
        Self { removed: pieces.into_iter().filter(is_gone).collect(), failed }
    }
}

/// Those of `pieces` that are still garbage.
pub(crate) fn still(pieces: &[Piece], garbage: &Garbage) -> Vec<Piece> {
    pieces.iter().filter(|piece| garbage.pieces.contains(piece)).cloned().collect()
}

/// A piece that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// Moments in JSON, to the millisecond.
mod moment {
    use std::time::SystemTime;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        moment: &SystemTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_millis(*moment))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_has_all_but_what_is_hidden_and_reads_back() {
        let template = json!({
            "Metadata": { "Phalanx": { "BuildId": "b" } },
            "Parameters": {
                "Open": { "Type": "String" },
                "Shut": { "Type": "String", "NoEcho": true },
                "Text": { "Type": "String", "NoEcho": "true" },
                "Said": { "Type": "String", "NoEcho": "false" },
            },
            "Resources": { "F": { "Properties": { "Code": { "S3Bucket": "x", "S3Key": "k" } } } },
        });
        let value = |name: &str| (name.to_owned(), name.to_lowercase());
        let stack = Stack {
            id: "arn:aws:cloudformation:eu-central-1:123456789012:stack/s/1".into(),
            name: "s".into(),
            status: "CREATE_COMPLETE".into(),
            reason: None,
            template: Value::Null,
            parameters: ["Open", "Shut", "Text", "Said"].map(value).into_iter().collect(),
            tags: IndexMap::new(),
            outputs: IndexMap::new(),
            resources: Vec::new(),
            created: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
            updated: None,
            protected: false,
            drift: None,
        };
        let deployment = Deployment::of(&stack, &template, Deed::RolledBack).by(Some("me".into()));
        let record = serde_json::to_value(&deployment).unwrap();
        assert_eq!(
            record,
            json!({
                "stack": "s",
                "build-id": "b",
                "when": "2023-11-14T22:13:20.250Z",
                "change": "rolled-back",
                "template": Digest::of(template.to_string()),
                "artifacts": ["k"],
                "parameters": { "Open": "open", "Said": "said" },
                "tags": {},
                "account": "123456789012",
                "by": "me",
            })
        );
        assert_eq!(serde_json::from_value::<Deployment>(record).unwrap(), deployment);
    }

    #[test]
    fn ages_decide_what_goes() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let before = |seconds| now - Duration::from_secs(seconds);
        let usual = Limits { keep: 10, min_age: None, now };
        assert!(usual.is_old(before(3_600), usual.object_age()));
        assert!(!usual.is_old(before(3_599), usual.object_age()));
        assert!(!usual.is_old(before(86_399), usual.upload_age()));
        let all = Limits { min_age: Some(Duration::ZERO), ..usual };
        assert!(all.is_old(now, all.object_age()) && all.is_old(now, all.upload_age()));
        // A clock that is ahead of ours makes nothing old.
        assert!(!all.is_old(now + Duration::from_secs(1), all.object_age()));
    }
}
