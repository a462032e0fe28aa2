//! WASI 0.2, present but inert: stock toolchains import all of it.
//!
//! No files, arguments, environment, sockets or input; stdout and stderr go to the log; the clock
//! stands at the start of the run and random numbers follow from plugin and build, unless `clock` or
//! `random` is granted. `wasi:http` reaches the hosts that `network` names, and no others.

use std::net::Ipv6Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use super::super::log::{Lines, Log};
use super::super::reach::HttpTape;
use super::super::state::{Identity, State, Wasi};
use super::super::world::Facts;
use super::tape;

/// Bytes of random numbers that one call may ask for.
const RANDOM_AT_ONCE: u64 = 1 << 20;
/// Bytes that a stream takes at once.
const STREAM_CHUNK: usize = 64 << 10;
/// What the frozen monotonic clock advances at each look, so that no guest divides by zero or waits for
/// the next instant for ever.
const CLOCK_STEP: u64 = 1_000;

/// Links WASI, and HTTP if it is imported.
pub(in super::super) fn link(linker: &mut Linker<State>, http: bool) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    if http {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    }
    Ok(())
}

impl Wasi {
    /// WASI for one call. Without facts (while a plugin tells its config schema) nothing is granted.
    pub(in super::super) fn new(
        identity: &Arc<Identity>,
        facts: Option<&Facts>,
        log: &Arc<Log>,
        tape: Option<Arc<dyn HttpTape>>,
    ) -> Self {
        let streams =
            [Lines::new(Arc::clone(log), "stdout"), Lines::new(Arc::clone(log), "stderr")];
        let [stdout, stderr] = streams.clone();
        let mut builder = WasiCtx::builder();
        builder
            .stdout(Stream(stdout))
            .stderr(Stream(stderr))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(RANDOM_AT_ONCE);
        if !(identity.grants.clock && facts.is_some()) {
            let now = facts.map_or(UNIX_EPOCH, |facts| facts.now);
            builder.wall_clock(Frozen::at(now)).monotonic_clock(Frozen::at(now));
        }
        if !(identity.grants.random && facts.is_some()) {
            let build = facts.map_or("", |facts| facts.build_id.as_str());
            builder
                .secure_random(seeded(identity, build, "secure"))
                .insecure_random(seeded(identity, build, "insecure"))
                .insecure_random_seed(u128::from_le_bytes(
                    seed(identity, build, "seed")[..16].try_into().expect("16 of 32 bytes"),
                ));
        }
        let http = Http {
            context: WasiHttpCtx::new(),
            hooks: Gate {
                identity: Arc::clone(identity),
                log: Arc::clone(log),
                open: facts.is_some(),
                tape,
            },
        };
        Self { context: builder.build(), http, streams }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.as_mut().expect("WASI is linked only where the component imports it");
        WasiCtxView { ctx: &mut wasi.context, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let wasi = self.wasi.as_mut().expect("WASI is linked only where the component imports it");
        WasiHttpCtxView {
            hooks: &mut wasi.http.hooks,
            table: &mut self.table,
            ctx: &mut wasi.http.context,
        }
    }
}

fn seed(identity: &Identity, build: &str, purpose: &str) -> [u8; 32] {
    let mut hasher = crate::digest::Hasher::new();
    hasher.field(identity.digest.as_bytes()).field(build).field(purpose);
    *hasher.finish().as_bytes()
}

fn seeded(identity: &Identity, build: &str, purpose: &str) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(seed(identity, build, purpose))
}

/// A clock that does not go.
struct Frozen {
    since_1970: Duration,
    looks: AtomicU64,
}

impl Frozen {
    fn at(now: SystemTime) -> Self {
        Self {
            since_1970: now.duration_since(UNIX_EPOCH).unwrap_or_default(),
            looks: AtomicU64::new(0),
        }
    }
}

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        self.since_1970
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        CLOCK_STEP
    }

    fn now(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::Relaxed) * CLOCK_STEP
    }
}

/// stdout or stderr, as lines of the log.
#[derive(Clone)]
struct Stream(Lines);

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(STREAM_CHUNK)
    }
}

impl tokio::io::AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// `wasi:http` of one call.
pub(in super::super) struct Http {
    context: WasiHttpCtx,
    hooks: Gate,
}

