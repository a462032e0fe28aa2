//! AWS: artifacts in S3, images in ECR, stacks in CloudFormation.
//!
//! Nothing is kept beside them: what a run left behind, however it ended, is read back from the
//! services. The SDK reads its own environment (profiles, SSO, roles, containers, `AWS_ENDPOINT_URL`),
//! since a tool that finds other credentials than `aws` does would be a trap.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::config::ProvideCredentials as _;
use aws_sdk_cloudformation::config::retry::RetryConfig;
use aws_smithy_http_client::{Connector, tls};
use tokio::sync::OnceCell;

use super::{
    Applied, ApplyRequest, Artifact, ArtifactLocation, Calls, Cloud, Hold, Identity, Images,
    Preview, Stack, Stored,
};
use crate::digest::Digest;
use crate::hint::BoxError;
use crate::report::Reporter;

mod apply;
mod archive;
mod artifacts;
mod behind;
mod calls;
mod cause;
mod change_set;
mod delete;
mod drift;
mod error;
mod explain;
mod follow;
mod functions;
mod garbage;
mod guard;
mod hold;
mod images;
mod logs;
mod operate;
mod preview;
mod recover;
mod stack;

pub use artifacts::ArtifactError;
pub use cause::{Cause, Denied};
pub use error::AwsError;
pub use functions::{Called, FunctionError};

use artifacts::Uploads;
use error::refused;

/// How often a call is tried: throttling and passing failures are waited out for about a minute.
const ATTEMPTS: u32 = 8;

/// One account in one region.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    cloudformation: aws_sdk_cloudformation::Client,
    ecr: aws_sdk_ecr::Client,
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    s3: aws_sdk_s3::Client,
    identity: Identity,
    /// The caller's ARN.
    caller: String,
    /// `AWS_ENDPOINT_URL`, when it is set.
    endpoint: Option<String>,
    /// What stands in for the account's registry for images.
    registry: Option<String>,
    /// The bucket for artifacts that the manifest names; Phalanx's own without.
    bucket: Option<String>,
    /// Set when the bucket is known to be usable.
    ready: Arc<OnceCell<()>>,
    uploads: Uploads,
    /// What plugins' own calls go through, made for the first of them.
    connector: Arc<OnceLock<Connector>>,
}

/// What a run wants of its account.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The profile in the files of `aws`; the SDK's own choice without.
    pub profile: Option<String>,
    /// The region; the SDK's own choice without.
    pub region: Option<String>,
    /// The account that it must be.
    pub account: Option<String>,
    /// The bucket for artifacts; Phalanx's own without.
    pub bucket: Option<String>,
    /// `HOST[:PORT]` that stands in for the account's registry for images; ECR's own without.
    pub registry: Option<String>,
}

impl Aws {
    /// Finds credentials and asks whose they are.
    ///
    /// # Errors
    /// When there are no credentials or no region, they are refused, or they are of another account
    /// than the one that is wanted.
    pub async fn open(wanted: &Wanted) -> Result<Self, AwsError> {
        let (config, key) = configuration(wanted).await?;
        let region = config.region().ok_or(AwsError::NoRegion)?.to_string();
        let caller = aws_sdk_sts::Client::new(&config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| refused("sts:GetCallerIdentity", &error).with_key(&key))?;
        let account = caller.account.unwrap_or_default();
        let caller = caller.arn.unwrap_or_default();
        if let Some(expected) = wanted.account.as_ref().filter(|expected| **expected != account) {
            return Err(AwsError::OtherAccount {
                expected: expected.clone(),
                found: account,
                caller,
            });
        }
        let endpoint = config.endpoint_url().map(|url| url.trim_end_matches('/').to_owned());
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            // An endpoint of one's own has no names for buckets.
            .force_path_style(endpoint.is_some())
            .build();
        Ok(Self {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            ecr: aws_sdk_ecr::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            identity: Identity { account, region },
            caller,
            endpoint,
            registry: wanted.registry.clone(),
            bucket: wanted.bucket.clone(),
            ready: Arc::default(),
            uploads: Uploads::default(),
            connector: Arc::default(),
            config,
        })
    }
}

