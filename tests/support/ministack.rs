//! Servers of the AWS APIs on loopback: one for all tests of a run, in which each has an account of its
//! own, and one alone for each test that has functions run.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::command::Phalanx;
use super::docker::Engine;
use super::http::Message;
use super::project::{Project, repository};
use super::tool::tool;
use super::until;

/// An AWS account that nothing else uses.
pub struct Account {
    /// 12 digits. The server takes them as access key, which names the account.
    pub id: String,
    server: Arc<Server>,
}

impl Account {
    /// A new account; none when the server is not installed, which is a failure in CI.
    pub fn new() -> Option<Self> {
        static SHARED: OnceLock<Option<Arc<Server>>> = OnceLock::new();
        Some(Self::on(SHARED.get_or_init(|| Server::start(None, &[])).clone()?))
    }

    /// A new account on a server of its own, for tests that have functions run: the server stops the
    /// functions of a name in every account, when one of that name is made or deleted in any.
    pub fn alone() -> Option<Self> {
        Server::start(None, &[]).map(Self::on)
    }

    /// A new account on a server of its own, which runs the containers of ECS on this engine. It is also
    /// the registry of its images: [`Account::registry`].
    pub fn with_engine(engine: &Engine) -> Option<Self> {
        let id = new_id();
        let server = Server::start(Some((engine, &id)), &[])?;
        Some(Self { id, server })
    }

    /// A new account on a server of its own, which checks the signatures of users: [`Account::user`]. Who has
    /// the account's own credentials may do everything.
    pub fn that_checks_signatures() -> Option<Self> {
        let id = new_id();
        let root = [
            ("AUTH", "true"),
            ("MINISTACK_ACCOUNT_ID", &*id),
            ("AWS_ACCESS_KEY_ID", &*id),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let server = Server::start(None, &root)?;
        Some(Self { id, server })
    }

    /// Makes a user who may do everything; gives the key's id and its secret.
    pub fn user(&self, name: &str) -> (String, String) {
        let anything = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        self.ask("iam", &format!("create_user(UserName='{name}')"));
        let policy = format!(
            "put_user_policy(UserName='{name}', PolicyName='all', PolicyDocument='{anything}')"
        );
        self.ask("iam", &policy);
        let made = self.ask("iam", &format!("create_access_key(UserName='{name}')"));
        let text = |key: &str| made["AccessKey"][key].as_str().unwrap().to_owned();
        (text("AccessKeyId"), text("SecretAccessKey"))
    }

    fn on(server: Arc<Server>) -> Self {
        Self { id: new_id(), server }
    }

    /// What the names of images in this account's repositories begin with, for an engine on this machine.
    pub fn registry(&self) -> String {
        self.server.address.to_string()
    }

    /// The label of the containers that this account's server runs.
    pub fn label(&self) -> &str {
        self.server.label()
    }

    /// The binary, with the credentials of this account.
    pub fn phalanx(&self, project: &Project, words: &str) -> Phalanx {
        self.lead(project.phalanx(words))
    }

    /// The binary with arguments as they are, and with the credentials of this account.
    pub fn phalanx_with(&self, project: &Project, words: &[&str]) -> Phalanx {
        self.lead(project.phalanx_with(words))
    }

    fn lead(&self, run: Phalanx) -> Phalanx {
        let environment = self.environment().into_iter();
        let run = environment.fold(run, |run, (name, value)| run.env(name, value));
        let Some((engine, _)) = &self.server.engine else { return run.linted(&self.id) };
        // Images are built on the engine that runs them, and go to the registry that this server is.
        let run = run.env("PHALANX_ECR_REGISTRY", self.registry());
        let environment = engine.environment().into_iter();
        environment.fold(run, |run, (name, value)| run.env(name, value)).linted(&self.id)
    }

    /// The answer to one call as it goes over the wire, for tests that look so often that starting
    /// botocore would take most of their time.
    pub fn wire(&self, service: &str, method: &str, target: &str, body: &str) -> String {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={id}/20260101/eu-central-1/{service}/aws4_request, SignedHeaders=host, \
             Signature=0\r\n\r\n{body}",
            address = self.address(),
            length = body.len(),
            id = self.id,
        );
        let mut connection = BufReader::new(TcpStream::connect(self.address()).unwrap());
        connection.get_mut().write_all(request.as_bytes()).unwrap();
        let reply = Message::reply(&mut connection, method).unwrap().unwrap();
        String::from_utf8_lossy(reply.body()).into_owned()
    }

    /// Where the server listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// What leads a program to this account.
    pub fn environment(&self) -> [(&'static str, &str); 4] {
        [
            ("AWS_ENDPOINT_URL", &self.server.url),
            ("AWS_ACCESS_KEY_ID", &self.id),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
    }

    /// What the AWS command line of the test rig would print: the answer to one call of botocore.
    pub fn ask(&self, service: &str, call: &str) -> serde_json::Value {
        self.evaluate(service, &format!("client.{call}"))
    }

    /// The value of an expression in Python, in which `client` is botocore's client of a service.
    pub fn evaluate(&self, service: &str, expression: &str) -> serde_json::Value {
        let script = format!(
            "import boto3, hashlib, json; client = boto3.client('{service}', region_name='eu-central-1'); \
             print(json.dumps({expression}, default=str))"
        );
        let output = Command::new(repository().join("target/tools/ministack/bin/python"))
            .args(["-c", &script])
            .envs(self.environment())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{service} {expression}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// The id of an account that nothing else uses.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(200_000_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// A running server.
struct Server {
    address: SocketAddr,
    url: String,
    shell: Child,
    /// Where the containers of its tasks run, and the label that they have.
    engine: Option<(Engine, String)>,
}

impl Server {
    /// Starts one; `tasks` says on which engine containers run, and the account that they belong to:
    /// the server gives all of them the credentials of its default account.
    /// `more` is what else its environment has.
    fn start(tasks: Option<(&Engine, &str)>, more: &[(&str, &str)]) -> Option<Arc<Self>> {
        let program = tool("ministack")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let state = repository().join(format!("target/tests/ministack/{port}"));
        std::fs::create_dir_all(&state).unwrap();
        // The shell outlives these tests by a moment, however they end: its input ends with them, and
        // then it stops the server.
        let shell = Command::new("sh")
            .args(["-c", "\"$0\" & server=$!; read -r _; kill $server; wait"])
            .arg(&program)
            .current_dir(&state)
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_HOSTNAME", "127.0.0.1")
            // Functions that it runs call it, too.
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .envs(tasks.map(|(_, account)| ("MINISTACK_ACCOUNT_ID", account)))
            .envs(tasks.into_iter().flat_map(|(engine, _)| engine.environment()))
            .envs(more.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(state.join("log")).unwrap())
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        until("ministack's first answer", 60, || TcpStream::connect(address).ok());
        let engine =
            tasks.map(|(engine, _)| (engine.clone(), format!("ministack.instance={address}")));
        Some(Arc::new(Self { address, url: format!("http://{address}"), shell, engine }))
    }

    fn label(&self) -> &str {
        self.engine.as_ref().map_or_else(|| panic!("no engine"), |(_, label)| label)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The shell has a copy of nothing else: now it stops the server, and ends.
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
        if let Some((engine, label)) = &self.engine {
            engine.remove_containers(label);
        }
    }
}
