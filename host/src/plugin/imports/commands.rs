//! `commands`: programs of the host's, run without a shell.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::WitFailure;
use super::super::bindings::commands::{Command, Host, Output};
use super::super::hook::Object;
use super::super::reach;
use super::super::state::State;
use super::shown;

impl Host for State {
    async fn run(&mut self, command: Command) -> Result<Result<Output, WitFailure>> {
        let services = Arc::clone(&self.world(Object::Capability, "commands.run")?.services);
        if let Err(failure) = self.identity.grants.command(&command.argv) {
            return Ok(Err(self.deny(failure)));
        }
        self.waiting = Some(format!("`{}`", shown(&command.argv.join(" "))));
        let command = reach::Command {
            argv: command.argv,
            dir: command.dir,
            env: command.env,
            stdin: command.stdin,
            output_limit: self.identity.limits.host_data,
        };
        let result = services.run_command(command).await;
        self.waiting = None;
        Ok(match result {
            Ok(output) => {
                Ok(Output { status: output.status, stdout: output.stdout, stderr: output.stderr })
            }
            Err(failure) => Err(failure.into()),
        })
    }
}
