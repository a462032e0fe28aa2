//! The seams through which a plugin reaches outside its sandbox. The pipeline fills them in; grants were
//! checked before any of this is called.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::world::Failure;
use crate::cloud::{CallRequest, CallResponse};
use crate::docker::{Built, ImageRequest};
use crate::text::readable;

/// A program to run. Its grant was checked already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Folder inside the service's; none for its root.
    pub dir: Option<String>,
    /// Added to the environment.
    pub env: Vec<(String, String)>,
    /// Its input.
    #[serde(with = "readable")]
    pub stdin: Vec<u8>,
    /// Bytes of stdout and stderr together that are kept at most; more is a failure.
    #[serde(skip)]
    pub output_limit: u64,
}

/// What a program left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CommandOutput {
    /// Exit code; 128 and the signal's number when one ended it.
    pub status: i32,
    /// What it printed.
    #[serde(with = "readable")]
    pub stdout: Vec<u8>,
    /// What it complained.
    #[serde(with = "readable")]
    pub stderr: Vec<u8>,
}

/// An image in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PushedImage {
    /// `registry/repository:tag`
    pub reference: String,
    /// The tag.
    pub tag: String,
    /// `sha256:…`; none when it was not pushed.
    pub digest: Option<String>,
}

/// A request by HTTP to a granted host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HttpCall {
    /// `GET` and so on.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Headers that are text.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "readable")]
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// Headers that are text.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "readable")]
    pub body: Vec<u8>,
}

/// Stands between a plugin and the hosts that it is granted.
pub trait HttpTape: Send + Sync {
    /// What a call answers, or that it must not be made; nothing when it is to be made and recorded.
    fn play(&self, call: &HttpCall) -> Option<Result<HttpAnswer, Failure>>;
    /// Keeps what came of a call.
    fn record(&self, call: &HttpCall, answer: &HttpAnswer);
}

/// What the capabilities reach. Grants were checked before any of this is called.
#[async_trait]
pub trait Services: Send + Sync {
    /// Runs a program without a shell. The future is dropped when the call's time is up: the program
    /// must then be killed.
    ///
    /// # Errors
    /// When it cannot be started, its folder is outside the service's, or it prints too much. An exit
    /// code is no error.
    async fn run_command(&self, command: Command) -> Result<CommandOutput, Failure>;
    /// The files inside the service's folder that match, sorted, with `/`.
    ///
    /// # Errors
    /// When the glob is not valid or a folder cannot be listed.
    fn list_files(&self, glob: &str) -> Result<Vec<String>, Failure>;
    /// A file inside the service's folder, links that lead out refused, when it has at most `limit`
    /// bytes.
    ///
    /// # Errors
    /// When there is no such file, it is too large, outside, or cannot be read.
    fn read_file(&self, path: &str, limit: u64) -> Result<Vec<u8>, Failure>;
    /// A variable of the environment that Phalanx was started with.
    fn environment(&self, name: &str) -> Option<String>;
    /// Container images.
    fn images(&self) -> &dyn Images;
    /// What answers calls by HTTP; the hosts themselves without it.
    fn http(&self) -> Option<Arc<dyn HttpTape>> {
        None
    }
    /// Signs and makes one call.
    ///
    /// # Errors
    /// When no answer comes. An error in the answer is none.
    async fn call_aws(&self, call: CallRequest) -> Result<CallResponse, Failure>;
}

/// What `images` reaches.
#[async_trait]
pub trait Images: Send + Sync {
    /// Finds out what would keep an image from being built or pushed.
    ///
    /// # Errors
    /// What does.
    async fn check(&self, image: ImageRequest, repository: String) -> Result<(), Failure>;
    /// Hex digest of everything that goes into an image.
    ///
    /// # Errors
    /// When its context cannot be read.
    async fn fingerprint(&self, image: ImageRequest) -> Result<String, Failure>;
    /// Whether images are pushed at all.
    fn will_push(&self) -> bool;
    /// The image with this tag in the cloud's registry.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    async fn find(&self, repository: String, tag: String) -> Result<Option<PushedImage>, Failure>;
    /// Builds an image. Dropping the future stops the builder.
    ///
    /// # Errors
    /// When there is no engine, or it fails.
    async fn build(&self, image: ImageRequest) -> Result<Built, Failure>;
    /// Pushes a local image to the cloud's registry, or says where it would go.
    ///
    /// # Errors
    /// When the registry does not take it.
    async fn push(
        &self,
        image: String,
        repository: String,
        tag: String,
    ) -> Result<PushedImage, Failure>;
    /// The images of a repository that have a tag, sorted by it.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    async fn list(&self, repository: String) -> Result<Vec<PushedImage>, Failure>;
    /// Takes a tag from an image; true when there was one.
    ///
    /// # Errors
    /// When the registry refuses it.
    async fn delete(&self, repository: String, tag: String) -> Result<bool, Failure>;
}
