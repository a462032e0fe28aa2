//! Artifacts in S3, by the digest of their content, in one bucket per account and region.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, ChecksumAlgorithm, CreateBucketConfiguration,
    PublicAccessBlockConfiguration,
};

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::{Artifact, Stored};
use crate::digest::Digest;

/// Where the package with this content digest is.
pub(super) fn key(digest: &Digest) -> String {
    format!("artifacts/{digest}.zip")
}

impl Aws {
    /// The bucket that Phalanx makes once for each account and region.
    pub(super) fn bucket(&self) -> String {
        format!("phalanx-artifacts-{}-{}", self.identity.account, self.identity.region)
    }

    pub(super) async fn store_now(&self, artifact: &Artifact) -> Result<Stored, AwsError> {
        let key = key(&artifact.digest);
        if self.has(&key).await? {
            return Ok(Stored::Present);
        }
        // Opened here, so that a missing file is told as what it is.
        crate::fs::open(&artifact.path)?;
        let body = ByteStream::from_path(&artifact.path).await.map_err(|error| {
            AwsError::Unreachable { operation: "s3:PutObject", reason: error.to_string() }
        })?;
        self.put(&key, body).await?;
        Ok(Stored::New)
    }

    /// Stores a template; gives the URL that CloudFormation reads it from.
    pub(super) async fn store_template(&self, text: &str) -> Result<String, AwsError> {
        let key = format!("templates/{}.json", Digest::of(text));
        if !self.has(&key).await? {
            self.put(&key, ByteStream::from(text.as_bytes().to_vec())).await?;
        }
        let host = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => {
                let region = &self.identity.region;
                let china = if partition(region) == "aws-cn" { ".cn" } else { "" };
                format!("https://s3.{region}.amazonaws.com{china}")
            }
        };
        Ok(format!("{host}/{}/{key}", self.bucket()))
    }

    /// Whether an object is there; makes the bucket when even that is not.
    async fn has(&self, key: &str) -> Result<bool, AwsError> {
        let head = self
            .s3
            .head_object()
            .bucket(self.bucket())
            .key(key)
            .expected_bucket_owner(&self.identity.account)
            .send()
            .await;
        match head {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => {
                self.ensure_bucket().await?;
                Ok(false)
            }
            Err(error) => Err(match error.raw_response().map(|raw| raw.status().as_u16()) {
                // An answer to HEAD has no body that could say why.
                Some(403) => self.unusable("it belongs to another account, or `s3:GetObject` and `s3:ListBucket` are not allowed"),
                Some(301) => self.unusable("it lies in another region"),
                _ => refused("s3:GetObject", &error),
            }),
        }
    }

    async fn put(&self, key: &str, body: ByteStream) -> Result<(), AwsError> {
        self.s3
            .put_object()
            .bucket(self.bucket())
            .key(key)
            .expected_bucket_owner(&self.identity.account)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(body)
            .send()
            .await
            .map_err(|error| refused("s3:PutObject", &error))?;
        Ok(())
    }

    /// Makes the bucket unless it is there: private, encrypted (which S3 does by itself), reached by
    /// TLS only. Every step can be repeated, so a run that was killed between is made good here.
    async fn ensure_bucket(&self) -> Result<(), AwsError> {
        let (bucket, region) = (self.bucket(), self.identity.region.as_str());
        let owner = self.identity.account.as_str();
        let head = self.s3.head_bucket().bucket(&bucket).expected_bucket_owner(owner).send().await;
        match head {
            Ok(_) => return Ok(()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => {}
            Err(error) => return Err(refused("s3:ListBucket", &error)),
        }
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
                // Another upload of this run was first.
                Some(service) if service.is_bucket_already_owned_by_you() => {}
                Some(service) if service.is_bucket_already_exists() => {
                    return Err(self.unusable("it belongs to another account"));
                }
                _ => return Err(refused("s3:CreateBucket", &error)),
            },
        }
        self.s3
            .put_public_access_block()
            .bucket(&bucket)
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
            .policy(tls_only(&bucket, region))
            .send()
            .await
            .map_err(|error| refused("s3:PutBucketPolicy", &error))?;
        Ok(())
    }

    fn unusable(&self, why: &str) -> AwsError {
        AwsError::Bucket { bucket: self.bucket(), why: why.to_owned() }
    }
}

/// The partition that a region belongs to, as ARNs name it.
fn partition(region: &str) -> &'static str {
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
