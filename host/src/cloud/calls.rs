//! Calls of a cloud's own APIs, for those who know them better than Phalanx does.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::hint::BoxError;
use crate::text::readable;

/// Makes calls with the credentials of the run.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Signs and makes one call. An answer that is an error is an answer.
    ///
    /// # Errors
    /// When the call is no HTTP request, or no answer comes.
    async fn call(&self, request: CallRequest) -> Result<CallResponse, BoxError>;
}

/// A call that is not signed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CallRequest {
    /// Signing name of the service, such as `sns`.
    pub service: String,
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers; those of the signature are added.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "readable")]
    pub body: Vec<u8>,
    /// Bytes of the answer that are taken at most; more is an error.
    #[serde(skip)]
    pub limit: u64,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CallResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers that are text.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "readable")]
    pub body: Vec<u8>,
}
