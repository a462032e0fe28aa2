//! The memory of deployments in the artifact bucket: a small object for each, and its template by
//! digest.
//!
//! The key of a record sorts by time and says which deployment it is of, so a run that records again
//! what a killed one has recorded changes nothing. Accounts that share a bucket have their records apart.

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::artifacts::{ArtifactError, Object, template_key};
use super::{Aws, AwsError};
use crate::cloud::archive::{
    Archive, ArtifactUse, Deployment, Discarded, Garbage, Limits, Piece, still,
};
use crate::digest::Digest;
use crate::hint::BoxError;

/// How many objects are read at once.
const PARALLEL: usize = 16;

/// How the keys of all records begin.
pub(super) const RECORDS: &str = "deployments/";

/// Where the records of a stack are.
pub(super) fn records_of(account: &str, stack: &str) -> String {
    format!("{RECORDS}{account}/{stack}/")
}

/// Where the record of a deployment is.
fn record_key(deployment: &Deployment) -> String {
    // All of one length, so that the order of the keys is that of the times.
    let time = humantime::format_rfc3339_millis(deployment.when).to_string();
    let time: String = time.chars().filter(|one| !matches!(one, '-' | ':')).collect();
    let build: String = deployment.build_id.chars().take(12).collect();
    // The time may be that of another deployment, on a server whose clock is coarse.
    let unique = Digest::of(format!("{build} {}", deployment.template)).short();
    format!("{}{time}-{build}-{unique}.json", records_of(&deployment.account, &deployment.stack))
}

#[async_trait]
impl Archive for Aws {
    fn caller(&self) -> Option<String> {
        Some(self.caller.clone())
    }

    async fn ready(&self) -> Result<(), BoxError> {
        Ok(self.ready_now().await?)
    }

    async fn abandon(&self) {
        self.abandon_uploads().await;
    }

    async fn record(&self, deployment: &Deployment, template: &Value) -> Result<(), BoxError> {
        self.ready_now().await?;
        let text = template.to_string();
        // The template first: a record that is there can be relied on.
        self.put_once(&template_key(&Digest::of(&text)), text.into_bytes()).await?;
        let record = serde_json::to_vec_pretty(deployment).expect("a deployment is plain JSON");
        self.put_once(&record_key(deployment), record).await?;
        Ok(())
    }

    async fn deployments(&self, stack: &str, limit: usize) -> Result<Vec<Deployment>, BoxError> {
        let mut records = self.list(&records_of(&self.identity.account, stack)).await?;
        records.reverse();
        records.truncate(limit);
        Ok(self.read_records(records).await?)
    }

    async fn deployed_template(&self, deployment: &Deployment) -> Result<Value, BoxError> {
        let key = template_key(&deployment.template);
        let Some(text) = self.get(&key).await? else {
            let build = deployment.build_id.chars().take(12).collect();
            let stack = deployment.stack.clone();
            return Err(AwsError::from(ArtifactError::NoTemplate { stack, build }).into());
        };
        let template = serde_json::from_slice(&text);
        Ok(template.map_err(|source| self.damaged(&key, source))?)
    }

    async fn missing(&self, wanted: Vec<ArtifactUse>) -> Result<Vec<ArtifactUse>, BoxError> {
        // What lies in another bucket is not kept, nor removed, by us.
        let ours = wanted.into_iter().filter(|one| one.bucket == self.bucket());
        let looks = ours.map(|artifact| async move {
            let there = self.has(&artifact.key).await?;
            Ok::<_, AwsError>((!there).then_some(artifact))
        });
        let found: Vec<_> = stream::iter(looks).buffered(PARALLEL).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn garbage(&self, limits: &Limits) -> Result<Garbage, BoxError> {
        Ok(self.find_garbage(limits).await?)
    }

    async fn discard(&self, pieces: &[Piece], limits: &Limits) -> Result<Discarded, BoxError> {
        let pieces = still(pieces, &self.find_garbage(limits).await?);
        let failed = self.discard_now(&pieces).await?;
        Ok(Discarded::of(pieces, failed))
    }
}

impl Aws {
    /// The deployments behind these records, in the same order. One that was removed meanwhile is left
    /// out.
    pub(super) async fn read_records(
        &self,
        records: Vec<Object>,
    ) -> Result<Vec<Deployment>, AwsError> {
        let reads = records.into_iter().map(|record| async move {
            let Some(text) = self.get(&record.key).await? else { return Ok(None) };
            let deployment = serde_json::from_slice(&text);
            deployment.map(Some).map_err(|source| self.damaged(&record.key, source))
        });
        let read: Vec<_> = stream::iter(reads).buffered(PARALLEL).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    pub(super) fn damaged(&self, key: &str, source: serde_json::Error) -> AwsError {
        ArtifactError::Damaged { bucket: self.bucket(), key: key.to_owned(), source }.into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::cloud::archive::Deed;

    fn deployment(milliseconds: u64) -> Deployment {
        Deployment {
            stack: "orders-dev".into(),
            build_id: Digest::of("build").to_string(),
            when: UNIX_EPOCH + Duration::from_millis(milliseconds),
            change: Deed::Created,
            template: Digest::of("template"),
            artifacts: Vec::new(),
            parameters: Default::default(),
            tags: Default::default(),
            account: "123456789012".into(),
            by: None,
        }
    }

    #[test]
    fn keys_of_records_sort_by_time_and_repeat() {
        let key = record_key(&deployment(1_700_000_000_000));
        assert!(
            key.starts_with("deployments/123456789012/orders-dev/20231114T221320.000Z-"),
            "{key}"
        );
        assert_eq!(key, record_key(&deployment(1_700_000_000_000)));
        let times = [999, 1_000, 1_001, 60_000, 86_400_000, 1_700_000_000_000];
        let keys: Vec<String> = times.iter().map(|time| record_key(&deployment(*time))).collect();
        assert!(keys.is_sorted(), "{keys:#?}");
    }
}
