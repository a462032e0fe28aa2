//! Container images for plugins: the engine of this machine, and the registry of the run's cloud.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::services::failure;
use crate::cloud::{Cloud, Images};
use crate::docker::{
    Built, Context, Engine, ImageError, ImageRequest, Login, Progress, Pushing, check_platform,
    check_repository,
};
use crate::hint::BoxError;
use crate::plugin::{self, Failure, PushedImage};
use crate::report::{Event, Reporter};
use crate::text::safe_line;

/// How often a push is tried when the registry is down or too busy.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// The time between two reports of the same bytes.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// Builds and pushes images for one run.
pub(super) struct ImageWorks {
    pub(super) root: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) cloud: Arc<dyn Cloud>,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) dry_run: bool,
}

impl ImageWorks {
    /// What would keep the image from being built and pushed, as far as that can be told before. An engine is
    /// asked for only where an image would be built.
    async fn check_now(&self, image: ImageRequest, repository: &str) -> Result<(), BoxError> {
        check_repository(repository)?;
        check_platform(image.platform.as_deref())?;
        let root = self.root.clone();
        blocking(move || Context::read(&root, &image)).await?;
        if self.registry().is_some() {
            Engine::connect(&self.environment).await?;
        }
        Ok(())
    }

    async fn fingerprint_now(&self, image: ImageRequest) -> Result<String, BoxError> {
        let root = self.root.clone();
        let digest = blocking(move || Context::read(&root, &image)?.fingerprint(&image)).await?;
        Ok(digest.to_string())
    }

    async fn find_now(&self, repository: &str, tag: &str) -> Result<Option<PushedImage>, BoxError> {
        let Some(images) = self.cloud.images() else { return Ok(None) };
        let digest = images.image(repository, tag).await?;
        Ok(digest.map(|digest| self.pushed(repository, tag, Some(digest))))
    }

    async fn list_now(&self, repository: &str) -> Result<Vec<PushedImage>, BoxError> {
        let Some(images) = self.cloud.images() else { return Ok(Vec::new()) };
        let found = images.images(repository).await?;
        let image = |(tag, digest): (String, String)| self.pushed(repository, &tag, Some(digest));
        Ok(found.into_iter().map(image).collect())
    }

    async fn build_now(&self, image: ImageRequest) -> Result<Built, BoxError> {
        check_platform(image.platform.as_deref())?;
        let engine = Engine::connect(&self.environment).await?;
        let root = self.root.clone();
        let (image, context) = blocking(move || {
            let context = Context::read(&root, &image)?;
            Ok((image, context))
        })
        .await?;
        let telling = self.telling("build", &image.tag);
        Ok(engine.build(&image, Arc::new(context), &telling).await?)
    }

    /// Pushes, or says in a dry run and for a cloud without a registry what the reference would be.
    async fn push_now(
        &self,
        image: &str,
        repository: &str,
        tag: &str,
    ) -> Result<PushedImage, BoxError> {
        check_repository(repository)?;
        let Some(images) = self.registry() else {
            return Ok(self.pushed(repository, tag, None));
        };
        let engine = Engine::connect(&self.environment).await?;
        if images.make_repository(repository).await? {
            self.reporter.note(format!("made the repository {repository} in ECR"));
        }
        let telling = self.telling("push", repository);
        let pushing = Pushing { image, repository, tag };
        let digest = self.push_patiently(&engine, images, pushing, &telling).await?;
        Ok(self.pushed(repository, tag, Some(digest)))
    }

    async fn delete_now(&self, repository: &str, tag: &str) -> Result<bool, BoxError> {
        match self.cloud.images() {
            Some(images) => images.remove_tag(repository, tag).await,
            None => Ok(false),
        }
    }

