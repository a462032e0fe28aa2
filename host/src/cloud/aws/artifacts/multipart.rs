//! Large files in parts: several at once, each with a checksum that S3 verifies, and put together by S3
//! only when all of them are what was sent.
//!
//! The checksum of the whole is that of the parts' checksums: S3 has verified every part against the
//! bytes, and at the end it compares the list of parts, with their checksums, and the sum of their sizes.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::super::error::refused;
use super::{Aws, AwsError, part_of};

/// Up to this many bytes, a file is sent as a whole.
pub(super) const WHOLE: u64 = 16 << 20;
/// The size of a part. S3 takes at least 5 MiB, and 10,000 parts.
const PART: u64 = 8 << 20;
/// How many parts of a file are sent at once.
const PARALLEL: usize = 4;
/// How long an interrupted run may take to clear away.
const PATIENCE: Duration = Duration::from_secs(10);

/// The uploads that this run has begun and not ended: key and id.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Uploads(Arc<Mutex<Vec<(String, String)>>>);

impl Uploads {
    fn begin(&self, key: &str, id: &str) {
        self.lock().push((key.to_owned(), id.to_owned()));
    }

    fn end(&self, id: &str) {
        self.lock().retain(|(_, known)| known != id);
    }

    fn all(&self) -> Vec<(String, String)> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Aws {
    /// Stores a file in parts. `progress` is told how many bytes have arrived.
    pub(super) async fn put_in_parts(
        &self,
        key: &str,
        path: &Path,
        size: u64,
        progress: impl Fn(u64),
    ) -> Result<(), AwsError> {
        let call = self.s3.create_multipart_upload().bucket(self.bucket()).key(key);
        let begun = call
            .set_expected_bucket_owner(self.owner())
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .checksum_type(ChecksumType::Composite)
            .send()
            .await
            .map_err(|error| refused("s3:PutObject", &error))?;
        let id = begun.upload_id.unwrap_or_default();
        self.uploads.begin(key, &id);
        let result = async {
            let parts = self.send_parts(key, &id, path, size, progress).await?;
            self.put_together(key, &id, parts, size).await
        }
        .await;
        if result.is_err() {
            // The first error is the one to tell; what cannot be taken back now, `gc` finds.
            let _ = self.abort_upload(key, &id).await;
        }
        self.uploads.end(&id);
        result
    }

    async fn send_parts(
        &self,
        key: &str,
        id: &str,
        path: &Path,
        size: u64,
        progress: impl Fn(u64),
    ) -> Result<Vec<CompletedPart>, AwsError> {
        let parts = parts(size).map(|part| self.send_part(key, id, path, part));
        let mut sent = stream::iter(parts).buffered(PARALLEL);
        let (mut done, mut completed) = (0, Vec::new());
        progress(done);
        while let Some((part, length)) = sent.try_next().await? {
            completed.push(part);
            done += length;
            progress(done);
        }
        Ok(completed)
    }

    async fn send_part(
        &self,
        key: &str,
        id: &str,
        path: &Path,
        Part { number, offset, length }: Part,
    ) -> Result<(CompletedPart, u64), AwsError> {
        let sent = self
            .s3
            .upload_part()
            .bucket(self.bucket())
            .key(key)
            .upload_id(id)
            .part_number(number)
            .set_expected_bucket_owner(self.owner())
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(part_of(path, offset, length).await?)
            .send()
            .await
            .map_err(|error| refused("s3:PutObject", &error))?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc32(sent.checksum_crc32)
            .build();
        Ok((part, length))
    }

    async fn put_together(
        &self,
        key: &str,
        id: &str,
        parts: Vec<CompletedPart>,
        size: u64,
    ) -> Result<(), AwsError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        self.s3
            .complete_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .upload_id(id)
            .set_expected_bucket_owner(self.owner())
            .multipart_upload(parts)
            .checksum_type(ChecksumType::Composite)
            .mpu_object_size(i64::try_from(size).unwrap_or(i64::MAX))
            .send()
            .await
            .map_err(|error| refused("s3:PutObject", &error))?;
        Ok(())
    }

    /// Ends an upload and removes its parts.
    pub(in super::super) async fn abort_upload(&self, key: &str, id: &str) -> Result<(), AwsError> {
        let call = self.s3.abort_multipart_upload().bucket(self.bucket()).key(key).upload_id(id);
        let aborted = call.set_expected_bucket_owner(self.owner()).send().await;
        match aborted.map_err(|error| refused("s3:AbortMultipartUpload", &error)) {
            Err(error) if error.refusal() == "NoSuchUpload" => Ok(()),
            other => other.map(drop),
        }
    }

    /// Ends the uploads that an interrupt has cut off. A run is not held up for long by this: `gc` finds
    /// what is left.
    pub(in super::super) async fn abandon_uploads(&self) {
        let aborts = self.uploads.all().into_iter().map(|(key, id)| async move {
            let _ = self.abort_upload(&key, &id).await;
            self.uploads.end(&id);
        });
        let _ = tokio::time::timeout(PATIENCE, futures_util::future::join_all(aborts)).await;
    }
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// From 1.
    number: i32,
    offset: u64,
    length: u64,
}

/// The parts of a file of this size.
fn parts(size: u64) -> impl Iterator<Item = Part> {
    (1..).zip((0..size).step_by(PART as usize)).map(move |(number, offset)| Part {
        number,
        offset,
        length: PART.min(size - offset),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_file_without_gap_or_overlap() {
        for size in [WHOLE + 1, 3 * PART, 3 * PART + 1, 100 * PART - 1] {
            let all: Vec<Part> = parts(size).collect();
            let mut end = 0;
            for (index, part) in all.iter().enumerate() {
                assert_eq!((part.number as usize, part.offset), (index + 1, end));
                assert!(part.length > 0 && part.length <= PART);
                end += part.length;
            }
            assert_eq!(end, size);
            // S3 takes small parts at the end only.
            assert!(all.iter().rev().skip(1).all(|part| part.length == PART));
        }
    }
}
