//! Docker Engines of the tests: one for all tests of a run, and one alone for each test that kills it.
//! Where none can be started, one that runs already will do.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use serde_json::{Value, json};

use super::http::Message;
use super::project::repository;
use super::tool::{missing, on_path};
use super::until;

/// A Docker Engine. Copies of it are the same one.
#[derive(Clone)]
pub struct Engine {
    daemon: Arc<Daemon>,
}

impl Engine {
    /// The one that tests share; none when there is none and none can be started, which is a failure in
    /// CI. Tests share its images too: each takes names of its own.
    pub fn start() -> Option<Self> {
        static SHARED: OnceLock<Option<Engine>> = OnceLock::new();
        let start = || match Daemon::start().or_else(|why| Daemon::running().ok_or(why)) {
            Ok(daemon) => Some(Self { daemon: Arc::new(daemon) }),
            Err(why) => {
                missing(&format!("a Docker Engine ({why})"));
                None
            }
        };
        SHARED.get_or_init(start).clone()
    }

    /// One that no other test uses, for tests that kill it or count what it holds.
    pub fn alone() -> Option<Self> {
        match Daemon::start() {
            Ok(daemon) => Some(Self { daemon: Arc::new(daemon) }),
            Err(why) => {
                missing(&format!("a Docker Engine of its own ({why})"));
                None
            }
        }
    }

    /// What leads a program to it.
    pub fn environment(&self) -> [(&'static str, String); 1] {
        [("DOCKER_HOST", format!("unix://{}", self.daemon.socket.display()))]
    }

    /// Kills it, as when the machine loses it: what works with it sees its connection end.
    pub fn kill(&self) {
        self.daemon.end("KILL");
    }

    /// One call of its API, and its answer, which may be a stream of JSON. A header is `name: value`.
    pub fn call(&self, method: &str, target: &str, header: &str, body: &[u8]) -> Answer {
        self.try_call(method, target, header, body).expect("the Docker Engine answers")
    }

    fn try_call(&self, method: &str, target: &str, header: &str, body: &[u8]) -> Option<Answer> {
        let mut connection = BufReader::new(UnixStream::connect(&self.daemon.socket).ok()?);
        connection.get_ref().set_read_timeout(Some(Duration::from_secs(120))).ok()?;
        let kind = if body.starts_with(b"{") { "json" } else { "x-tar" };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/{kind}\r\n\
             Content-Length: {}\r\nConnection: close\r\n{header}\r\n",
            body.len()
        );
        connection.get_mut().write_all(head.as_bytes()).ok()?;
        connection.get_mut().write_all(body).ok()?;
        let reply = Message::reply(&mut connection, method).ok()??;
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        Some(Answer { status: reply.status(), text })
    }

    /// Builds an image from a folder that has a `Dockerfile`.
    pub fn build(&self, folder: &Path, name: &str) {
        let tar = Command::new("tar").arg("-cC").arg(folder).arg(".").output().unwrap();
        assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
        let target = format!("/build?t={name}&networkmode=none&forcerm=1");
        self.call("POST", &target, "", &tar.stdout).checked();
    }

    /// Pushes `name`, which is `HOST/REPOSITORY:TAG`; gives its digest, or why it was refused. Who asks
    /// is a user and a password.
    pub fn push(&self, name: &str, who: Option<(&str, &str)>) -> Result<String, String> {
        let who = who.map(|(user, password)| json!({ "username": user, "password": password }));
        let who = BASE64_URL_SAFE.encode(who.unwrap_or_else(|| json!({})).to_string());
        let (path, tag) = name.rsplit_once(':').unwrap();
        let target = format!("/images/{path}/push?tag={tag}");
        let answer = self.call("POST", &target, &format!("X-Registry-Auth: {who}\r\n"), b"");
        match answer.error() {
            Some(error) => Err(error),
            None => Ok(answer.find("/aux/Digest").expect("a digest")),
        }
    }

