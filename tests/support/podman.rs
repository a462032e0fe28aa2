//! Podman's service, which speaks the API of a Docker Engine.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use super::project::repository;
use super::tool::{missing, on_path};
use super::until;

/// Ends the service when the tests end, however they do, and removes its folders. `$0` is the short one, `$1`
/// that of its data.
const SHELL: &str = "short=$0; data=$1; shift; \"$@\" & server=$!; read -r _; kill $server; wait; \
    umount \"$data\"/root/vfs 2>/dev/null; rm -rf \"$short\" \"$data\"";

/// A service of its own, which ends with this value.
pub struct Podman {
    socket: String,
    shell: Child,
}

impl Podman {
    /// One that speaks plain HTTP to the registry at `registry`, as Docker does on loopback. None when the
    /// program is missing or cannot run, which is a failure in CI.
    pub fn start(registry: &str) -> Option<Self> {
        let Some(program) = on_path("podman") else {
            missing("Podman (`podman` is not on the path)");
            return None;
        };
        if !rustix::process::geteuid().is_root() {
            missing("Podman (the tests run its service as root only)");
            return None;
        }
        let data = repository().join(format!("target/tests/podman/{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        let registries = data.join("registries.conf");
        let text = format!("[[registry]]\nlocation = \"{registry}\"\ninsecure = true\n");
        fs::write(&registries, text).unwrap();
        // The path of a socket has at most 107 bytes.
        let short = tempfile::Builder::new().prefix("phalanx-").tempdir().unwrap().keep();
        let socket = short.join("podman.sock");
        let shell = Command::new("sh")
            .args(["-c", SHELL])
            .args([&short, &data, &program])
            .arg("--root")
            .arg(data.join("root"))
            .arg("--runroot")
            .arg(short.join("run"))
            .args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"])
            .args(["--events-backend", "file", "system", "service", "--time", "0"])
            .arg(format!("unix://{}", socket.display()))
            .env("CONTAINERS_REGISTRIES_CONF", registries)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(data.with_extension("log")).unwrap())
            .spawn()
            .unwrap();
        until("Podman's socket", 30, || UnixStream::connect(&socket).ok());
        Some(Self { socket: format!("unix://{}", socket.display()), shell })
    }

    /// What leads a program to it.
    pub fn environment(&self) -> [(&'static str, &str); 1] {
        [("DOCKER_HOST", &self.socket)]
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