    /// Signs in once more when the registry does not take the login, and waits for one that is down.
    async fn push_patiently(
        &self,
        engine: &Engine,
        images: &dyn Images,
        pushing: Pushing<'_>,
        telling: &Telling,
    ) -> Result<String, BoxError> {
        let mut login = self.login(images).await?;
        let (mut signed_in_again, mut attempt, mut pause) = (false, 1, PAUSE);
        loop {
            let error = match engine.push(pushing, &login, telling).await {
                Ok(digest) => return Ok(digest),
                Err(error) => error,
            };
            if error.is_unauthorized() && !signed_in_again {
                signed_in_again = true;
                login = self.login(images).await?;
            } else if error.is_passing() && attempt < ATTEMPTS {
                attempt += 1;
                self.reporter.note(format!("{error}; attempt {attempt} of {ATTEMPTS} follows"));
                tokio::time::sleep(pause).await;
                pause *= 2;
            } else {
                return Err(error.into());
            }
        }
    }

    /// Where images go; none when nothing is pushed.
    fn registry(&self) -> Option<&dyn Images> {
        self.cloud.images().filter(|_| !self.dry_run)
    }

    async fn login(&self, images: &dyn Images) -> Result<Login, BoxError> {
        let login = images.login().await?;
        let registry = self.cloud.registry();
        Ok(Login { registry, user: login.user, password: login.password })
    }

    fn pushed(&self, repository: &str, tag: &str, digest: Option<String>) -> PushedImage {
        let reference = format!("{}/{repository}:{tag}", self.cloud.registry());
        PushedImage { reference, tag: tag.to_owned(), digest }
    }

    fn telling(&self, what: &str, image: &str) -> Telling {
        Telling {
            reporter: Arc::clone(&self.reporter),
            // A tag says little to people, and its fingerprint is long.
            task: format!("{what} {}", safe_line(image.split(':').next().unwrap_or_default())),
            started: Instant::now(),
            last: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl plugin::Images for ImageWorks {
    async fn check(&self, image: ImageRequest, repository: String) -> Result<(), Failure> {
        self.check_now(image, &repository).await.map_err(told)
    }

    async fn fingerprint(&self, image: ImageRequest) -> Result<String, Failure> {
        self.fingerprint_now(image).await.map_err(told)
    }

    fn will_push(&self) -> bool {
        self.registry().is_some()
    }

    async fn find(&self, repository: String, tag: String) -> Result<Option<PushedImage>, Failure> {
        self.find_now(&repository, &tag).await.map_err(told)
    }

    async fn build(&self, image: ImageRequest) -> Result<Built, Failure> {
        self.build_now(image).await.map_err(told)
    }

    async fn push(
        &self,
        image: String,
        repository: String,
        tag: String,
    ) -> Result<PushedImage, Failure> {
        self.push_now(&image, &repository, &tag).await.map_err(told)
    }

    async fn list(&self, repository: String) -> Result<Vec<PushedImage>, Failure> {
        self.list_now(&repository).await.map_err(told)
    }

    async fn delete(&self, repository: String, tag: String) -> Result<bool, Failure> {
        self.delete_now(&repository, &tag).await.map_err(told)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it takes what `map_err` has")]
fn told(error: BoxError) -> Failure {
    failure(&*error)
}

/// Reading a context can take a while on a slow disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
) -> Result<T, ImageError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Hands on what builders and registries say.
struct Telling {
    reporter: Arc<dyn Reporter>,
    task: String,
    started: Instant,
    /// When bytes were last reported, in milliseconds after the start.
    last: AtomicU64,
}

impl Progress for Telling {
    fn line(&self, line: &str) {
        let (source, line) = (self.task.clone(), safe_line(line.trim_end()).into_owned());
        self.reporter.event(Event::Output { source, line });
    }

    fn bytes(&self, done: u64, total: u64) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let every = u64::try_from(REPORT_EVERY.as_millis()).unwrap_or(u64::MAX);
        if done < total && now < self.last.load(Ordering::Relaxed).saturating_add(every) {
            return;
        }
        self.last.store(now, Ordering::Relaxed);
        self.reporter.event(Event::Progress {
            task: self.task.clone(),
            done,
            total,
            unit: "bytes",
        });
    }
}
