//! `images`: container images, built and pushed by the host.
//!
//! The clock of the call stands still meanwhile: how long a build takes is the Dockerfile's doing.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::WitFailure;
use super::super::bindings::images::{BuildRequest, BuiltImage, Host, PushedImage};
use super::super::hook::Object;
use super::super::reach::{self, Services};
use super::super::state::State;
use super::super::world::Failure;
use super::shown;
use crate::docker::ImageRequest;

type Answer<T> = Result<Result<T, WitFailure>>;

impl Host for State {
    async fn check(&mut self, request: BuildRequest, repository: String) -> Answer<()> {
        let services = self.images("images.check")?;
        let work = services.images().check(from_wire(request), repository);
        Ok(self.unhurried("checking the image", work).await)
    }

    async fn fingerprint(&mut self, request: BuildRequest) -> Answer<String> {
        let services = self.images("images.fingerprint")?;
        let work = services.images().fingerprint(from_wire(request));
        Ok(self.unhurried("reading the build context", work).await)
    }

    fn will_push(&mut self) -> Result<bool> {
        Ok(self.images("images.will-push")?.images().will_push())
    }

    async fn find_in_ecr(
        &mut self,
        repository: String,
        tag: String,
    ) -> Answer<Option<PushedImage>> {
        let services = self.images("images.find-in-ecr")?;
        let found = self.unhurried("ECR", services.images().find(repository, tag)).await;
        Ok(found.map(|image| image.map(to_wire)))
    }

    async fn build(&mut self, request: BuildRequest) -> Answer<BuiltImage> {
        let services = self.images("images.build")?;
        let built =
            self.unhurried("the builder", services.images().build(from_wire(request))).await;
        Ok(built.map(|image| BuiltImage { id: image.id, size: image.size }))
    }

    async fn push_to_ecr(
        &mut self,
        image: String,
        repository: String,
        tag: String,
    ) -> Answer<PushedImage> {
        let services = self.images("images.push-to-ecr")?;
        let work = services.images().push(image, repository, tag);
        Ok(self.unhurried("ECR", work).await.map(to_wire))
    }

    async fn list_in_ecr(&mut self, repository: String) -> Answer<Vec<PushedImage>> {
        let services = self.images("images.list-in-ecr")?;
        let listed = self.unhurried("ECR", services.images().list(repository)).await;
        Ok(listed.map(|images| images.into_iter().map(to_wire).collect()))
    }

    async fn delete_from_ecr(&mut self, repository: String, tag: String) -> Answer<bool> {
        let services = self.images("images.delete-from-ecr")?;
        if self.world(Object::Capability, "images.delete-from-ecr")?.facts.dry_run {
            let message = format!("a dry run does not delete images of `{}`", shown(&repository));
            return Ok(Err(Failure::new("dry-run", message).into()));
        }
        Ok(self.unhurried("ECR", services.images().delete(repository, tag)).await)
    }
}

impl State {
    /// What works on images, if this call may have it.
    fn images(&mut self, function: &'static str) -> Result<Arc<dyn Services>> {
        Ok(Arc::clone(&self.world(Object::Capability, function)?.services))
    }

    /// Waits for the host's work on `subject` while the call's clock stands still.
    async fn unhurried<T>(
        &mut self,
        subject: &str,
        work: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, WitFailure> {
        self.waiting = Some(subject.to_owned());
        let pause = self.deadline.pause();
        let result = work.await;
        drop(pause);
        self.waiting = None;
        result.map_err(Into::into)
    }
}

fn from_wire(request: BuildRequest) -> ImageRequest {
    ImageRequest {
        context: request.context_dir,
        dockerfile: request.dockerfile,
        args: request.args,
        tag: request.tag,
        platform: request.platform,
        target: request.target,
        labels: request.labels,
        cache_from: request.cache_from,
    }
}

fn to_wire(image: reach::PushedImage) -> PushedImage {
    PushedImage { reference: image.reference, tag: image.tag, digest: image.digest }
}
