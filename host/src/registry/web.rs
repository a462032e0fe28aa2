//! Small documents from the web: where a registry has its packages, and policies.

use super::{Client, RegistryError};
use crate::digest::Digest;
use crate::hint::in_one_line;

/// Bytes that a document may have.
const LIMIT: usize = 1 << 20;

impl Client {
    /// The document with this digest, from the store or else from its address.
    ///
    /// # Errors
    /// When it is not there, or is another one.
    pub async fn pinned_document(
        &self,
        url: &str,
        digest: &Digest,
    ) -> Result<Vec<u8>, RegistryError> {
        if let Some(bytes) = self.store.get(digest)? {
            return Ok(bytes);
        }
        let bytes = self.document(url).await?.ok_or_else(|| RegistryError::Document {
            url: url.to_owned(),
            reason: "the server says that there is none".into(),
        })?;
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(RegistryError::OtherDocument {
                url: url.to_owned(),
                wanted: digest.to_string(),
                found: found.to_string(),
            });
        }
        self.store.put(digest, &bytes)?;
        Ok(bytes)
    }

    /// Fetches a document; none when there is none.
    ///
    /// # Errors
    /// When the server does not answer, or answers something else.
    pub(super) async fn document(&self, url: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        if self.offline {
            return Err(RegistryError::Offline { what: url.to_owned() });
        }
        let failed = |reason: String| RegistryError::Document { url: url.to_owned(), reason };
        let client = self.http()?;
        let answer = client.get(url).send().await;
        let mut answer = answer.map_err(|error| failed(in_one_line(&error)))?;
        match answer.status() {
            reqwest::StatusCode::NOT_FOUND => return Ok(None),
            status if !status.is_success() => {
                return Err(failed(format!("the server says {status}")));
            }
            _ => {}
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(in_one_line(&error)))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LIMIT {
                return Err(failed(format!("it has more than {LIMIT} bytes")));
            }
        }
        Ok(Some(bytes))
    }
}
