//! HTTP of a call that is tested: answered from what was recorded, or recorded.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody};

use super::super::reach::{HttpAnswer, HttpCall, HttpTape};
use super::wasi::{Done, Sent};

/// Has the tape answer a request; one that it lets through goes to its host, and is recorded.
pub(super) async fn send(
    tape: &dyn HttpTape,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Sent {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let call = HttpCall {
        method: parts.method.to_string(),
        url: parts.uri.to_string(),
        headers: texts(&parts.headers),
        body: body.to_vec(),
    };
    if let Some(played) = tape.play(&call) {
        return answer(played.map_err(|_| HttpError::HttpRequestDenied)?);
    }
    let request = Request::from_parts(parts, whole(body));
    let (response, connection) = wasmtime_wasi_http::default_send_request(request, options).await?;
    let connection = tokio::spawn(connection);
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    let came = HttpAnswer {
        status: parts.status.as_u16(),
        headers: texts(&parts.headers),
        body: body.to_vec(),
    };
    tape.record(&call, &came);
    answer(came)
}

fn answer(answer: HttpAnswer) -> Sent {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let response = response.body(whole(answer.body.into()));
    let response = response.map_err(|_| HttpError::HttpRequestUriInvalid)?;
    let done: Done = Box::new(async { Ok(()) });
    Ok((response, done))
}

fn whole(bytes: Bytes) -> WasiBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}
