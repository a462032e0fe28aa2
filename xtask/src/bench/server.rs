//! The server of the AWS APIs that deployments are measured on: ministack on loopback.

use std::cell::Cell;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::target;
use crate::setup::{MINISTACK, tool};

/// What CloudFormation does for SAM's templates, ministack leaves to this package.
const SAM_TRANSFORM: &str = "aws-sam-translator==1.115.0";

/// Where its program is, below `target/tools`: the tests' own does without the transform.
const NAME: &str = "ministack-sam";

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server, which ends with this.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    shell: Child,
    accounts: Cell<u64>,
}

impl Server {
    /// Installs and starts it. `folder` is for what it writes.
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        tool(NAME, &[MINISTACK[0], SAM_TRANSFORM])?;
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.map_err(|error| format!("no free port: {error}"))?;
        // The shell outlives this program by a moment, however that ends: its input ends with it, and
        // then it stops the server.
        let shell = Command::new("sh")
            .args(["-c", "\"$0\" & server=$!; read -r _; kill $server; wait"])
            .arg(target().join("tools").join(NAME).join("bin/ministack"))
            .current_dir(folder)
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", address.port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start ministack: {error}"))?;
        let server = Self { address, shell, accounts: Cell::new(200_000_000_000) };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > PATIENCE {
                return Err("ministack does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// An account that nothing has used yet. The server takes the access key for it.
    pub(super) fn account(&self) -> String {
        self.accounts.set(self.accounts.get() + 1);
        self.accounts.get().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It ends whatever this says.
        let _ = self.shell.wait();
    }
}

/// Leads a command to an account of a server, and away from whatever its user has set up.
pub(super) fn lead<'a>(
    command: &'a mut Command,
    server: SocketAddr,
    account: &str,
    home: &Path,
) -> &'a mut Command {
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE"] {
        command.env_remove(name);
    }
    command
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL", format!("http://{server}"))
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
}
