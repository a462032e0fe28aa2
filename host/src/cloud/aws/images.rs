//! Container images in ECR.

use async_trait::async_trait;
use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::types::{
    DescribeImagesFilter, ImageIdentifier, ImageScanningConfiguration, ImageTagMutability,
    TagStatus,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Aws;
use super::error::{AwsError, refused};
use crate::cloud::images::registry_host;
use crate::cloud::{Images, RegistryLogin};
use crate::hint::BoxError;

/// What of a repository that Phalanx makes goes by itself: images that have lost their last tag. Nothing that a
/// task definition could still name goes, since those have their tags.
const LIFECYCLE: &str = r#"{"rules":[{"rulePriority":1,"description":"Images without a tag","selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}"#;

/// Codes of what is not there.
const ABSENT: [&str; 2] = ["RepositoryNotFoundException", "ImageNotFoundException"];

impl Aws {
    /// `ACCOUNT.dkr.ecr.REGION.…`, or what stands in for it.
    pub(super) fn registry_host(&self) -> String {
        match &self.registry {
            Some(registry) => registry.clone(),
            None => registry_host(&self.identity),
        }
    }

    async fn image_tags(
        &self,
        repository: &str,
        tag: Option<&str>,
    ) -> Result<Vec<(String, String)>, AwsError> {
        let ids = tag.map(|tag| vec![ImageIdentifier::builder().image_tag(tag).build()]);
        // A filter beside names is refused.
        let filter = ids
            .is_none()
            .then(|| DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build());
        let mut pages = self
            .ecr
            .describe_images()
            .repository_name(repository)
            .set_image_ids(ids)
            .set_filter(filter)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| refused("ecr:DescribeImages", &error)) {
                Ok(page) => page,
                Err(error) if ABSENT.contains(&error.refusal()) => break,
                Err(error) => return Err(error),
            };
            for image in page.image_details.unwrap_or_default() {
                let digest = image.image_digest.unwrap_or_default();
                for tag in image.image_tags.unwrap_or_default() {
                    found.push((tag, digest.clone()));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    async fn create_repository(&self, repository: &str) -> Result<bool, AwsError> {
        let described = self.ecr.describe_repositories().repository_names(repository).send().await;
        match described.map_err(|error| refused("ecr:DescribeRepositories", &error)) {
            Ok(_) => return Ok(false),
            Err(error) if ABSENT.contains(&error.refusal()) => {}
            Err(error) => return Err(error),
        }
        let scanning = ImageScanningConfiguration::builder().scan_on_push(true).build();
        let created = self
            .ecr
            .create_repository()
            .repository_name(repository)
            .image_scanning_configuration(scanning)
            .image_tag_mutability(ImageTagMutability::Immutable)
            .send()
            .await;
        match created {
            Ok(_) => {}
            // Another run was faster.
            Err(error) if error.code() == Some("RepositoryAlreadyExistsException") => {
                return Ok(false);
            }
            Err(error) => return Err(refused("ecr:CreateRepository", &error)),
        }
        self.ecr
            .put_lifecycle_policy()
            .repository_name(repository)
            .lifecycle_policy_text(LIFECYCLE)
            .send()
            .await
            .map_err(|error| refused("ecr:PutLifecyclePolicy", &error))?;
        Ok(true)
    }

    async fn registry_login(&self) -> Result<RegistryLogin, AwsError> {
        let answer = self
            .ecr
            .get_authorization_token()
            .send()
            .await
            .map_err(|error| refused("ecr:GetAuthorizationToken", &error))?;
        let data = answer.authorization_data.unwrap_or_default();
        let token = data.first().and_then(|data| data.authorization_token()).unwrap_or_default();
        let login = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let (user, password) =
            login.as_deref().and_then(|login| login.split_once(':')).ok_or(AwsError::BadToken)?;
        Ok(RegistryLogin { user: user.to_owned(), password: password.to_owned() })
    }

    async fn untag(&self, repository: &str, tag: &str) -> Result<bool, AwsError> {
        let deleted = self
            .ecr
            .batch_delete_image()
            .repository_name(repository)
            .image_ids(ImageIdentifier::builder().image_tag(tag).build())
            .send()
            .await
            .map_err(|error| refused("ecr:BatchDeleteImage", &error));
        match deleted {
            // An image that is not there is a failure in the answer, and none to us.
            Ok(deleted) => Ok(!deleted.image_ids.unwrap_or_default().is_empty()),
            Err(error) if ABSENT.contains(&error.refusal()) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Images for Aws {
    async fn image(&self, repository: &str, tag: &str) -> Result<Option<String>, BoxError> {
        let found = self.image_tags(repository, Some(tag)).await?;
        Ok(found.into_iter().find(|(name, _)| name == tag).map(|(_, digest)| digest))
    }

    async fn images(&self, repository: &str) -> Result<Vec<(String, String)>, BoxError> {
        Ok(self.image_tags(repository, None).await?)
    }

    async fn make_repository(&self, repository: &str) -> Result<bool, BoxError> {
        Ok(self.create_repository(repository).await?)
    }

    async fn login(&self) -> Result<RegistryLogin, BoxError> {
        Ok(self.registry_login().await?)
    }

    async fn remove_tag(&self, repository: &str, tag: &str) -> Result<bool, BoxError> {
        Ok(self.untag(repository, tag).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifecycle_is_json() {
        serde_json::from_str::<serde_json::Value>(LIFECYCLE).unwrap();
    }
}
