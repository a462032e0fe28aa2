//! The server of the AWS APIs that deployments are measured on: ministack on loopback.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::run::target;
use crate::server;
use crate::setup::{MINISTACK, tool};

/// What CloudFormation does for SAM's templates, ministack leaves to this package.
const SAM_TRANSFORM: &str = "aws-sam-translator==1.115.0";

/// Where its program is, below `target/tools`: the tests' own does without the transform.
const NAME: &str = "ministack-sam";

/// A running server, which ends with this.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    _server: server::Server,
    accounts: Cell<u64>,
}

impl Server {
    /// Installs and starts it. `folder` is for what it writes.
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        tool(NAME, &[MINISTACK[0], SAM_TRANSFORM])?;
        let program = target().join("tools").join(NAME).join("bin/ministack");
        let server = server::Server::start(&program, folder, &[])?;
        let (address, accounts) = (server.address, Cell::new(200_000_000_000));
        Ok(Self { address, _server: server, accounts })
    }

    /// An account that nothing has used yet. The server takes the access key for it.
    pub(super) fn account(&self) -> String {
        self.accounts.set(self.accounts.get() + 1);
        self.accounts.get().to_string()
    }
}

/// Leads a command to an account of a server, with a home of its own.
pub(super) fn lead<'a>(
    command: &'a mut Command,
    server: SocketAddr,
    account: &str,
    home: &Path,
) -> &'a mut Command {
    server::lead(command, server, account).env("HOME", home)
}
