//! Reads from registries, which may do anything.
//!
//! The library reads whatever it is sent, for as long as it is sent. Here no more is read than is wanted, a registry
//! that is busy is asked again when it says so, and one that drips is given up. Redirects are followed without
//! our credentials when they lead to another host.

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::{Reference, RegistryError};
use crate::digest::{Digest, Hasher};
use crate::hint::in_one_line;
use crate::text::shorten;

/// How often a busy registry is asked.
const ATTEMPTS: u32 = 4;
/// What is waited before the second time, when the registry names no time; then twice as long each time.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that a registry can let us wait.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes a second that a registry must send in the mean.
const PACE: u64 = 64 << 10;
/// Bytes of an error's text that are read.
const MESSAGE: u64 = 4 << 10;

/// What is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The artifact, for messages.
    pub(super) reference: &'a Reference,
    /// Its address.
    pub(super) url: &'a str,
    /// Media types that will do.
    pub(super) accept: &'a str,
    /// Who we are.
    pub(super) authorization: Option<&'a HeaderValue>,
    /// Bytes that it may have.
    pub(super) limit: u64,
}

/// Why something failed.
pub(super) enum Failed {
    For(RegistryError),
    /// For now: it may work a little later, or when the registry says.
    ForNow(RegistryError, Option<Duration>),
}

impl From<RegistryError> for Failed {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Busy { wait, .. } => Self::ForNow(error, wait),
            error => Self::For(error),
        }
    }
}

/// Does something until it works or is sure to fail, a few times at most.
///
/// # Errors
/// What it failed with at last.
pub(super) async fn patiently<T>(
    mut once: impl AsyncFnMut() -> Result<T, Failed>,
) -> Result<T, RegistryError> {
    let mut pause = PAUSE;
    for _ in 1..ATTEMPTS {
        match once().await {
            Ok(done) => return Ok(done),
            Err(Failed::For(error)) => return Err(error),
            Err(Failed::ForNow(error, Some(wait))) if wait > PATIENCE => return Err(error),
            Err(Failed::ForNow(_, wait)) => tokio::time::sleep(wait.unwrap_or(pause)).await,
        }
        pause *= 2;
    }
    once().await.map_err(|failed| match failed {
        Failed::For(error) | Failed::ForNow(error, _) => error,
    })
}

/// Reads it, whole; gives its digest, too, which is taken while the registry still sends.
///
/// # Errors
/// When the registry does not have it, does not let us, is busy for long, or sends too much or too slowly.
pub(super) async fn read(
    client: &reqwest::Client,
    timeout: Duration,
    wanted: Wanted<'_>,
) -> Result<(Vec<u8>, Digest), RegistryError> {
    patiently(async || read_once(client, timeout, wanted).await).await
}

async fn read_once(
    client: &reqwest::Client,
    timeout: Duration,
    wanted: Wanted<'_>,
) -> Result<(Vec<u8>, Digest), Failed> {
    let Wanted { reference, url, accept, authorization, limit } = wanted;
    let unreachable = |reason: String| {
        let registry = reference.registry.clone();
        RegistryError::Unreachable { registry, reason }
    };
    let mut request = client.get(url).header(ACCEPT, accept);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let whole = timeout + Duration::from_secs(limit / PACE);
    let late = |_| {
        let seconds = whole.as_secs();
        Failed::For(unreachable(format!("it took more than {seconds} s to send `{reference}`")))
    };
    let read = async {
        let answer = request.send().await;
        // A name that is wrong, or nothing that listens, stays so.
        let answer = answer.map_err(|error| Failed::For(unreachable(in_one_line(&error))))?;
        if answer.status() != StatusCode::OK {
            return Err(refusal(reference, answer).await);
        }
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(Failed::For(overlong(reference, limit)));
        }
        body(answer, limit).await.map_err(|error| match error {
            Some(error) => Failed::ForNow(unreachable(in_one_line(&error)), None),
            None => Failed::For(overlong(reference, limit)),
        })
    };
    tokio::time::timeout(whole, read).await.map_err(late)?
}

/// An answer's body, and its digest; no error when it is longer than the limit.
///
/// What comes is put together and hashed on another thread, so that the registry never waits for that.
async fn body(
    mut answer: Response,
    limit: u64,
) -> Result<(Vec<u8>, Digest), Option<reqwest::Error>> {
    let expected = answer.content_length().unwrap_or_default().min(limit);
    let (chunks, received) = mpsc::channel::<Bytes>();
    let collected = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
        let mut hasher = Hasher::new();
        for chunk in received {
            hasher.update(&chunk);
            bytes.extend_from_slice(&chunk);
        }
        (bytes, hasher.finish())
    });
    let mut length = 0;
    while let Some(chunk) = answer.chunk().await? {
        length += chunk.len() as u64;
        if length > limit {
            return Err(None);
        }
        chunks.send(chunk).expect("the thread takes chunks until there are no more");
    }
    drop(chunks);
    Ok(collected.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
}

fn overlong(reference: &Reference, limit: u64) -> RegistryError {
    RegistryError::Overlong { reference: reference.to_string(), limit }
}

/// How long the registry wants to be left alone: it names seconds, or a date, which counts from its own.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let after = text(RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    let (then, now) = (date(after)?, date(text(DATE)?)?);
    Some(then.duration_since(now).unwrap_or_default())
}

/// What an answer means that is no success.
async fn refusal(reference: &Reference, answer: Response) -> Failed {
    let status = answer.status();
    let (registry, name) = (reference.registry.clone(), reference.to_string());
    let for_now = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
    if for_now {
        let wait = wait(answer.headers());
        return RegistryError::Busy { registry, status: status.to_string(), wait }.into();
    }
    Failed::For(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            RegistryError::Unauthorized { registry, reference: name }
        }
        StatusCode::NOT_FOUND => RegistryError::NotThere { reference: name },
        _ => {
            let said = body(answer, MESSAGE).await.map(|(bytes, _)| bytes).unwrap_or_default();
            let said = serde_json::from_slice::<Value>(&said).unwrap_or_default();
            let said = said["errors"][0]["message"].as_str();
            let said = said.map(|text| format!(": {}", shorten(text, 200))).unwrap_or_default();
            RegistryError::Refused { reference: name, reason: format!("it says {status}{said}") }
        }
    })
}
