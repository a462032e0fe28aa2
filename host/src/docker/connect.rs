//! Finds the Docker Engine and speaks to it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::net::UnixStream;

use super::ImageError;
use crate::hint::in_one_line;

/// Names the engine, as for `docker` itself.
const HOST: &str = "DOCKER_HOST";
/// Where Docker's socket is unless something else is said.
const SOCKET: &str = "/var/run/docker.sock";
/// Seconds until the engine must have begun to answer. Sending a large context counts, too.
const TIMEOUT: u64 = 3_600;
/// How long a greeting may take: an engine that does not answer this is not there.
const GREETING: Duration = Duration::from_secs(15);

/// A Docker Engine that answers.
pub struct Engine {
    pub(super) client: Docker,
    /// Where it is, for messages.
    pub(super) host: String,
}

impl Engine {
    /// Connects to the engine that `DOCKER_HOST` names, or else to the first socket that is there of Docker,
    /// rootless Docker, Docker Desktop and Podman.
    ///
    /// # Errors
    /// When there is none, it may not be used, or it does not answer.
    pub async fn connect(environment: &BTreeMap<String, String>) -> Result<Self, ImageError> {
        let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        let host = match set(HOST) {
            Some(host) => host.clone(),
            None => format!("unix://{}", default_socket(environment).display()),
        };
        let client = if let Some(socket) = host.strip_prefix("unix://") {
            try_socket(&host, socket).await?;
            Docker::connect_with_unix(&host, TIMEOUT, API_DEFAULT_VERSION)
        } else if host.starts_with("tcp://") || host.starts_with("http") {
            if host.starts_with("https://") || set("DOCKER_TLS_VERIFY").is_some() {
                let folder = set("DOCKER_CERT_PATH").map_or_else(
                    || Path::new(set("HOME").map_or("/", String::as_str)).join(".docker"),
                    PathBuf::from,
                );
                let file = |name: &str| folder.join(name);
                let (key, certificate, ca) = (file("key.pem"), file("cert.pem"), file("ca.pem"));
                Docker::connect_with_ssl(
                    &host,
                    &key,
                    &certificate,
                    &ca,
                    TIMEOUT,
                    API_DEFAULT_VERSION,
                )
            } else {
                Docker::connect_with_http(&host, TIMEOUT, API_DEFAULT_VERSION)
            }
        } else {
            return Err(ImageError::BadHost { host });
        };
        let unreachable =
            |reason: String| ImageError::NoEngine { host: host.clone(), reason, missing: false };
        let client = client.map_err(|error| unreachable(error.to_string()))?;
        let greeting = async { client.clone().negotiate_version().await };
        let client = match tokio::time::timeout(GREETING, greeting).await {
            Ok(greeted) => greeted.map_err(|error| unreachable(in_one_line(&error)))?,
            Err(_) => return Err(unreachable(format!("no answer in {} s", GREETING.as_secs()))),
        };
        Ok(Self { client, host })
    }
}

/// The first socket that is there; Docker's own when none is, for the message.
fn default_socket(environment: &BTreeMap<String, String>) -> PathBuf {
    let below = |variable: &str, path: &str| {
        let folder = environment.get(variable).filter(|value| !value.is_empty());
        folder.map(|folder| Path::new(folder).join(path))
    };
    let candidates = [
        Some(PathBuf::from(SOCKET)),
        below("XDG_RUNTIME_DIR", "docker.sock"),
        below("HOME", ".docker/run/docker.sock"),
        below("XDG_RUNTIME_DIR", "podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ];
    let found = candidates.into_iter().flatten().find(|path| crate::fs::exists(path));
    found.unwrap_or_else(|| SOCKET.into())
}

/// Connects once and hangs up, since what the socket itself says tells most.
async fn try_socket(host: &str, socket: &str) -> Result<(), ImageError> {
    match UnixStream::connect(socket).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(ImageError::NoPermission { socket: socket.to_owned() })
        }
        Err(error) => Err(ImageError::NoEngine {
            host: host.to_owned(),
            reason: error.to_string(),
            missing: error.kind() == ErrorKind::NotFound,
        }),
    }
}
