//! The Lambda runtime API (2018-06-01) for one call, on a free loopback port.
//!
//! It only translates between HTTP and [`Signal`]s; what they mean for the call, and all limits of
//! time, are the matter of `process`.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// Lambda's limit of a buffered response: 6 MB and a little for its own envelope.
pub(super) const RESPONSE_LIMIT: u64 = 6 * 1024 * 1024 + 100;
/// Lambda's limit of a streamed response.
const STREAM_LIMIT: u64 = 200 * 1024 * 1024;
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// What the function's runtime did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// It asked for the first event, which was handed over at this moment.
    Ready(Instant),
    /// It answered.
    Response(Bytes),
    /// It answered with more than the limit, in bytes.
    TooLarge(u64),
    /// Its handler failed.
    Error(Reported),
    /// It failed before it asked for an event.
    InitError(Reported),
    /// It asked for the next event, so it is done with this one.
    Done,
}

/// An error as a runtime reports it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) error_type: String,
    pub(super) message: String,
    pub(super) stack: Vec<String>,
}

/// The event and what goes with it.
pub(super) struct Call {
    pub(super) request_id: String,
    pub(super) event: Bytes,
    pub(super) arn: String,
    pub(super) timeout: Duration,
}

/// A listening API. Dropping it closes port and connections.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) signals: UnboundedReceiver<Signal>,
    _accepting: JoinSet<()>,
}

impl Server {
    pub(super) async fn start(call: Call) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, signals) = unbounded_channel();
        let api = Arc::new(Api { call, phase: Mutex::new(Phase::Init), sender });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, api));
        Ok(Self { address, signals, _accepting: accepting })
    }
}

async fn accept(listener: TcpListener, api: Arc<Api>) {
    // Owns the connections: they end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let api = api.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let api = api.clone();
                async move { Ok::<_, Infallible>(api.answer(request).await) }
            });
            // A connection that breaks off is the function's loss; its end is seen by `process`.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Init,
    Running,
    Answered,
}

struct Api {
    call: Call,
    phase: Mutex<Phase>,
    sender: UnboundedSender<Signal>,
}

type Reply = Response<Full<Bytes>>;

impl Api {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let Some(route) = path.strip_prefix("/2018-06-01/runtime/") else {
            return refuse(StatusCode::NOT_FOUND, "NotFound", "no such path in the runtime API");
        };
        match (request.method(), route.split('/').collect::<Vec<_>>().as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["init", "error"]) => {
                let reported = reported(request).await;
                self.signal(Signal::InitError(reported));
                accepted()
            }
            (&Method::POST, ["invocation", id, what @ ("response" | "error")]) => {
                if *id != self.call.request_id {
                    return refuse(
                        StatusCode::BAD_REQUEST,
                        "InvalidRequestID",
                        "no call with this request id is open",
                    );
                }
                if !self.advance(Phase::Running, Phase::Answered) {
                    return refuse(
                        StatusCode::FORBIDDEN,
                        "InvalidStateTransition",
                        "this call was answered already",
                    );
                }
                if *what == "error" {
                    let reported = reported(request).await;
                    self.signal(Signal::Error(reported));
                    accepted()
                } else {
                    self.response(request).await
                }
            }
            _ => refuse(StatusCode::NOT_FOUND, "NotFound", "no such path in the runtime API"),
        }
    }

    /// Hands out the event once; a second request is kept waiting for ever, as a frozen sandbox is.
    async fn next(&self) -> Reply {
        if !self.advance(Phase::Init, Phase::Running) {
            self.signal(Signal::Done);
            std::future::pending::<()>().await;
        }
        let root = &self.call.request_id.replace('-', "")[..24];
        let reply = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &self.call.request_id)
            .header("lambda-runtime-deadline-ms", self.deadline_ms())
            .header("lambda-runtime-invoked-function-arn", &self.call.arn)
            .header("lambda-runtime-trace-id", format!("Root=1-00000000-{root};Sampled=0"))
            .body(Full::new(self.call.event.clone()));
        // Taken here, before the function can begin: whoever hears of it may be late.
        self.signal(Signal::Ready(Instant::now()));
        reply.unwrap_or_else(|_| {
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "BadArn", "the function's ARN is no header")
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the function compares it with its own clock")]
    fn deadline_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from((now + self.call.timeout).as_millis()).unwrap_or(u64::MAX)
    }

    async fn response(&self, request: Request<Incoming>) -> Reply {
        let streamed = header(request.headers(), RESPONSE_MODE).eq_ignore_ascii_case("streaming");
        let limit = if streamed { STREAM_LIMIT } else { RESPONSE_LIMIT };
        match collect(request, limit).await {
            Collected::TooLarge(size) => {
                self.signal(Signal::TooLarge(size));
                refuse(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "RequestEntityTooLarge",
                    "the response is over the limit",
                )
            }
            // A stream that breaks off is no answer; the end of the process will say why.
            Collected::Broken => {
                self.advance(Phase::Answered, Phase::Running);
                refuse(StatusCode::BAD_REQUEST, "BrokenBody", "the response ended early")
            }
            Collected::Whole(body, trailers) => {
                let failed = trailers.filter(|trailers| trailers.contains_key(ERROR_TYPE));
                self.signal(match failed {
                    Some(trailers) => Signal::Error(streamed_error(&trailers)),
                    None => Signal::Response(body),
                });
                accepted()
            }
        }
    }

    /// Moves from one phase to another; false when the call is in neither.
    fn advance(&self, from: Phase, to: Phase) -> bool {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = *phase == from;
        if fits {
            *phase = to;
        }
        fits
    }

    fn signal(&self, signal: Signal) {
        // Nobody listens any more when the call is over.
        let _ = self.sender.send(signal);
    }
}

