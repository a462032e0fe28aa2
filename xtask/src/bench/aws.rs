//! Deployments to the AWS APIs, against ministack: what one costs, and what the same service costs
//! other tools.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::counter::{Call, Counter};
use super::peers::{PEERS, Peer};
use super::server::{Server, lead};
use super::{Bench, TIMES, Table, remove, write};
use crate::measure::{Cost, cost, median};
use crate::run::Outcome;

/// How many functions share the program.
const FUNCTIONS: usize = 100;

/// How often a first deployment is measured.
const TURNS: usize = 3;

/// A tool that takes longer is measured once.
const LONG: f64 = 60_000.0;

/// A stack that fails after some seconds, so that its events are looked at more than once.
const SLOW: &str = "\
[service]
name = \"slow\"
region = \"eu-central-1\"

[resources.Handle]
Type = \"AWS::CloudFormation::WaitConditionHandle\"

[resources.Wait]
Type = \"AWS::CloudFormation::WaitCondition\"
Properties = { Handle = { Ref = \"Handle\" }, Timeout = \"8\" }
";

impl Bench {
    /// All of them.
    pub(super) fn deployments(&self, table: &mut Table) -> Outcome {
        let server = Server::start(&self.folder.join("ministack"))?;
        let counter = Counter::before(server.address)?;
        self.no_change(&server, &counter, table)?;
        self.first(&server, &counter, table)?;
        self.looks(&server, &counter, table)
    }

    /// A deployment that finds nothing to do.
    fn no_change(&self, server: &Server, counter: &Counter, table: &mut Table) -> Outcome {
        let service = self.service("aws-one", 1, 0, "")?;
        let account = server.account();
        let deploy = |address| self.deploy(&service, address, &account);
        // The first makes the stack, the second is counted, the others are measured.
        cost(1, &deploy(counter.address), || Ok(()))?;
        counter.take();
        cost(1, &deploy(counter.address), || Ok(()))?;
        let calls = counter.take().len();
        let cost = cost(TIMES, &deploy(server.address), || Ok(()))?;
        table.row(
            "`deploy` to AWS without changes, 1 function of 5 MB: calls, CPU",
            &format!("{calls}, {:.0} ms", cost.cpu_ms),
            "6, 60 ms",
        );
        Ok(())
    }

    /// The first deployment of a service, each tool in its turn. What a tool sets up once for an account
    /// is there already, but for what ours and osls make on their way.
    fn first(&self, server: &Server, counter: &Counter, table: &mut Table) -> Outcome {
        let service = self.service("aws-hundred", FUNCTIONS, 0, "")?;
        let fresh = || remove(&service.join(".phalanx"));
        cost(1, &self.deploy(&service, counter.address, &server.account()), fresh)?;
        let uploads = counter.take().iter().filter(|call| is_upload(call)).count();

        let program = service.join("program");
        let mut peers: Vec<_> =
            PEERS.iter().map(|peer| (peer, self.prepare(peer, &program), Vec::new())).collect();
        let mut ours = Vec::new();
        for _ in 0..TURNS {
            ours.push(cost(1, &self.deploy(&service, server.address, &server.account()), fresh)?);
            for (peer, ready, costs) in &mut peers {
                let long = costs.first().is_some_and(|cost: &Cost| cost.wall_ms > LONG);
                if ready.is_err() || long {
                    continue;
                }
                match peer.deploy(&self.folder.join(peer.short), server.address, &server.account())
                {
                    Ok(cost) => costs.push(cost),
                    Err(error) => *ready = Err(error),
                }
            }
        }
        let ours = median(&ours);
        let shown =
            |cost: &Cost| format!("{:.2} s, {:.2} s", cost.wall_ms / 1000.0, cost.cpu_ms / 1000.0);
        table.row(
            "first `deploy` of 100 functions that share 5 MB: uploads of code, wall, CPU",
            &format!("{uploads}, {}", shown(&ours)),
            "1",
        );
        for (peer, ready, costs) in peers {
            let measured = match ready {
                Err(error) => format!("not measured: {}", error.replace('|', "/")),
                Ok(()) => {
                    let cost = median(&costs);
                    format!("{}: {:.1}× as long", shown(&cost), cost.wall_ms / ours.wall_ms)
                }
            };
            table.row(&format!("the same by {}: wall, CPU", peer.name), &measured, "5×");
        }
        Ok(())
    }

    /// How often the events of a stack under way are looked at.
    fn looks(&self, server: &Server, counter: &Counter, table: &mut Table) -> Outcome {
        let service = self.folder.join("aws-slow");
        write(&service.join("phalanx.toml"), SLOW.as_bytes())?;
        let mut deploy = self.deploy(&service, counter.address, &server.account());
        counter.take();
        let output = deploy.output().map_err(|error| error.to_string())?;
        let calls = counter.take();
        let looks: Vec<&Call> =
            calls.iter().filter(|call| call.operation == "DescribeStackEvents").collect();
        let pauses = looks.windows(2).map(|pair| pair[1].at - pair[0].at);
        let shortest: Duration = pauses.min().ok_or_else(|| {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            format!("the stack that fails after 8 s was not followed:\n{stderr}")
        })?;
        table.row(
            "looks at the events of a stack that takes 8 s: number, shortest pause",
            &format!("{}, {:.2} s", looks.len(), shortest.as_secs_f64()),
            "2 s",
        );
        Ok(())
    }

    fn deploy(&self, service: &Path, server: SocketAddr, account: &str) -> Command {
        let mut deploy = self.phalanx(service, &["deploy", "--yes", "--quiet"]);
        lead(&mut deploy, server, account, &self.folder.join("home"));
        deploy
    }

    fn prepare(&self, peer: &Peer, program: &Path) -> Outcome {
        peer.install()?;
        peer.write(&self.folder.join(peer.short), program, FUNCTIONS)
    }
}

/// Whether a call stores code: of small packages, whole.
fn is_upload(call: &Call) -> bool {
    let path = call.target.split('?').next().unwrap_or_default();
    call.operation == "PUT" && path.ends_with(".zip")
}
