//! The bucket: one that the manifest names, which is used as it is, or Phalanx's own, which is made once
//! for each account and region.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, PublicAccessBlockConfiguration,
};

use super::super::error::refused;
use super::{ArtifactError, Aws, AwsError};

/// What the bucket of our own holds when it is complete. The name changes when a later version wants
/// more of a bucket.
const COMPLETE: &str = "phalanx/bucket-1.json";

impl Aws {
    /// The bucket that artifacts are in.
    pub(in super::super) fn bucket(&self) -> String {
        match &self.bucket {
            Some(named) => named.clone(),
            None => {
                format!("phalanx-artifacts-{}-{}", self.identity.account, self.identity.region)
            }
        }
    }

    /// Who must own the bucket. One that is named may be another account's, which lets us use it.
    pub(in super::super) fn owner(&self) -> Option<String> {
        self.bucket.is_none().then(|| self.identity.account.clone())
    }

    /// Makes sure that the bucket can be used; asks only once in a run.
    pub(in super::super) async fn ready_now(&self) -> Result<(), AwsError> {
        let look = || async {
            match self.bucket {
                Some(_) => self.find_bucket().await,
                None => self.own_bucket().await,
            }
        };
        self.ready.get_or_try_init(look).await.copied()
    }

    /// A named bucket must be there. It is never made, nor are its settings touched.
    async fn find_bucket(&self) -> Result<(), AwsError> {
        match self.s3.head_bucket().bucket(self.bucket()).send().await {
            Ok(found) => match found.bucket_region() {
                Some(region) if region != self.identity.region => {
                    Err(self.in_other_region(region.to_owned()))
                }
                _ => Ok(()),
            },
            Err(error) => match status(&error) {
                404 => Err(ArtifactError::Missing { bucket: self.bucket() }.into()),
                _ => Err(self.unusable(&error).await),
            },
        }
    }

    /// Our own bucket is complete when it holds the object that is put there last.
    async fn own_bucket(&self) -> Result<(), AwsError> {
        let head = self.s3.head_object().bucket(self.bucket()).key(COMPLETE);
        match head.set_expected_bucket_owner(self.owner()).send().await {
            Ok(_) => Ok(()),
            Err(error) => match status(&error) {
                404 => self.make_bucket().await,
                _ => Err(self.unusable(&error).await),
            },
        }
    }

    /// Makes the bucket: private, encrypted (which S3 does by itself), reached by TLS only. Every step
    /// can be repeated, so a run that was killed between two is made good by the next.
    async fn make_bucket(&self) -> Result<(), AwsError> {
        let (bucket, region) = (self.bucket(), self.identity.region.as_str());
        // In us-east-1 alone, naming the region is an error.
        let place = (region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let made = self.s3.create_bucket().bucket(&bucket).set_create_bucket_configuration(place);
        match made.send().await {
            Ok(_) => {}
            Err(error) => match error.as_service_error() {
                // Another run was first, or an earlier one was killed.
                Some(service) if service.is_bucket_already_owned_by_you() => {}
                Some(service) if service.is_bucket_already_exists() => {
                    let (caller, named) = (self.caller.clone(), false);
                    return Err(ArtifactError::Foreign { bucket, caller, named }.into());
                }
                _ => return Err(refused("s3:CreateBucket", &error)),
            },
        }
        self.s3
            .put_public_access_block()
            .bucket(&bucket)
            .set_expected_bucket_owner(self.owner())
            .public_access_block_configuration(
                PublicAccessBlockConfiguration::builder()
                    .block_public_acls(true)
                    .block_public_policy(true)
                    .ignore_public_acls(true)
                    .restrict_public_buckets(true)
                    .build(),
            )
            .send()
            .await
            .map_err(|error| refused("s3:PutBucketPublicAccessBlock", &error))?;
        self.s3
            .put_bucket_policy()
            .bucket(&bucket)
            .set_expected_bucket_owner(self.owner())
            .policy(tls_only(&bucket, region))
            .send()
            .await
            .map_err(|error| refused("s3:PutBucketPolicy", &error))?;
        self.put_once(COMPLETE, b"{}".to_vec()).await?;
        Ok(())
    }

    /// Why the bucket does not let itself be looked at. An answer to HEAD has no body that could say it.
    pub(super) async fn unusable<E>(&self, error: &SdkError<E>) -> AwsError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let headers = error.raw_response().map(|raw| raw.headers());
        if let Some(region) = headers.and_then(|headers| headers.get("x-amz-bucket-region"))
            && region != self.identity.region
        {
            return self.in_other_region(region.to_owned());
        }
        match status(error) {
            301 => self.in_other_region("another region".into()),
            403 => {
                let (bucket, caller) = (self.bucket(), self.caller.clone());
                match self.owns(&bucket).await {
                    Some(false) => {
                        let named = self.bucket.is_some();
                        ArtifactError::Foreign { bucket, caller, named }.into()
                    }
                    ours => ArtifactError::Denied { bucket, caller, ours: ours.is_some() }.into(),
                }
            }
            _ => refused("s3:ListBucket", error),
        }
    }

    fn in_other_region(&self, found: String) -> AwsError {
        let (bucket, wanted) = (self.bucket(), self.identity.region.clone());
        ArtifactError::OtherRegion { bucket, found, wanted }.into()
    }

    /// Whether a bucket is one of this account's; none when we may not know.
    async fn owns(&self, bucket: &str) -> Option<bool> {
        let pages = self.s3.list_buckets().prefix(bucket).into_paginator();
        let all = pages.send().collect::<Result<Vec<_>, _>>().await.ok()?;
        let mut buckets = all.iter().flat_map(|page| page.buckets());
        Some(buckets.any(|one| one.name() == Some(bucket)))
    }
}

/// The HTTP status of a failed call; 0 when there was no answer.
pub(super) fn status<E>(error: &SdkError<E>) -> u16 {
    error.raw_response().map(|raw| raw.status().as_u16()).unwrap_or_default()
}

/// The partition that a region belongs to, as ARNs name it.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// A bucket policy that refuses everything that does not come by TLS.
fn tls_only(bucket: &str, region: &str) -> String {
    let arn = format!("arn:{}:s3:::{bucket}", partition(region));
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }],
    })
    .to_string()
}