/// Lets requests to granted hosts out. Redirects are not followed, so every request passes here.
struct Gate {
    identity: Arc<Identity>,
    log: Arc<Log>,
    open: bool,
    tape: Option<Arc<dyn HttpTape>>,
}

pub(super) type Done = Box<dyn Future<Output = Result<(), HttpError>> + Send>;
pub(super) type Sent = Result<(http::Response<WasiBody>, Done), HttpError>;

impl Gate {
    fn check(&self, uri: &http::Uri) -> Result<(), HttpError> {
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(HttpError::HttpRequestUriInvalid)?;
        let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        // Some clients leave out the brackets of an IPv6 address; grants are written with them.
        let bracketed = host.parse::<Ipv6Addr>().map(|address| format!("[{address}]"));
        let host = bracketed.as_deref().unwrap_or(host);
        match self.identity.grants.host(host, uri.port_u16().unwrap_or(default)) {
            Ok(()) if self.open => Ok(()),
            Ok(()) => Err(HttpError::HttpRequestDenied),
            Err(failure) => {
                let hint = failure.hint.unwrap_or_default();
                self.log.remark(&format!("{} ({hint})", failure.message));
                Err(HttpError::HttpRequestDenied)
            }
        }
    }
}

impl WasiHttpHooks for Gate {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Done,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let allowed = self.check(request.uri());
        let tape = self.tape.clone();
        Box::new(async move {
            allowed?;
            if let Some(tape) = tape {
                return tape::send(&*tape, request, options).await;
            }
            let (response, io) = wasmtime_wasi_http::default_send_request(request, options).await?;
            Ok((response.map(BodyExt::boxed_unsync), Box::new(io) as Done))
        })
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::Rng as _;

    use super::*;
    use crate::digest::Digest;
    use crate::manifest::{Grants, Limits};
    use crate::plugin::grants::Granted;
    use crate::report::{Event, Recorder};

    fn identity(network: &[&str]) -> Arc<Identity> {
        let network = network.iter().map(|&host| host.to_owned()).collect();
        let grants = Grants { network, ..Grants::default() };
        Arc::new(Identity {
            name: "acme".into(),
            version: None,
            digest: Digest::of("acme"),
            grants: Granted::new("acme", &grants).unwrap(),
            overrides: Vec::new(),
            config: "{}".to_owned(),
            limits: Limits::default(),
            wasi: true,
        })
    }

    #[test]
    fn random_numbers_follow_from_plugin_build_and_purpose() {
        let identity = identity(&[]);
        let number = |build, purpose| seeded(&identity, build, purpose).next_u64();
        assert_eq!(number("one", "secure"), number("one", "secure"));
        assert_ne!(number("one", "secure"), number("two", "secure"));
        assert_ne!(number("one", "secure"), number("one", "insecure"));
    }

    #[test]
    fn requests_reach_granted_hosts_only_and_denials_are_logged() {
        let recorder = Arc::new(Recorder::default());
        let gate = |network: &[&str], open| Gate {
            identity: identity(network),
            log: Arc::new(Log::new("acme", recorder.clone(), 1 << 20)),
            open,
            tape: None,
        };
        let check = |gate: &Gate, uri: &str| gate.check(&uri.parse().unwrap()).is_ok();
        let some = gate(&["api.example.com", "[::1]:80"], true);
        assert!(check(&some, "https://api.example.com/v1"));
        assert!(check(&some, "https://user@API.example.com:443/"));
        assert!(check(&some, "http://[::1]/"));
        assert!(!check(&some, "http://api.example.com/"));
        assert!(!check(&gate(&["api.example.com"], false), "https://api.example.com/"));
        assert!(!check(&gate(&[], true), "https://evil.com/"));
        let Some(Event::PluginLog { message, .. }) = recorder.events().pop() else { panic!() };
        insta::assert_snapshot!(message, @r#"calling `evil.com:443` is not granted: `network` allows nothing (add `"evil.com:443"` to `network` in `[plugins.acme.grants]`)"#);
    }

    #[test]
    fn the_frozen_monotonic_clock_creeps() {
        let clock = Frozen::at(UNIX_EPOCH);
        assert!(HostMonotonicClock::now(&clock) < HostMonotonicClock::now(&clock));
    }
}
