//! Plugins from a registry on loopback: what pinned ones cost a run, and how fast a large one is fetched.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{Bench, TIMES, Table, middle, remove, text, write};
use crate::measure::cost;
use crate::run::{Outcome, command, read, root, run_command, target};
use crate::server::Server;
use crate::tour::component;

/// How many plugins a service pins.
const PLUGINS: usize = 10;
/// How often the large one is fetched.
const FETCHES: usize = 5;

const MANIFEST: &str = "\
[service]
name = \"pinned\"
region = \"eu-central-1\"

[resources.Jobs]
Type = \"AWS::SQS::Queue\"
";

/// Fetches what its argument names, as often as the second says, and prints the milliseconds of each.
const ORAS: &str = "\
import sys, tempfile, time
from oras.client import OrasClient
for _ in range(int(sys.argv[2])):
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        OrasClient(insecure=True).pull(target=sys.argv[1], outdir=folder)
        print((time.perf_counter() - began) * 1000)
";

impl Bench {
    /// All of them.
    pub(super) fn registry(&self, table: &mut Table) -> Outcome {
        let folder = self.folder.join("registry");
        let server = start(&folder)?;
        let host = server.address.to_string();
        let plugin = component(&root().join("examples/shared-plugin/house-rules"), "house_rules")?;
        self.pinned(&folder, &host, &plugin, table)?;
        self.fetched(&folder, &host, &plugin, table)
    }

    /// Ten pinned and signed plugins that this machine has already.
    fn pinned(&self, folder: &Path, host: &str, plugin: &[u8], table: &mut Table) -> Outcome {
        let service = folder.join("pinned");
        write(&service.join("phalanx.toml"), MANIFEST.as_bytes())?;
        let pair = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out team.pem";
        openssl(&service, pair)?;
        openssl(&service, "pkey -in team.pem -pubout -out team.pub")?;
        for number in 0..PLUGINS {
            let (name, file) = (format!("rules-{number}"), service.join("plugin.wasm"));
            write(&file, &padded(plugin, name.as_bytes()))?;
            let to = format!("oci://{host}/bench/{name}");
            let publish = ["plugin", "publish", "plugin.wasm", &to, "--version", "1.0.0"];
            self.quietly(&service, &[&publish[..], &["--sign", "team.pem"]].concat())?;
            let add = ["plugin", "add", &to, "--name", &name, "--key", "team.pub", "--yes"];
            self.quietly(&service, &add)?;
        }
        let plan = ["plan", "--local", "--locked", "--offline", "--events"];
        let mut resolved = Vec::new();
        for _ in 0..=TIMES {
            let output =
                self.phalanx(&service, &plan).output().map_err(|error| error.to_string())?;
            let events = String::from_utf8_lossy(&output.stderr).into_owned();
            let line = events
                .lines()
                .find(|line| line.contains("\"resolve\"") && line.contains("elapsed"));
            let line = line.ok_or_else(|| format!("no step `resolve` in\n{events}"))?;
            let elapsed = line
                .split("\"elapsed-ms\":")
                .nth(1)
                .and_then(|rest| rest.split([',', '}']).next()?.trim().parse::<f64>().ok());
            resolved.push(elapsed.ok_or_else(|| format!("no time in {line}"))?);
        }
        // The first one compiles.
        let measured = format!("{:.0} ms", middle(&mut resolved[1..]));
        table.row("ten pinned, signed plugins: verified and loaded, warm", &measured, "10 ms");
        Ok(())
    }

    /// A plugin of 20 MB that this machine does not have, against oras.
    fn fetched(&self, folder: &Path, host: &str, plugin: &[u8], table: &mut Table) -> Outcome {
        let service = folder.join("fetched");
        write(&service.join("phalanx.toml"), MANIFEST.as_bytes())?;
        write(&service.join("plugin.wasm"), &padded(plugin, &text(20_000_000, 7)))?;
        let place = format!("{host}/bench/large");
        let to = format!("oci://{place}");
        let publish = ["plugin", "publish", "plugin.wasm", &to, "--version", "1.0.0"];
        self.quietly(&service, &publish)?;
        self.quietly(&service, &["plugin", "add", &to, "--name", "large", "--yes"])?;
        let mut fetch = self.phalanx(&service, &["plugin", "vendor", "--quiet"]);
        let cache = folder.join("empty");
        fetch.env("PHALANX_CACHE_DIR", &cache);
        // Vendoring writes the component a second time, which is no part of fetching it: a run that finds it in
        // the store tells what that takes.
        let cold = cost(FETCHES, &fetch, || remove(&cache))?.wall_ms;
        let ours = cold - cost(FETCHES, &fetch, || Ok(()))?.wall_ms;

        let script = folder.join("fetch.py");
        write(&script, ORAS.as_bytes())?;
        let python = target().join("tools/oras/bin/python");
        let (python, script) = (python.to_string_lossy(), script.to_string_lossy());
        let (target, times) = (format!("{place}:1.0.0"), FETCHES.to_string());
        let peer = read(folder, &[&python, &script, &target, &times]);
        let peer = peer.ok_or("oras failed: run `cargo xtask setup` first")?;
        let mut peer: Vec<f64> = peer.lines().filter_map(|line| line.parse().ok()).collect();
        let peer = middle(&mut peer);
        let measured =
            format!("{ours:.0} ms, {:.1}× as fast as `oras` ({peer:.0} ms)", peer / ours);
        table.row("a plugin of 20 MB, fetched and kept: wall", &measured, "0.8×");
        Ok(())
    }
}

/// Starts a registry that keeps what it has in this folder.
fn start(folder: &Path) -> Result<Server, String> {
    let configuration = "version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: store } }\n\
                         http: { addr: \"127.0.0.1:1\" }\n";
    write(&folder.join("config.yml"), configuration.as_bytes())?;
    let script = folder.join("start");
    let start = "#!/bin/sh\nREGISTRY_HTTP_ADDR=\"127.0.0.1:$GATEWAY_PORT\" exec docker-registry serve config.yml\n";
    write(&script, start.as_bytes())?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("cannot make {} a program: {error}", script.display()))?;
    Server::start(&script, folder, &[])
}

fn openssl(folder: &Path, words: &str) -> Outcome {
    let words: Vec<&str> = ["openssl"].into_iter().chain(words.split(' ')).collect();
    let mut openssl: Command = command(folder, &words);
    run_command(&mut openssl)
}

/// The component with a section more that holds these bytes and means nothing.
fn padded(component: &[u8], bytes: &[u8]) -> Vec<u8> {
    let name = b"\x07padding";
    let mut length = name.len() + bytes.len();
    let mut padded = component.to_vec();
    padded.push(0);
    // LEB128, as WebAssembly writes numbers.
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        padded.push(if length == 0 { low } else { low | 0x80 });
        if length == 0 {
            break;
        }
    }
    [&padded[..], name, bytes].concat()
}
