//! Artifacts in S3, by the digest of their content, in one bucket per account and region or in one that
//! the manifest names.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;

use super::{Aws, AwsError};
use crate::cloud::{Artifact, Stored};
use crate::digest::Digest;
use crate::fs;
use crate::report::{Event, Reporter};

mod bucket;
mod error;
mod multipart;
mod objects;

pub use error::ArtifactError;

pub(super) use multipart::Uploads;
pub(super) use objects::{BATCH, Object, far_future};

/// How the keys of packages begin.
pub(super) const PACKAGES: &str = "artifacts/";
/// How the keys of templates begin.
pub(super) const TEMPLATES: &str = "templates/";

/// Where the package with this content digest is.
pub(super) fn key(digest: &Digest) -> String {
    format!("{PACKAGES}{digest}.zip")
}

/// Where the template with this digest is.
pub(super) fn template_key(digest: &Digest) -> String {
    format!("{TEMPLATES}{digest}.json")
}

/// The digest in a key that [`key`] or [`template_key`] made; none for any other.
pub(super) fn digest_of(key: &str) -> Option<Digest> {
    let name = match key.strip_prefix(PACKAGES) {
        Some(name) => name.strip_suffix(".zip")?,
        None => key.strip_prefix(TEMPLATES)?.strip_suffix(".json")?,
    };
    name.parse().ok()
}

impl Aws {
    pub(super) async fn store_now(
        &self,
        artifact: &Artifact,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Stored, AwsError> {
        self.ready_now().await?;
        let key = key(&artifact.digest);
        if self.has(&key).await? {
            return Ok(Stored::Present);
        }
        let size = fs::metadata(&artifact.path)?.len();
        let task = format!("upload {}", artifact.label);
        let progress = move |done| {
            reporter.event(Event::Progress {
                task: task.clone(),
                done,
                total: size,
                unit: "bytes",
            });
        };
        if size > multipart::WHOLE {
            self.put_in_parts(&key, &artifact.path, size, progress).await?;
        } else {
            progress(0);
            self.put(&key, part_of(&artifact.path, 0, size).await?).await?;
            progress(size);
        }
        Ok(Stored::New)
    }

    /// Stores a template; gives the URL that CloudFormation reads it from.
    pub(super) async fn store_template(&self, text: &str) -> Result<String, AwsError> {
        self.ready_now().await?;
        let key = template_key(&Digest::of(text));
        self.put_once(&key, text.as_bytes().to_vec()).await?;
        let host = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => {
                let region = &self.identity.region;
                let china = if bucket::partition(region) == "aws-cn" { ".cn" } else { "" };
                format!("https://s3.{region}.amazonaws.com{china}")
            }
        };
        Ok(format!("{host}/{}/{key}", self.bucket()))
    }
}

/// A part of a file, read while it is sent: no more than a block of it is ever in memory.
async fn part_of(path: &Path, offset: u64, length: u64) -> Result<ByteStream, AwsError> {
    use aws_sdk_s3::primitives::Length;
    const BLOCK: usize = 64 * 1024;
    // Opened here, so that a missing file is told as what it is.
    fs::open(path)?;
    let part = ByteStream::read_from()
        .path(path)
        .offset(offset)
        .length(Length::Exact(length))
        .buffer_size(BLOCK);
    part.build().await.map_err(|error| AwsError::Unreachable {
        operation: "s3:PutObject",
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_their_digests_and_nothing_else_does() {
        let digest = Digest::of("x");
        assert_eq!(digest_of(&key(&digest)), Some(digest));
        assert_eq!(digest_of(&template_key(&digest)), Some(digest));
        for other in [
            format!("artifacts/{digest}"),
            format!("artifacts/{digest}.json"),
            format!("artifacts/x/{digest}.zip"),
            format!("others/{digest}.zip"),
            "artifacts/readme.zip".to_owned(),
        ] {
            assert_eq!(digest_of(&other), None, "{other}");
        }
    }
}
