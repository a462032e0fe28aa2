//! What can be done in AWS with what is deployed.

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::{ArtifactLocation, Behind, Drift, FastPath, LogLine, LogQuery, Operate, Stack};
use crate::hint::{BoxError, Explain, Kind};

#[async_trait]
impl Operate for Aws {
    async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, BoxError> {
        self.read_log(query).await
    }

    async fn drift(&self, stack: &Stack) -> Result<Drift, BoxError> {
        Ok(self.detect_drift(stack).await?)
    }

    fn fast_path(&self) -> Option<&dyn FastPath> {
        Some(self)
    }
}

/// How the keys of records begin.
pub(super) const BEHIND: &str = "behind/";

/// Where the record of a stack is, in the artifact bucket.
fn record(stack: &str) -> String {
    format!("{BEHIND}{stack}.json")
}

#[async_trait]
impl FastPath for Aws {
    async fn behind(&self, stack: &str) -> Result<Option<Behind>, BoxError> {
        let call = self.s3.get_object().bucket(self.bucket()).key(record(stack));
        let found = call.set_expected_bucket_owner(self.owner()).send().await;
        let object = match found.map_err(|error| refused("s3:GetObject", &error)) {
            Ok(object) => object,
            Err(error) if ["NoSuchKey", "NoSuchBucket"].contains(&error.refusal()) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let bytes = object.body.collect().await.map_err(|error| AwsError::Unreachable {
            operation: "s3:GetObject",
            reason: error.to_string(),
        })?;
        match serde_json::from_slice(&bytes.into_bytes()) {
            Ok(behind) => Ok(Some(behind)),
            Err(source) => {
                Err(BadRecord { bucket: self.bucket(), key: record(stack), source }.into())
            }
        }
    }

    async fn set_behind(&self, behind: &Behind) -> Result<(), BoxError> {
        let text = serde_json::to_vec_pretty(behind).expect("a record serialises");
        let call = self.s3.put_object().bucket(self.bucket()).key(record(&behind.stack));
        let call = call.set_expected_bucket_owner(self.owner()).body(ByteStream::from(text));
        call.send().await.map_err(|error| refused("s3:PutObject", &error))?;
        Ok(())
    }

    async fn forget_behind(&self, stack: &str) -> Result<(), BoxError> {
        let call = self.s3.delete_object().bucket(self.bucket()).key(record(stack));
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

/// The record of a stack is not what Phalanx writes.
#[derive(Debug, thiserror::Error)]
#[error("the record `s3://{bucket}/{key}` cannot be read")]
struct BadRecord {
    bucket: String,
    key: String,
    source: serde_json::Error,
}

impl Explain for BadRecord {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        "behind-unreadable"
    }

    fn hints(&self) -> Vec<String> {
        let Self { bucket, key, .. } = self;
        vec![format!(
            "if no newer version of Phalanx wrote it, run `aws s3 rm s3://{bucket}/{key}`, then `phalanx deploy --code-only` and `phalanx deploy`"
        )]
    }
}
