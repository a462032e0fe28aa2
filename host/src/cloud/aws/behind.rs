//! The fast path, and the record of it in the artifact bucket: one small object for each stack whose
//! functions run other code than its template names.

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::artifacts::Object;
use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::{ArtifactLocation, Behind, FastPath};
use crate::hint::BoxError;

/// How many records are read at once.
const PARALLEL: usize = 16;

/// How the keys of all records begin.
pub(super) const RECORDS: &str = "behind/";

/// Where the record of a stack is. Accounts that share a bucket have their records apart.
fn key(account: &str, stack: &str) -> String {
    format!("{RECORDS}{account}/{stack}.json")
}

#[async_trait]
impl FastPath for Aws {
    async fn behind(&self, stack: &str) -> Result<Option<Behind>, BoxError> {
        Ok(self.read_behind(&key(&self.identity.account, stack)).await?)
    }

    async fn set_behind(&self, behind: &Behind) -> Result<(), BoxError> {
        let text = serde_json::to_vec_pretty(behind).expect("a record serialises");
        Ok(self.put(&key(&self.identity.account, &behind.stack), text.into()).await?)
    }

    async fn forget_behind(&self, stack: &str) -> Result<(), BoxError> {
        let key = key(&self.identity.account, stack);
        let call = self.s3.delete_object().bucket(self.bucket()).key(key);
        let gone = call.set_expected_bucket_owner(self.owner()).send().await;
        gone.map_err(|error| refused("s3:DeleteObject", &error))?;
        Ok(())
    }

    async fn code_mark(&self, function: &str) -> Result<String, BoxError> {
        self.code_mark_now(function).await
    }

    async fn set_code(&self, function: &str, code: &ArtifactLocation) -> Result<(), BoxError> {
        self.set_code_now(function, code).await
    }
}

impl Aws {
    /// All records, with their objects. One that was removed meanwhile is left out.
    pub(super) async fn all_behind(&self) -> Result<Vec<(Object, Behind)>, AwsError> {
        let reads = self.list(RECORDS).await?.into_iter().map(|object| async move {
            let behind = self.read_behind(&object.key).await?;
            Ok::<_, AwsError>(behind.map(|behind| (object, behind)))
        });
        let read: Vec<_> = stream::iter(reads).buffered(PARALLEL).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Whether a record is of a stack of this account.
    pub(super) fn is_own_behind(&self, object: &Object, behind: &Behind) -> bool {
        object.key == key(&self.identity.account, &behind.stack)
    }

    async fn read_behind(&self, key: &str) -> Result<Option<Behind>, AwsError> {
        let Some(text) = self.get(key).await? else { return Ok(None) };
        let behind = serde_json::from_slice(&text);
        behind.map(Some).map_err(|source| self.damaged(key, source))
    }
}
