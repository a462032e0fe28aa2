//! Pushes an image to a registry.

use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::{ProgressDetail, PushImageInfo};
use bollard::query_parameters::{PushImageOptions, TagImageOptions};
use futures_util::StreamExt as _;
use indexmap::IndexMap;

use super::error::engine_failure;
use super::{Engine, ImageError, Progress, names};
use crate::hint::in_one_line;

/// Who pushes. Never shown.
#[derive(Clone)]
pub struct Login {
    /// The registry's host, with its port if it has one.
    pub registry: String,
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({} at {})", self.user, self.registry)
    }
}

/// What is pushed, and where to.
#[derive(Debug, Clone, Copy)]
pub struct Pushing<'a> {
    /// The local image.
    pub image: &'a str,
    /// The repository, without the registry's host.
    pub repository: &'a str,
    /// The tag.
    pub tag: &'a str,
}

impl Engine {
    /// Pushes a local image; gives the digest of its manifest, `sha256:…`. The engine itself goes on where
    /// layers are there already.
    ///
    /// # Errors
    /// When there is no such image, or the registry refuses it: that is an answer in the stream, not a status.
    pub async fn push(
        &self,
        pushing: Pushing<'_>,
        login: &Login,
        progress: &dyn Progress,
    ) -> Result<String, ImageError> {
        let Pushing { image, repository, tag } = pushing;
        names::check_tag(tag)?;
        let remote = format!("{}/{repository}", login.registry);
        let names = TagImageOptions { repo: Some(remote.clone()), tag: Some(tag.to_owned()) };
        self.client
            .tag_image(image, Some(names))
            .await
            .map_err(|error| engine_failure(self, "tag", image, &error))?;
        let options = PushImageOptions { tag: Some(tag.to_owned()), ..Default::default() };
        let credentials = DockerCredentials {
            username: Some(login.user.clone()),
            password: Some(login.password.clone()),
            serveraddress: Some(login.registry.clone()),
            ..Default::default()
        };
        let mut answers =
            std::pin::pin!(self.client.push_image(&remote, Some(options), Some(credentials)));
        let mut layers = Layers::default();
        let mut digest = None;
        while let Some(answer) = answers.next().await {
            let message = match answer {
                Ok(PushImageInfo { error_detail: Some(error), .. }) => {
                    error.message.unwrap_or_else(|| "the registry does not say why".into())
                }
                Ok(info) => {
                    digest = info.status.as_deref().and_then(digest_in).or(digest);
                    layers.take(&info, progress);
                    continue;
                }
                Err(Error::DockerStreamError { error }) => error,
                Err(Error::DockerResponseServerError { message, .. }) => message,
                Err(error) => {
                    let (host, reason) = (self.host.clone(), in_one_line(&error));
                    return Err(ImageError::Lost { action: "pushing", host, reason });
                }
            };
            return Err(ImageError::push(&format!("{remote}:{tag}"), &login.registry, &message));
        }
        match digest {
            Some(digest) => Ok(digest),
            None => self.digest_of(&remote, tag).await,
        }
    }

    /// What the engine noted as the digest of a pushed image, for engines that do not say it while they push.
    async fn digest_of(&self, remote: &str, tag: &str) -> Result<String, ImageError> {
        let name = format!("{remote}:{tag}");
        let image = self.client.inspect_image(&name).await;
        let image = image.map_err(|error| engine_failure(self, "inspect", &name, &error))?;
        let digests = image.repo_digests.unwrap_or_default();
        let prefix = format!("{remote}@");
        let found = digests.iter().find_map(|digest| digest.strip_prefix(&prefix));
        found.map(str::to_owned).ok_or(ImageError::NoDigest { reference: name })
    }
}

/// The digest in the line `TAG: digest: sha256:… size: N`, with which a push ends.
fn digest_in(status: &str) -> Option<String> {
    let (_, rest) = status.split_once("digest: ")?;
    let digest = rest.split_whitespace().next()?;
    let hex = digest.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digest.to_owned())
}

/// How far each layer is.
#[derive(Debug, Default)]
pub(super) struct Layers(IndexMap<String, (u64, u64)>);

impl Layers {
    fn take(&mut self, info: &PushImageInfo, progress: &dyn Progress) {
        // The layer's name is not in this type of bollard's: its bytes tell one from the next.
        let Some(detail) = &info.progress_detail else {
            if let Some(status) = info.status.as_deref().filter(|status| is_news(status)) {
                progress.line(status);
            }
            return;
        };
        let layer = detail.total.unwrap_or_default().to_string();
        self.note(&layer, detail, progress);
    }

    /// Notes how far one layer is, and tells how far all are.
    pub(super) fn note(&mut self, layer: &str, detail: &ProgressDetail, progress: &dyn Progress) {
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let Some(done) = number(detail.current) else { return };
        // What is pushed is the layer compressed or with headers, so it may be more than was said.
        let total = number(detail.total).unwrap_or_default().max(done);
        self.0.insert(layer.to_owned(), (done, total));
        let sum = |of: fn(&(u64, u64)) -> u64| self.0.values().map(of).sum();
        progress.bytes(sum(|layer| layer.0), sum(|layer| layer.1));
    }
}

/// True for what is worth a line of its own; the rest is said for each layer.
fn is_news(status: &str) -> bool {
    const OF_LAYERS: [&str; 6] =
        ["Preparing", "Waiting", "Pushing", "Pushed", "Layer already exists", "Mounted from"];
    !OF_LAYERS.iter().any(|start| status.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_push_has_the_digest() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let line = format!("orders-1: digest: {digest} size: 528");
        assert_eq!(digest_in(&line).as_deref(), Some(digest.as_str()));
        assert_eq!(digest_in("orders-1: digest: sha256:0a size: 5"), None);
        assert_eq!(digest_in("Layer already exists"), None);
    }

    #[test]
    fn a_login_is_never_shown() {
        let login =
            Login { registry: "r".into(), user: "AWS".into(), password: "very-secret".into() };
        assert!(!format!("{login:?}").contains("very-secret"));
    }
}