    /// Its containers with this label, ended ones too.
    pub fn containers(&self, label: &str) -> Vec<Value> {
        let filter = json!({ "label": [label] }).to_string();
        let filter = filter.replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
        let answer = self.call("GET", &format!("/containers/json?all=1&filters={filter}"), "", b"");
        serde_json::from_str(&answer.text).unwrap()
    }

    /// Removes the containers with this label; nothing when it is gone itself.
    pub(super) fn remove_containers(&self, label: &str) {
        if self.try_call("GET", "/_ping", "", b"").is_none() {
            return;
        }
        for container in self.containers(label) {
            let id = container["Id"].as_str().unwrap();
            // One that is just being removed is as good as gone.
            let _ = self.try_call("DELETE", &format!("/containers/{id}?force=1&v=1"), "", b"");
        }
    }
}

/// What the API answered.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// The error: of the call, or the one that stands in the stream after status 200.
    pub fn error(&self) -> Option<String> {
        if self.status >= 400 {
            return Some(self.text.clone());
        }
        self.find("/errorDetail/message")
    }

    /// The answer, which must have no error.
    pub fn checked(self) -> Self {
        assert_eq!(self.error(), None);
        self
    }

    /// The text at this pointer in the first line that has it.
    pub fn find(&self, pointer: &str) -> Option<String> {
        let lines = self.text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find_map(|line| Some(line.pointer(pointer)?.as_str()?.to_owned()))
    }
}

/// A daemon of ours, or one that runs already.
struct Daemon {
    socket: PathBuf,
    /// The shell that ends it, and its input.
    shell: Option<Mutex<(Child, Option<ChildStdin>)>>,
}

impl Daemon {
    /// A private one with its state below `target/tests`, or why there can be none.
    fn start() -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !rustix::process::geteuid().is_root() {
            return Err("only root can start one".to_owned());
        }
        on_path("dockerd").ok_or("`dockerd` is not on the path")?;
        let number = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let state = repository().join("target/tests/docker").join(number);
        std::fs::create_dir_all(&state).unwrap();
        let short = tempfile::Builder::new().prefix("phalanx-").tempdir().unwrap().keep();
        let socket = short.join("docker.sock");
        let mut shell = Command::new("sh")
            .arg(repository().join("tests/support/engine.sh"))
            .args([&short, &state])
            // Ctrl-C is for the tests: they end, and with them the daemon, in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(state.join("log")).unwrap())
            .spawn()
            .unwrap();
        let input = shell.stdin.take();
        let ended = until("the Docker Engine's first answer", 60, || {
            let ended = shell.try_wait().unwrap().is_some();
            (ended || answers(&socket)).then_some(ended)
        });
        if ended {
            let log = std::fs::read_to_string(state.join("log")).unwrap();
            let last = log.lines().last().unwrap_or_default();
            return Err(format!("`dockerd` ended: {last}; all of it is in {}", state.display()));
        }
        Ok(Self { socket, shell: Some(Mutex::new((shell, input))) })
    }

    /// One that runs already: what `DOCKER_HOST` names, or where it usually is.
    fn running() -> Option<Self> {
        let named = std::env::var("DOCKER_HOST").ok();
        let named = named.as_deref().and_then(|host| host.strip_prefix("unix://"));
        let socket = PathBuf::from(named.unwrap_or("/var/run/docker.sock"));
        answers(&socket).then_some(Self { socket, shell: None })
    }

    /// Ends it, if it is ours, by this signal, and waits until nothing of it is left.
    fn end(&self, signal: &str) {
        let Some(shell) = &self.shell else { return };
        let mut shell = shell.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut input) = shell.1.take() {
            // It may have ended by itself; then nobody reads.
            let _ = writeln!(input, "{signal}");
        }
        let _ = shell.0.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end("TERM");
    }
}

/// True when an engine listens on this socket and is ready.
fn answers(socket: &Path) -> bool {
    let ask = || {
        let mut connection = BufReader::new(UnixStream::connect(socket).ok()?);
        connection.get_ref().set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        connection.get_mut().write_all(b"GET /_ping HTTP/1.0\r\n\r\n").ok()?;
        Message::reply(&mut connection, "GET").ok()?
    };
    ask().is_some_and(|reply| reply.status() == 200)
}
