//! Builds an image.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use bollard::body_try_stream;
use bollard::errors::Error;
use bollard::models::BuildInfo;
use bollard::query_parameters::BuildImageOptions;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::error::engine_failure;
use super::push::Layers;
use super::{Built, Context, Engine, ImageError, ImageRequest, Progress};
use crate::hint::in_one_line;

/// Bytes of the context that are on their way at one time, at most, in blocks of [`BLOCK`].
const BLOCKS_UNDER_WAY: usize = 8;
/// The archive goes out in blocks of this many bytes.
const BLOCK: usize = 256 * 1024;
/// How lines of builders begin that tell nothing: ids of what comes between the layers.
const NOISE: [&str; 4] =
    ["--->", "-->", "Removing intermediate container", "Removed intermediate container"];

impl Engine {
    /// Builds an image from `context`, which is sent while it is read. Without `progress`' end the builder may
    /// take as long as it wants: dropping the future stops it.
    ///
    /// # Errors
    /// When the builder fails, or the engine is lost.
    pub async fn build(
        &self,
        request: &ImageRequest,
        context: Arc<Context>,
        progress: &dyn Progress,
    ) -> Result<Built, ImageError> {
        let (sender, receiver) = mpsc::channel(BLOCKS_UNDER_WAY);
        let sending = tokio::task::spawn_blocking(move || send(&context, &sender));
        let blocks = stream::unfold(receiver, async |mut receiver| {
            let block = receiver.recv().await?;
            Some((block, receiver))
        });
        let mut output = Output { progress, last: String::new(), layers: Layers::default() };
        let answers =
            self.client.build_image(options(request), None, Some(body_try_stream(blocks)));
        let result = output.follow(self, request, answers).await;
        // A context that cannot be read is the cause of whatever the engine made of it.
        if let Ok(Err(source)) = sending.await
            && source.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(ImageError::Context { context: request.context.clone(), source });
        }
        result?;
        let image = self.client.inspect_image(&request.tag).await;
        let image = image.map_err(|error| engine_failure(self, "inspect", &request.tag, &error))?;
        Ok(Built {
            id: image.id.unwrap_or_default(),
            size: image.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        })
    }
}

/// Sends the archive in blocks; ends with `BrokenPipe` when nobody takes them any more.
fn send(context: &Context, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let blocks = io::BufWriter::with_capacity(BLOCK, Blocks(sender));
    let result = context.write(blocks);
    if let Err(error) = &result {
        // The request must fail, or the builder would take what it has for the whole.
        let _ = sender.blocking_send(Err(io::Error::new(error.kind(), error.to_string())));
    }
    result
}

struct Blocks<'a>(&'a mpsc::Sender<io::Result<Bytes>>);

impl Write for Blocks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let block = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(block)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(request: &ImageRequest) -> BuildImageOptions {
    let pairs = |pairs: &[(String, String)]| -> Option<HashMap<String, String>> {
        (!pairs.is_empty()).then(|| pairs.iter().cloned().collect())
    };
    BuildImageOptions {
        dockerfile: request.dockerfile.clone(),
        t: Some(request.tag.clone()),
        buildargs: pairs(&request.args),
        labels: pairs(&request.labels),
        cachefrom: (!request.cache_from.is_empty()).then(|| request.cache_from.clone()),
        platform: request.platform.clone().unwrap_or_default(),
        target: request.target.clone().unwrap_or_default(),
        rm: true,
        forcerm: true,
        ..Default::default()
    }
}

fn is_noise(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || NOISE.iter().any(|start| line.starts_with(start))
}

/// What the builder says.
struct Output<'a> {
    progress: &'a dyn Progress,
    /// The last line.
    last: String,
    layers: Layers,
}

impl Output<'_> {
    async fn follow(
        &mut self,
        engine: &Engine,
        request: &ImageRequest,
        answers: impl futures_util::Stream<Item = Result<BuildInfo, Error>>,
    ) -> Result<(), ImageError> {
        let mut answers = std::pin::pin!(answers);
        while let Some(answer) = answers.next().await {
            let message = match answer {
                Ok(BuildInfo { error_detail: Some(error), .. }) => {
                    error.message.unwrap_or_else(|| "the builder does not say why".into())
                }
                Ok(info) => {
                    self.take(&info);
                    continue;
                }
                Err(Error::DockerStreamError { error }) => error,
                Err(Error::DockerResponseServerError { message, .. }) => message,
                Err(error) => {
                    let (host, reason) = (engine.host.clone(), in_one_line(&error));
                    return Err(ImageError::Lost { action: "building", host, reason });
                }
            };
            return Err(ImageError::build(&request.tag, &message, &self.last));
        }
        Ok(())
    }

    fn take(&mut self, info: &BuildInfo) {
        for line in info.stream.iter().flat_map(|text| text.lines()) {
            if is_noise(line) {
                continue;
            }
            self.progress.line(line);
            line.clone_into(&mut self.last);
        }
        if let (Some(layer), Some(detail)) = (&info.id, &info.progress_detail) {
            self.layers.note(layer, detail, self.progress);
        }
    }
}
