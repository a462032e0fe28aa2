//! What plugins cost: loading from the cache, a call that does nothing, a call that tags everything.
//!
//! Prints `what | measured | target` for `cargo xtask bench`, medians of fresh instances.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use async_trait::async_trait;
use phalanx::cloud::{CallRequest, CallResponse};
use phalanx::context::Context;
use phalanx::manifest::{Grants, Limits, Location, OnFailure, PluginUse, Source};
use phalanx::plugin::{
    Call, Command, CommandOutput, Facts, Failure, Host, HostOptions, Images, Output, Plugin,
    Services, World,
};
use phalanx::registry::builtin;
use phalanx::report::Recorder;
use phalanx::settings::Settings;
use phalanx::template::Template;
use serde_json::{Map, Value, json};

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let environment = BTreeMap::from([("HOME".to_owned(), home)]);
    let settings = Settings::new(environment, folder.path().to_owned(), UNIX_EPOCH);
    let component = builtin::get("stack-tags").unwrap();
    let host = || Host::new(HostOptions::new(&settings, Arc::new(Recorder::default()))).unwrap();
    host().load(&usage(), component).unwrap();

    let load = median(200, || {
        let host = host();
        let started = Instant::now();
        host.load(&usage(), component).unwrap();
        started.elapsed()
    });
    row("load a cached Rust plugin, checked", load, "1 ms");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = host();
    let plugin = host.load(&usage(), component).unwrap();
    let call = |document: &Value| call(&runtime, &plugin, document);
    let empty = json!({ "Resources": {} });
    row("store and instance of a call", median(500, || call(&empty).startup), "0.05 ms");
    row(
        "a decorator on an empty template, fresh instance",
        median(500, || call(&empty).elapsed),
        "–",
    );
    let large = template(500, 1_000_000);
    row(
        "tag 500 resources of a 1 MB template, fresh instance",
        median(200, || call(&large).elapsed),
        "3 ms",
    );
}

/// One hook call; what is prepared for it is not measured.
fn call(runtime: &tokio::runtime::Runtime, plugin: &Plugin, document: &Value) -> Output {
    let world = World {
        facts: Arc::new(Facts {
            service: "bench".into(),
            stage: "dev".into(),
            stack_name: "bench-dev".into(),
            region: "eu-central-1".into(),
            account: None,
            build_id: String::new(),
            dry_run: true,
            now: UNIX_EPOCH,
        }),
        context: Context::default(),
        template: Some(Template::new(document.clone())),
        artifacts: None,
        stack: None,
        outcome: None,
        services: Arc::new(Nothing),
        reporter: Arc::new(Recorder::default()),
    };
    let (_world, result) =
        runtime.block_on(plugin.call(Call::Decorate { functions: Vec::new() }, world));
    result.unwrap()
}

fn usage() -> PluginUse {
    PluginUse {
        name: "stack-tags".into(),
        source: Source::Builtin("stack-tags".into()),
        version: None,
        signer: None,
        grants: Grants::default(),
        config: json!({ "tags": { "team": "orders" } }),
        overrides: Vec::new(),
        on_failure: OnFailure::Fail,
        limits: Limits::default(),
        location: Location { file: "phalanx.toml".into(), line: 1, column: 1 },
    }
}

/// A template of queues that has about `bytes` bytes, most of them in what tagging does not touch.
fn template(resources: usize, bytes: usize) -> Value {
    let padding = "x".repeat((bytes / resources).saturating_sub(200));
    let resources: Map<String, Value> = (0..resources)
        .map(|index| {
            let queue = json!({
                "Type": "AWS::SQS::Queue",
                "Metadata": { "Padding": padding },
                "Properties": {
                    "QueueName": format!("queue-{index}"),
                    "VisibilityTimeout": 30,
                    "Tags": [{ "Key": "stage", "Value": "dev" }],
                },
            });
            (format!("Queue{index}"), queue)
        })
        .collect();
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}

fn median(times: usize, mut once: impl FnMut() -> Duration) -> Duration {
    let mut durations: Vec<_> = (0..times).map(|_| once()).collect();
    durations.sort_unstable();
    durations[times / 2]
}

fn row(what: &str, measured: Duration, target: &str) {
    let milliseconds = measured.as_secs_f64() * 1000.0;
    println!("{what} | {milliseconds:.3} ms | {target}");
}

/// No capability is granted, so none is asked for.
struct Nothing;

#[async_trait]
impl Services for Nothing {
    async fn run_command(&self, _command: Command) -> Result<CommandOutput, Failure> {
        Err(Failure::new("bench", "not granted"))
    }

    fn list_files(&self, _glob: &str) -> Result<Vec<String>, Failure> {
        Err(Failure::new("bench", "not granted"))
    }

    fn read_file(&self, _path: &str, _limit: u64) -> Result<Vec<u8>, Failure> {
        Err(Failure::new("bench", "not granted"))
    }

    fn environment(&self, _name: &str) -> Option<String> {
        None
    }

    fn images(&self) -> &dyn Images {
        unreachable!("not granted")
    }

    async fn call_aws(&self, _call: CallRequest) -> Result<CallResponse, Failure> {
        Err(Failure::new("bench", "not granted"))
    }
}
