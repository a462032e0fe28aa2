//! Single calls on objects of the bucket.

use std::time::SystemTime;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, Delete, ObjectIdentifier};

use super::super::error::refused;
use super::bucket::status;
use super::{Aws, AwsError};
use crate::cloud::archive::Kept;

/// How many objects one call can delete.
pub(in super::super) const BATCH: usize = 1_000;

/// How often an object is tried to be stored that others store or delete too.
const CONFLICTS: usize = 3;

/// What is known of an object from a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Object {
    pub(in super::super) key: String,
    pub(in super::super) size: u64,
    pub(in super::super) modified: SystemTime,
}

impl Aws {
    /// Whether an object is there.
    pub(in super::super) async fn has(&self, key: &str) -> Result<bool, AwsError> {
        let head = self.s3.head_object().bucket(self.bucket()).key(key);
        match head.set_expected_bucket_owner(self.owner()).send().await {
            Ok(_) => Ok(true),
            Err(error) if status(&error) == 404 => Ok(false),
            Err(error) => Err(self.unusable(&error).await),
        }
    }

    /// Stores an object. S3 compares what arrives with a checksum that is sent after it.
    pub(in super::super) async fn put(&self, key: &str, body: ByteStream) -> Result<(), AwsError> {
        self.s3
            .put_object()
            .bucket(self.bucket())
            .key(key)
            .set_expected_bucket_owner(self.owner())
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(body)
            .send()
            .await
            .map_err(|error| refused("s3:PutObject", &error))?;
        Ok(())
    }

    /// Stores an object unless one is there; true when it was stored now.
    pub(in super::super) async fn put_once(
        &self,
        key: &str,
        bytes: Vec<u8>,
    ) -> Result<bool, AwsError> {
        let put = || {
            self.s3
                .put_object()
                .bucket(self.bucket())
                .key(key)
                .set_expected_bucket_owner(self.owner())
                .checksum_algorithm(ChecksumAlgorithm::Crc32)
                .if_none_match("*")
                .body(bytes.clone().into())
        };
        for _ in 0..CONFLICTS {
            match put().send().await {
                Ok(_) => return Ok(true),
                Err(error) if status(&error) == 412 => return Ok(false),
                // Someone stores or deletes the same at this moment: only after it is it known what is so.
                Err(error) if status(&error) == 409 => {}
                Err(error) => return Err(refused("s3:PutObject", &error)),
            }
        }
        self.put(key, bytes.into()).await.map(|()| true)
    }

    /// The content of an object; none when it is not there.
    pub(in super::super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        let get = self.s3.get_object().bucket(self.bucket()).key(key);
        let answer = match get.set_expected_bucket_owner(self.owner()).send().await {
            Ok(answer) => answer,
            Err(error) if status(&error) == 404 => return Ok(None),
            Err(error) => return Err(refused("s3:GetObject", &error)),
        };
        let body = answer.body.collect().await.map_err(|error| AwsError::Unreachable {
            operation: "s3:GetObject",
            reason: error.to_string(),
        })?;
        Ok(Some(body.to_vec()))
    }

    /// All objects whose keys begin so, in order of their keys. None when there is no bucket.
    pub(in super::super) async fn list(&self, prefix: &str) -> Result<Vec<Object>, AwsError> {
        let pages = self.s3.list_objects_v2().bucket(self.bucket()).prefix(prefix);
        let pages = pages.set_expected_bucket_owner(self.owner()).into_paginator();
        let pages = match pages.send().collect::<Result<Vec<_>, _>>().await {
            Ok(pages) => pages,
            Err(error) if status(&error) == 404 => return Ok(Vec::new()),
            Err(error) => return Err(refused("s3:ListBucket", &error)),
        };
        let objects = pages.into_iter().flat_map(|page| page.contents.unwrap_or_default());
        let object = |object: aws_sdk_s3::types::Object| {
            Some(Object {
                key: object.key?,
                size: object.size.and_then(|size| size.try_into().ok()).unwrap_or_default(),
                // Without a time it counts as new, and stays.
                modified: object
                    .last_modified
                    .and_then(|time| SystemTime::try_from(time).ok())
                    .unwrap_or_else(far_future),
            })
        };
        Ok(objects.filter_map(object).collect())
    }

    /// Deletes objects, at most [`BATCH`] of them; gives those that are still there, and why.
    pub(in super::super) async fn delete_objects(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<Kept>, AwsError> {
        let object = |key| {
            ObjectIdentifier::builder().key(key).build().expect("the only required field is set")
        };
        let delete = Delete::builder()
            .set_objects(Some(keys.into_iter().map(object).collect()))
            .quiet(true)
            .build()
            .expect("the only required field is set");
        let call = self.s3.delete_objects().bucket(self.bucket()).delete(delete);
        let answer = call.set_expected_bucket_owner(self.owner()).send().await;
        let answer = answer.map_err(|error| refused("s3:DeleteObject", &error))?;
        let errors = answer.errors.unwrap_or_default().into_iter();
        Ok(errors
            .map(|error| Kept {
                name: error.key.unwrap_or_default(),
                why: format!(
                    "{} ({})",
                    crate::text::safe_line(&error.message.unwrap_or_default()),
                    error.code.unwrap_or_default()
                ),
            })
            .collect())
    }
}

/// A moment that is younger than any age.
pub(in super::super) fn far_future() -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 40)
}
