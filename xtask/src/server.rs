//! The AWS APIs on loopback, by ministack, and how commands are led there.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to answer, and a message to arrive: a container that ends can have asked for it
/// and not hear the answer, and then it comes again after its queue's visibility timeout.
const PATIENCE: Duration = Duration::from_secs(150);

/// A running server, which ends with this.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shell: Child,
}

impl Server {
    /// Starts it. `folder` is for what it writes, `environment` what else it is told.
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.map_err(|error| format!("no free port: {error}"))?;
        // The shell outlives this program by a moment, however that ends: its input ends with it, and
        // then it stops the server.
        let shell = Command::new("sh")
            .args(["-c", "\"$0\" & server=$!; read -r _; kill $server; wait"])
            .arg(program)
            .current_dir(folder)
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("MINISTACK_HOSTNAME", "127.0.0.1")
            .env("GATEWAY_PORT", address.port().to_string())
            // Functions that it runs call it, too.
            .env("AWS_ENDPOINT_URL", format!("http://{address}"))
            .envs(environment.iter().copied())
            // Ctrl-C is for this program.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start ministack: {error}"))?;
        let server = Self { address, shell };
        until("ministack", || TcpStream::connect(address).is_ok())?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It ends whatever this says.
        let _ = self.shell.wait();
    }
}

/// Leads a command to an account of a server, and away from whatever its user has set up. The server
/// takes the access key for the account.
pub(crate) fn lead<'a>(
    command: &'a mut Command,
    server: SocketAddr,
    account: &str,
) -> &'a mut Command {
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_ENDPOINT_URL", format!("http://{server}"))
        .env("AWS_ACCESS_KEY_ID", account)
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
}

/// Waits until it is so, as long as a server may take.
pub(crate) fn until(who: &str, is_so: impl Fn() -> bool) -> Result<(), String> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return Err(format!("waited {} s in vain for {who}", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
