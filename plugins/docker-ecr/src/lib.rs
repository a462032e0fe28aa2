//! Builds a container image and pushes it to the account's ECR; leaves in the context how to refer to it.
//!
//! The tag holds the fingerprint of what goes into the image. An image that is in ECR already is neither
//! built nor pushed again, and a task definition changes only when the image does.

use std::collections::BTreeMap;

use phalanx_plugin::images::{self, BuildRequest, PushedImage};
use phalanx_plugin::{
    Configurable, PostBuild, PreBuild, Result, Rollback, Teardown, Value, context, log, run,
};
use serde::{Deserialize, Serialize};

mod schema;
mod tag;

/// The plugin and its config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DockerEcr {
    /// The build context.
    context: String,
    /// Inside the context.
    dockerfile: String,
    args: BTreeMap<String, String>,
    platform: Option<String>,
    /// The stage of the Dockerfile at which to stop.
    target: Option<String>,
    labels: BTreeMap<String, String>,
    cache_from: Vec<String>,
    /// In ECR; the service's name without.
    repository: Option<String>,
    /// How the tag is made.
    tag: String,
    /// Where other plugins find the image.
    context_key: String,
    /// Whether the images of a stage go with its stack.
    remove_images: bool,
}

impl Default for DockerEcr {
    fn default() -> Self {
        Self {
            context: ".".to_owned(),
            dockerfile: "Dockerfile".to_owned(),
            args: BTreeMap::new(),
            platform: None,
            target: None,
            labels: BTreeMap::new(),
            cache_from: Vec::new(),
            repository: None,
            tag: tag::DEFAULT.to_owned(),
            context_key: "image".to_owned(),
            remove_images: false,
        }
    }
}

/// What other plugins find in the context.
#[derive(Serialize, Deserialize)]
struct Image {
    /// By digest, or by tag where nothing was pushed.
    reference: String,
    repository: String,
    tag: String,
    digest: Option<String>,
    /// True when this run pushed it, so that a rollback takes it back.
    pushed: bool,
}

impl Image {
    fn new(repository: &str, image: PushedImage, pushed: bool) -> Self {
        // A tag can move, a digest cannot.
        let reference = match (&image.digest, image.reference.strip_suffix(&image.tag)) {
            (Some(digest), Some(front)) => format!("{}@{digest}", front.trim_end_matches(':')),
            _ => image.reference,
        };
        let (repository, tag, digest) = (repository.to_owned(), image.tag, image.digest);
        Self { reference, repository, tag, digest, pushed }
    }
}

impl PreBuild for DockerEcr {
    fn pre_build(&self) -> Result {
        tag::check(&self.tag)?;
        images::check(&self.request("check"), &self.repository())
    }
}

impl PostBuild for DockerEcr {
    fn post_build(&self) -> Result {
        let repository = self.repository();
        let fingerprint = images::fingerprint(&self.request("fingerprint"))?;
        let tag = tag::fill(&self.tag, &fingerprint);
        let image = if let Some(found) = images::find_in_ecr(&repository, &tag)? {
            log::info!("{repository}:{tag} is in ECR already");
            Image::new(&repository, found, false)
        } else if images::will_push() {
            self.build_and_push(&repository, &tag)?
        } else {
            let predicted = images::push_to_ecr("", &repository, &tag)?;
            if run::dry_run() {
                log::info!("would build and push {}", predicted.reference);
            } else {
                log::info!("not built, since nothing runs it here: {}", predicted.reference);
            }
            Image::new(&repository, predicted, false)
        };
        context::set(&self.context_key, &image)
    }
}

impl Rollback for DockerEcr {
    fn rollback(&self) -> Result {
        let Some(image) = context::get::<Image>(&self.context_key)? else { return Ok(()) };
        if image.pushed && images::delete_from_ecr(&image.repository, &image.tag)? {
            log::info!("took {}:{} back from ECR", image.repository, image.tag);
        }
        Ok(())
    }
}

impl Teardown for DockerEcr {
    fn post_delete(&self) -> Result {
        if !self.remove_images {
            return Ok(());
        }
        let repository = self.repository();
        let mut removed = 0;
        for image in images::list_in_ecr(&repository)? {
            if tag::is_ours(&self.tag, &image.tag)
                && images::delete_from_ecr(&repository, &image.tag)?
            {
                removed += 1;
            }
        }
        log::info!("images removed from {repository}: {removed}");
        Ok(())
    }
}

impl Configurable for DockerEcr {
    fn config_schema() -> Value {
        schema::schema()
    }
}

impl DockerEcr {
    fn build_and_push(&self, repository: &str, tag: &str) -> Result<Image> {
        let request = self.request(tag);
        let built = images::build(&request)?;
        let size = built.size.div_ceil(1 << 10);
        log::info!("built {} ({size} KiB)", built.id);
        let pushed = images::push_to_ecr(&request.tag, repository, tag)?;
        let image = Image::new(repository, pushed, true);
        log::info!("pushed {}", image.reference);
        Ok(image)
    }

    fn repository(&self) -> String {
        self.repository.clone().unwrap_or_else(|| run::service().to_lowercase())
    }

    /// `tag` is that of the local image.
    fn request(&self, tag: &str) -> BuildRequest {
        let pairs = |map: &BTreeMap<String, String>| map.clone().into_iter().collect();
        BuildRequest {
            context_dir: self.context.clone(),
            dockerfile: self.dockerfile.clone(),
            args: pairs(&self.args),
            tag: format!("{}:{tag}", self.repository()),
            platform: self.platform.clone(),
            target: self.target.clone(),
            labels: pairs(&self.labels),
            cache_from: self.cache_from.clone(),
        }
    }
}

phalanx_plugin::export!(DockerEcr: configurable, pre_build, post_build, rollback, teardown);

#[cfg(test)]
mod tests;
