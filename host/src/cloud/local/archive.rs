//! The memory of the local cloud: a stack's revisions hold all that a deployment is.

use async_trait::async_trait;
use serde_json::Value;

use super::history::Revision;
use super::{Local, LocalError, artifacts, is_name};
use crate::cloud::ROLLBACK;
use crate::cloud::archive::{
    Archive, ArtifactUse, Deed, Deployment, Discarded, Garbage, Limits, Piece, deed,
};
use crate::hint::BoxError;

#[async_trait]
impl Archive for Local {
    fn caller(&self) -> Option<String> {
        None
    }

    /// The folder is made when something is stored.
    async fn ready(&self) -> Result<(), BoxError> {
        Ok(())
    }

    /// A file appears whole or not at all.
    async fn abandon(&self) {}

    /// The revision that the deployment wrote is the record.
    async fn record(&self, _deployment: &Deployment, _template: &Value) -> Result<(), BoxError> {
        Ok(())
    }

    async fn deployments(&self, stack: &str, limit: usize) -> Result<Vec<Deployment>, BoxError> {
        let stack = stack.to_owned();
        self.blocking(move |local| {
            let revisions = local.newest(&stack)?;
            let deployments = revisions.map(|revision| Ok(deployment_of(&revision?)));
            deployments.filter_map(Result::transpose).take(limit).collect()
        })
        .await
    }

    async fn deployed_template(&self, deployment: &Deployment) -> Result<Value, BoxError> {
        let deployment = deployment.clone();
        self.blocking(move |local| {
            for revision in local.newest(&deployment.stack)? {
                let revision = revision?;
                if deployment_of(&revision).as_ref() == Some(&deployment) {
                    return Ok(revision.stack.template);
                }
            }
            Err(LocalError::NoStack(deployment.stack))
        })
        .await
    }

    async fn missing(&self, wanted: Vec<ArtifactUse>) -> Result<Vec<ArtifactUse>, BoxError> {
        self.blocking(move |local| {
            let mut missing = Vec::new();
            for artifact in wanted {
                let digest = artifacts::digest_of(&artifact.bucket, &artifact.key);
                let Some(digest) = digest else { continue };
                if local.artifacts().find(&digest)?.is_none() {
                    missing.push(artifact);
                }
            }
            Ok(missing)
        })
        .await
    }

    async fn garbage(&self, limits: &Limits) -> Result<Garbage, BoxError> {
        let limits = *limits;
        self.blocking(move |local| local.find_garbage(&limits)).await
    }

    async fn discard(&self, pieces: &[Piece], limits: &Limits) -> Result<Discarded, BoxError> {
        let (pieces, limits) = (pieces.to_vec(), *limits);
        self.blocking(move |local| local.discard_now(&pieces, &limits)).await
    }
}

/// The deployment that wrote a revision; none for a deletion.
pub(super) fn deployment_of(revision: &Revision) -> Option<Deployment> {
    let change = match deed(revision.change)? {
        _ if revision.is_deleted() => return None,
        Deed::Updated if revision.token.starts_with(ROLLBACK) => Deed::RolledBack,
        other => other,
    };
    Some(Deployment::of(&revision.stack, &revision.stack.template, change))
}

impl Local {
    /// The revisions of a stack, newest first.
    fn newest(
        &self,
        stack: &str,
    ) -> Result<impl Iterator<Item = Result<Revision, LocalError>>, LocalError> {
        let all = match is_name(stack) {
            true => Some(self.history(stack).backwards()?),
            false => None,
        };
        Ok(all.into_iter().flatten())
    }
}
