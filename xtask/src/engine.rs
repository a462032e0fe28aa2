//! A Docker Engine for the demo: one of its own where it may start one, else the one that runs.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::run::root;
use crate::server::until;
use crate::system::{is_root, on_path};

/// Removes the containers and images of a server from an engine that stays.
const TIDY: &str = "\
import docker, sys
client, host = docker.from_env(), sys.argv[1]
for container in client.containers.list(all=True, filters={'label': f'ministack.instance={host}'}):
    container.remove(force=True)
for image in client.images.list():
    names = image.tags + image.attrs.get('RepoDigests', [])
    for name in names:
        if name.startswith(host + '/'):
            client.images.remove(name)
";

/// A Docker Engine.
pub(crate) struct Engine {
    /// What `DOCKER_HOST` says of it.
    pub(crate) host: String,
    /// The shell that ends it, or that tidies it up when it is somebody else's.
    shell: Option<Child>,
}

impl Engine {
    /// Finds or starts one. `state` is for its images and its log.
    pub(crate) fn start(state: &Path) -> Result<Self, String> {
        if is_root() && on_path("dockerd") {
            return Self::own(state);
        }
        let named = std::env::var("DOCKER_HOST").ok();
        let host = named.unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned());
        if host.strip_prefix("unix://").is_some_and(|socket| answers(Path::new(socket))) {
            return Ok(Self { host, shell: None });
        }
        Err(format!(
            "no Docker Engine answers at {host}\n\
             hint: start one, or run this as root on Debian, where it installs and starts its own"
        ))
    }

    /// One that ends with this program.
    fn own(state: &Path) -> Result<Self, String> {
        let short = std::env::temp_dir().join(format!("phalanx-{}", std::process::id()));
        let make = |folder: &Path| {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))
        };
        make(&short)?;
        make(state)?;
        let (socket, log) = (short.join("docker.sock"), state.join("log"));
        let log = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let mut engine = Command::new("sh");
        engine.arg(root().join("tests/support/engine.sh")).args([&short, &PathBuf::from(state)]);
        engine.stdout(Stdio::null()).stderr(log);
        let engine =
            Self { host: format!("unix://{}", socket.display()), shell: Some(held(&mut engine)?) };
        until(&format!("the Docker Engine; its log is in {}", state.display()), || {
            answers(&socket)
        })?;
        Ok(engine)
    }

    /// Has what this server leaves on an engine that is somebody else's removed, however this program
    /// ends.
    pub(crate) fn tidy_after(&mut self, python: &Path, server: &str) -> Result<(), String> {
        if self.shell.is_some() {
            return Ok(());
        }
        let mut tidy = Command::new("sh");
        tidy.args(["-c", "read -r _; exec \"$@\"", "sh"]).arg(python).args(["-c", TIDY, server]);
        self.shell = Some(held(tidy.env("DOCKER_HOST", &self.host))?);
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(shell) = &mut self.shell {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }
}

/// Starts what acts when its input ends. Ctrl-C is not for it.
fn held(command: &mut Command) -> Result<Child, String> {
    let command = command.process_group(0).stdin(Stdio::piped());
    command.spawn().map_err(|error| format!("cannot start `sh`: {error}"))
}

/// True when an engine listens on this socket and is ready.
fn answers(socket: &Path) -> bool {
    let ask = || {
        let mut connection = UnixStream::connect(socket)?;
        connection.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
        let mut status = [0; 12];
        connection.read_exact(&mut status)?;
        Ok::<_, std::io::Error>(status.ends_with(b" 200"))
    };
    ask().unwrap_or_default()
}