enum Collected {
    Whole(Bytes, Option<HeaderMap>),
    TooLarge(u64),
    Broken,
}

async fn collect(request: Request<Incoming>, limit: u64) -> Collected {
    let mut body = request.into_body();
    let announced = body.size_hint().lower();
    if announced > limit {
        return Collected::TooLarge(announced);
    }
    let mut content = Vec::new();
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Collected::Broken };
        match frame.into_data() {
            Ok(data) => content.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
        if content.len() as u64 > limit {
            return Collected::TooLarge(content.len() as u64);
        }
    }
    Collected::Whole(content.into(), trailers)
}

/// The body of an error report; runtimes differ in how much of it they fill in.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    error_type: Option<String>,
    error_message: Option<String>,
    stack_trace: Option<Vec<serde_json::Value>>,
}

async fn reported(request: Request<Incoming>) -> Reported {
    let named = header(request.headers(), ERROR_TYPE).to_owned();
    match collect(request, RESPONSE_LIMIT).await {
        Collected::Whole(body, _) => from_body(named, &body),
        _ => from_body(named, b""),
    }
}

fn streamed_error(trailers: &HeaderMap) -> Reported {
    let body = base64::engine::general_purpose::STANDARD
        .decode(header(trailers, ERROR_BODY))
        .unwrap_or_default();
    from_body(header(trailers, ERROR_TYPE).to_owned(), &body)
}

fn from_body(named: String, body: &[u8]) -> Reported {
    let parsed: ErrorBody = serde_json::from_slice(body).unwrap_or_else(|_| ErrorBody {
        error_message: Some(String::from_utf8_lossy(body).into_owned()),
        ..ErrorBody::default()
    });
    let line = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Reported {
        error_type: parsed
            .error_type
            .or(Some(named))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "Unknown".into()),
        message: parsed.error_message.unwrap_or_default(),
        stack: parsed.stack_trace.unwrap_or_default().into_iter().map(line).collect(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn accepted() -> Reply {
    reply(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn refuse(status: StatusCode, error_type: &str, message: &str) -> Reply {
    reply(status, &json!({ "errorType": error_type, "errorMessage": message }))
}

fn reply(status: StatusCode, body: &serde_json::Value) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body.to_string())));
    *reply.status_mut() = status;
    reply
}