/// What clients are made from, and the id of the access key that they will use.
async fn configuration(wanted: &Wanted) -> Result<(SdkConfig, String), AwsError> {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let region = wanted.region.clone().map(Region::new);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(profile) = &wanted.profile {
        // Who names a profile means it, whatever credentials the environment has.
        let surroundings =
            ProviderConfig::without_region().with_http_client(http).with_region(region.clone());
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&surroundings)
            .profile_name(profile)
            .build();
        loader = loader.profile_name(profile).credentials_provider(provider);
    }
    if let Some(region) = region {
        loader = loader.region(region);
    }
    let config = loader.load().await;
    // Asked for here once, so that their absence has a message of its own.
    let mut key = String::new();
    if let Some(provider) = config.credentials_provider() {
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| AwsError::NoCredentials {
            profile: wanted.profile.clone(),
            source: error.into(),
        })?;
        found.access_key_id().clone_into(&mut key);
    }
    Ok((config, key))
}

#[async_trait]
impl Cloud for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    async fn identity(&self) -> Result<Identity, BoxError> {
        Ok(self.identity.clone())
    }

    fn artifact_location(&self, digest: &Digest) -> ArtifactLocation {
        ArtifactLocation { bucket: self.bucket(), key: artifacts::key(digest) }
    }

    fn runs_artifacts(&self) -> bool {
        false
    }

    fn registry(&self) -> String {
        self.registry_host()
    }

    fn images(&self) -> Option<&dyn Images> {
        Some(self)
    }

    fn calls(&self) -> Option<&dyn Calls> {
        Some(self)
    }

    async fn store(
        &self,
        artifact: &Artifact,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Stored, BoxError> {
        Ok(self.store_now(artifact, reporter).await?)
    }

    async fn stack(&self, name: &str) -> Result<Option<Stack>, BoxError> {
        Ok(self.read_stack(name).await?)
    }

    async fn status(&self, name: &str) -> Result<Option<String>, BoxError> {
        let stack = self.describe(name).await?;
        Ok(stack.as_ref().and_then(stack::status_of).map(str::to_owned))
    }

    async fn hold(
        &self,
        name: &str,
        action: &'static str,
        wait: bool,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Hold, BoxError> {
        self.hold_now(name, action == "delete", wait, &*reporter).await?;
        Ok(Arc::new(()))
    }

    async fn preview(
        &self,
        request: &ApplyRequest,
        may_store: bool,
    ) -> Result<Option<Preview>, BoxError> {
        Ok(self.preview_now(request, may_store).await?)
    }

    async fn withdraw(&self, request: &ApplyRequest) -> Result<(), BoxError> {
        Ok(self.withdraw_now(request).await?)
    }

    async fn apply(
        &self,
        request: &ApplyRequest,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Applied, BoxError> {
        Ok(self.apply_now(request, &*reporter).await?)
    }

    async fn guard(&self, request: &ApplyRequest, stack: &Stack) -> Result<(), BoxError> {
        Ok(self.guard_now(request, Some(stack.protected)).await?)
    }

    async fn cancel(&self, name: &str, reporter: Arc<dyn Reporter>) -> Result<(), BoxError> {
        Ok(self.cancel_now(name, &*reporter).await?)
    }

    async fn recover(
        &self,
        name: &str,
        skip: &[String],
        reporter: Arc<dyn Reporter>,
    ) -> Result<bool, BoxError> {
        Ok(self.recover_now(name, skip, &*reporter).await?)
    }

    async fn delete(
        &self,
        name: &str,
        retain: &[String],
        reporter: Arc<dyn Reporter>,
    ) -> Result<bool, BoxError> {
        Ok(self.delete_now(name, retain, &*reporter).await?)
    }
}
