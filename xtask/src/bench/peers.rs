//! Other tools that deploy the same service: how each is installed, what it reads, how its users run
//! it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::server::lead;
use super::{remove, write};
use crate::measure::{Cost, cost};
use crate::run::{Outcome, command, target};
use crate::setup::{npm_tool, tool};

/// One of them.
pub(super) struct Peer {
    /// With its version.
    pub(super) name: &'static str,
    /// Names its folders.
    pub(super) short: &'static str,
    /// Installs its packages.
    installer: fn(&str, &[&str]) -> Outcome,
    packages: &'static [&'static str],
    /// Its program, below its folder in `target/tools`.
    program: &'static str,
    /// The file of the service: its name, beginning, and what each function adds for `{}`.
    service: [&'static str; 3],
    /// Other files that it wants.
    files: &'static [[&'static str; 2]],
    /// Where it wants the code.
    code: &'static str,
    /// What sets up an account for it, once; nothing for one that needs none.
    once: &'static [&'static str],
    /// What deploys the service.
    deploy: &'static [&'static str],
    /// The folder that it leaves beside the service.
    leavings: &'static str,
}

/// Each with its own defaults, without telemetry or other calls that leave this machine.
pub(super) const PEERS: [Peer; 3] = [OSLS, SAM, CDK];

const OSLS: Peer = Peer {
    name: "osls 4.3.1",
    short: "osls",
    installer: npm_tool,
    packages: &["osls@4.3.1"],
    program: "node_modules/.bin/osls",
    service: [
        "serverless.yml",
        "\
service: hundred
provider:
  name: aws
  runtime: provided.al2023
  memorySize: 256
  region: eu-central-1
package:
  patterns: ['!**', bootstrap]
functions:
",
        "  worker{}:\n    handler: bootstrap\n",
    ],
    files: &[],
    code: "bootstrap",
    once: &[],
    deploy: &["deploy"],
    leavings: ".serverless",
};

/// Nothing is built, so `sam deploy` alone does it all.
const SAM: Peer = Peer {
    name: "SAM 1.170.0",
    short: "sam",
    installer: tool,
    packages: &["aws-sam-cli==1.170.0"],
    program: "bin/sam",
    service: [
        "template.yaml",
        "Transform: AWS::Serverless-2016-10-31\nResources:\n",
        "  Worker{}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: bootstrap
      Runtime: provided.al2023
      MemorySize: 256
",
    ],
    files: &[["once.yaml", "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"]],
    code: "code/bootstrap",
    // Its bucket comes with the first stack of an account.
    once: &["deploy", "--template", "once.yaml", "--stack-name", "once", "--resolve-s3"],
    deploy: &[
        "deploy",
        "--stack-name",
        "hundred",
        "--resolve-s3",
        "--capabilities",
        "CAPABILITY_IAM",
    ],
    leavings: ".aws-sam",
};

const CDK: Peer = Peer {
    name: "CDK 2.1148.1 with library 2.275.0",
    short: "cdk",
    installer: npm_tool,
    // A command line and a library that go together.
    packages: &["aws-cdk@2.1148.1", "aws-cdk-lib@2.275.0", "constructs@10.8.1"],
    program: "node_modules/.bin/cdk",
    service: [
        "app.js",
        "\
const cdk = require('aws-cdk-lib');
const lambda = require('aws-cdk-lib/aws-lambda');
const stack = new cdk.Stack(new cdk.App(), 'hundred');
const code = lambda.Code.fromAsset('code');
const runtime = lambda.Runtime.PROVIDED_AL2023;
",
        "new lambda.Function(stack, 'Worker{}', \
         { code, runtime, handler: 'bootstrap', memorySize: 256 });\n",
    ],
    // Notices come from a server of their own.
    files: &[["cdk.json", "{ \"app\": \"node app.js\", \"notices\": false }\n"]],
    code: "code/bootstrap",
    once: &["bootstrap"],
    deploy: &["deploy", "--require-approval", "never"],
    leavings: "cdk.out",
};

impl Peer {
    /// Installs it.
    pub(super) fn install(&self) -> Outcome {
        (self.installer)(self.short, self.packages)
            .map_err(|error| format!("cannot be installed: {error}"))
    }

    /// Writes a service of functions that share `program`.
    pub(super) fn write(&self, folder: &Path, program: &Path, functions: usize) -> Outcome {
        let [name, head, each] = self.service;
        let mut service = head.to_owned();
        for index in 0..functions {
            // Writing to a text cannot fail.
            let _ = write!(service, "{}", each.replace("{}", &index.to_string()));
        }
        write(&folder.join(name), service.as_bytes())?;
        for [name, text] in self.files {
            write(&folder.join(name), text.as_bytes())?;
        }
        let code = std::fs::read(program).map_err(|error| error.to_string())?;
        write(&folder.join(self.code), &code)
    }

    /// Deploys the service to an account that nothing has used yet.
    pub(super) fn deploy(
        &self,
        folder: &Path,
        server: SocketAddr,
        account: &str,
    ) -> Result<Cost, String> {
        self.deploy_now(folder, server, account)
            .map_err(|error| format!("cannot deploy to ministack: {}", last_lines(&error)))
    }

    fn deploy_now(&self, folder: &Path, server: SocketAddr, account: &str) -> Result<Cost, String> {
        if !self.once.is_empty() {
            cost(1, &self.command(folder, server, account, self.once), || Ok(()))?;
        }
        let deploy = self.command(folder, server, account, self.deploy);
        cost(1, &deploy, || remove(&folder.join(self.leavings)))
    }

    fn command(&self, folder: &Path, server: SocketAddr, account: &str, words: &[&str]) -> Command {
        let tools = target().join("tools").join(self.short);
        let program = tools.join(self.program);
        let mut command = command(folder, &[&[&*program.to_string_lossy()], words].concat());
        let home = folder.parent().expect("a folder of the benchmark").join("home");
        lead(&mut command, server, account, &home)
            .env("CI", "1")
            .env("NODE_PATH", tools.join("node_modules"))
            .env("SAM_CLI_TELEMETRY", "0")
            .env("CDK_DISABLE_CLI_TELEMETRY", "true")
            .env("CDK_DISABLE_VERSION_CHECK", "true")
            .env("SLS_TELEMETRY_DISABLED", "1");
        command
    }
}

/// The last lines of what a command said, in which tools tell what went wrong, as one. The first of all
/// is the command itself.
fn last_lines(message: &str) -> String {
    let lines = message.lines().skip(1).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| line.chars().any(char::is_alphanumeric)).collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}
