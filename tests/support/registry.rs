//! Image registries on loopback, with and without a password, for what ministack's does not do: it
//! takes any password.

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::http::Message;
use super::project::repository;
use super::tool::{missing, on_path};
use super::until;

/// What it takes as user and password: the user that ECR's tokens name, and ministack's token.
pub const CREDENTIALS: (&str, &str) = ("AWS", "ministack-auth-token");

/// The media type of manifests.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of indexes.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

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
        Self::with("auth: { htpasswd: { realm: tests, path: HTPASSWD } }\n", "")
    }

    /// One that asks nobody for a password.
    pub fn open() -> Option<Self> {
        Self::with("", "")
    }

    /// One that speaks TLS, with the certificate and the key of these files.
    pub fn tls(certificate: &Path, key: &Path) -> Option<Self> {
        Self::with("", &format!(", tls: {{ certificate: {certificate:?}, key: {key:?} }}"))
    }

    fn with(auth: &str, tls: &str) -> Option<Self> {
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
            "version: 0.1\nlog: {{ level: info }}\nhttp: {{ addr: \"{host}\"{tls} }}\nstorage:\n  \
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

impl Registry {
    /// The bytes of a manifest. Of a registry that asks nobody for a password.
    pub fn manifest(&self, path: &str, tag: &str) -> Vec<u8> {
        self.call("GET", &format!("/v2/{path}/manifests/{tag}"), b"").body().to_vec()
    }

    /// Puts a manifest under a tag, which may have another one already: what no tool of ours does.
    pub fn put_manifest(&self, path: &str, tag: &str, manifest: &[u8]) {
        let reply = self.call("PUT", &format!("/v2/{path}/manifests/{tag}"), manifest);
        assert_eq!(reply.status(), 201, "{}", String::from_utf8_lossy(reply.body()));
    }

    /// Puts a blob, as `docker push` would.
    pub fn put_blob(&self, path: &str, bytes: &[u8]) {
        let begun = self.call("POST", &format!("/v2/{path}/blobs/uploads/"), b"");
        let place = begun.header("location").expect("a place to upload to").to_owned();
        let place = place.replace(&format!("http://{}", self.host), "");
        let digest = phalanx::digest::Digest::of(bytes);
        let reply = self.call("PUT", &format!("{place}&digest=sha256:{digest}"), bytes);
        assert_eq!(reply.status(), 201, "{}", String::from_utf8_lossy(reply.body()));
    }

    /// The bytes of a blob.
    pub fn get_blob(&self, path: &str, digest: &str) -> Vec<u8> {
        self.call("GET", &format!("/v2/{path}/blobs/{digest}"), b"").body().to_vec()
    }

    /// The file in which it keeps a blob.
    pub fn blob(&self, hex: &str) -> PathBuf {
        let port = self.host.rsplit(':').next().unwrap();
        let store = repository().join(format!("target/tests/registry/{port}/store"));
        store.join("docker/registry/v2/blobs/sha256").join(&hex[..2]).join(hex).join("data")
    }

    /// Puts an index under a tag.
    pub fn put_index(&self, path: &str, tag: &str, index: &[u8]) {
        let reply = self.call_with("PUT", &format!("/v2/{path}/manifests/{tag}"), index, INDEX);
        assert_eq!(reply.status(), 201, "{}", String::from_utf8_lossy(reply.body()));
    }

    fn call(&self, method: &str, target: &str, body: &[u8]) -> Message {
        self.call_with(method, target, body, MANIFEST)
    }

    fn call_with(&self, method: &str, target: &str, body: &[u8], kind: &str) -> Message {
        let mut connection = BufReader::new(TcpStream::connect(&self.host).unwrap());
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nAccept: {MANIFEST}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.host,
            body.len()
        );
        connection.get_mut().write_all(head.as_bytes()).unwrap();
        connection.get_mut().write_all(body).unwrap();
        Message::reply(&mut connection, method).unwrap().unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
