//! Image registries on loopback, with and without a password, for what ministack's does not do: it
//! takes any password.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use super::project::repository;
use super::tool::{missing, on_path};
use super::until;

/// What it takes as user and password: the user that ECR's tokens name, and ministack's token.
pub const CREDENTIALS: (&str, &str) = ("AWS", "ministack-auth-token");

/// [`CREDENTIALS`] as htpasswd writes them; the registry takes bcrypt only.
const HTPASSWD: &str = "AWS:$2b$05$JuShVP85Oaxz8.SnUYwx2eM2B62TGQMrXGmEZjpIJPjbCf9nuupNW\n";

/// Ends the registry when the tests end, however they do, and removes what it stored. `$0` is its folder.
const SHELL: &str = "\"$@\" & server=$!; read -r _; kill $server; wait; rm -rf \"$0/store\"";

/// A registry of its own, which ends with this value.
pub struct Registry {
    /// Where it listens: what an image's name begins with.
    pub host: String,
    shell: Child,
}

impl Registry {
    /// One that wants [`CREDENTIALS`]; none when the program is missing, which is a failure in CI.
    pub fn start() -> Option<Self> {
        Self::with("auth: { htpasswd: { realm: tests, path: HTPASSWD } }\n")
    }

    /// One that asks nobody for a password.
    pub fn open() -> Option<Self> {
        Self::with("")
    }

    fn with(auth: &str) -> Option<Self> {
        let Some(program) = on_path("docker-registry") else {
            missing("a registry (`docker-registry` is not on the path)");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (host, folder) = (
            format!("127.0.0.1:{port}"),
            repository().join(format!("target/tests/registry/{port}")),
        );
        fs::create_dir_all(&folder).unwrap();
        let (passwords, store) = (folder.join("htpasswd"), folder.join("store"));
        fs::write(&passwords, HTPASSWD).unwrap();
        let configuration = format!(
            "version: 0.1\nlog: {{ level: info }}\nhttp: {{ addr: \"{host}\" }}\nstorage:\n  \
             delete: {{ enabled: true }}\n  filesystem: {{ rootdirectory: {store:?} }}\n{auth}",
            auth = auth.replace("HTPASSWD", &format!("{passwords:?}")),
        );
        fs::write(folder.join("config.yml"), configuration).unwrap();
        let shell = Command::new("sh")
            .args(["-c", SHELL])
            .arg(&folder)
            .arg(program)
            .args(["serve".as_ref(), folder.join("config.yml").as_os_str()])
            // Ctrl-C is for the tests: they end, and with them the registry.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        until("the registry's first answer", 30, || TcpStream::connect(&host).ok());
        Some(Self { host, shell })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
