//! The sandbox from outside: small guests in WebAssembly text, loaded and called for real.

mod contract;
mod guests;
mod hooks;
mod limits;
mod loading;
mod reach;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::cloud::{CallRequest, CallResponse};
use crate::context::Context;
use crate::docker::{Built, ImageRequest};
use crate::hint::Explain as _;
use crate::manifest::{Grants, Limits, Location, OnFailure, PluginUse, Source};
use crate::report::{Event, Recorder};
use crate::template::Template;

/// A host with folders of its own, and what it reported.
struct Rig {
    folder: tempfile::TempDir,
    recorder: Arc<Recorder>,
    services: Arc<FakeServices>,
    host: Host,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Arc::new(Recorder::default());
        let host = Host::new(options(&folder, &recorder)).unwrap();
        Self { folder, recorder, services: Arc::default(), host }
    }

    fn load(&self, component: &[u8]) -> Result<Plugin, PluginError> {
        self.host.load(&usage(), component)
    }

    fn load_with(
        &self,
        component: &[u8],
        change: impl FnOnce(&mut PluginUse),
    ) -> Result<Plugin, PluginError> {
        let mut usage = usage();
        change(&mut usage);
        self.host.load(&usage, component)
    }

    fn world(&self) -> World {
        World {
            facts: Arc::new(facts()),
            context: Context::new(),
            template: Some(Template::new(
                json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}),
            )),
            artifacts: None,
            stack: None,
            outcome: None,
            services: self.services.clone(),
            reporter: self.recorder.clone(),
        }
    }

    fn call(&self, plugin: &Plugin, call: Call) -> (World, Result<Output, PluginError>) {
        block_on(plugin.call(call, self.world()))
    }

    /// Loads and calls, and gives the error as a person sees it.
    fn failure(&self, component: &[u8], call: Call, change: impl FnOnce(&mut PluginUse)) -> String {
        let plugin = self.load_with(component, change).unwrap();
        let (world, result) = self.call(&plugin, call);
        assert_eq!(document(&world), *self.world().template.unwrap().document());
        shown(&result.unwrap_err())
    }

    fn log(&self) -> Vec<String> {
        let line = |event| match event {
            Event::PluginLog { plugin, level, message } => format!("{plugin} {level}: {message}"),
            Event::Warning { message, .. } => format!("warning: {message}"),
            other => format!("{other:?}"),
        };
        let compiling = |event: &Event| {
            matches!(event, Event::CompileStarted { .. } | Event::CompileFinished { .. })
        };
        let events = self.recorder.events().into_iter();
        events.filter(|event| !compiling(event)).map(line).collect()
    }
}

fn options(folder: &tempfile::TempDir, recorder: &Arc<Recorder>) -> HostOptions {
    HostOptions {
        cache_dir: folder.path().join("cache"),
        data_dir: folder.path().join("data"),
        stack: Limits::default().stack,
        compiler: None,
        metering: Metering::Off,
        max_component: MAX_COMPONENT,
        now: UNIX_EPOCH,
        reporter: recorder.clone(),
    }
}

fn usage() -> PluginUse {
    PluginUse {
        name: "acme".into(),
        source: Source::File("acme.wasm".into()),
        version: None,
        signer: None,
        grants: Grants::default(),
        config: json!({"topic": "orders"}),
        overrides: Vec::new(),
        on_failure: OnFailure::Fail,
        limits: Limits::default(),
        location: Location { file: "phalanx.toml".into(), line: 1, column: 1 },
    }
}

fn facts() -> Facts {
    Facts {
        service: "orders".into(),
        stage: "dev".into(),
        stack_name: "orders-dev".into(),
        region: "eu-central-1".into(),
        account: None,
        build_id: "abc".into(),
        dry_run: false,
        now: UNIX_EPOCH + Duration::from_secs(1_000_000),
    }
}

fn document(world: &World) -> Value {
    world.template.as_ref().unwrap().document().clone()
}

/// Error, details and hints, as the binary lays them out.
fn shown(error: &PluginError) -> String {
    let mut text = format!("{error} [{:?}, {}]", error.kind(), error.code());
    for line in error.details().iter().flat_map(|details| details.lines()) {
        text.push_str(&format!("\n| {line}"));
    }
    for hint in error.hints() {
        text.push_str(&format!("\nhint: {hint}"));
    }
    text
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

/// Answers from memory, and notes what was asked.
#[derive(Default)]
struct FakeServices {
    asked: Mutex<Vec<String>>,
}

impl FakeServices {
    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

#[async_trait]
impl Services for FakeServices {
    async fn run_command(&self, command: Command) -> Result<CommandOutput, Failure> {
        self.note(format!("run {}", command.argv.join(" ")));
        if command.argv.last().is_some_and(|word| word == "forever") {
            std::future::pending::<()>().await;
        }
        Ok(CommandOutput { status: 0, stdout: b"done".to_vec(), stderr: Vec::new() })
    }

    fn list_files(&self, glob: &str) -> Result<Vec<String>, Failure> {
        self.note(format!("list {glob}"));
        Ok(vec!["schema/a.sql".into(), "secret.txt".into()])
    }

    fn read_file(&self, path: &str, _limit: u64) -> Result<Vec<u8>, Failure> {
        self.note(format!("read {path}"));
        Ok(b"content".to_vec())
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.note(format!("variable {name}"));
        Some("value".into())
    }

    fn images(&self) -> &dyn Images {
        self
    }

    async fn call_aws(&self, call: CallRequest) -> Result<CallResponse, Failure> {
        self.note(format!("call {} {} {}", call.service, call.method, call.path));
        Ok(CallResponse { status: 403, headers: Vec::new(), body: b"denied".to_vec() })
    }
}

/// How long the fake takes for an answer about images.
const IMAGE_WORK: Duration = Duration::from_millis(200);

#[async_trait]
impl Images for FakeServices {
    async fn check(&self, image: ImageRequest, repository: String) -> Result<(), Failure> {
        self.note(format!("check {} for {repository}", image.tag));
        Ok(())
    }

    async fn fingerprint(&self, image: ImageRequest) -> Result<String, Failure> {
        self.note(format!("fingerprint of {}", image.context));
        Ok("abc".into())
    }

    fn will_push(&self) -> bool {
        true
    }

    async fn find(&self, repository: String, tag: String) -> Result<Option<PushedImage>, Failure> {
        self.note(format!("find {repository}:{tag}"));
        Ok(None)
    }

    async fn build(&self, image: ImageRequest) -> Result<Built, Failure> {
        self.note(format!("build {}", image.tag));
        Ok(Built { id: "sha256:abc".into(), size: 1 })
    }

    async fn push(
        &self,
        image: String,
        repository: String,
        tag: String,
    ) -> Result<PushedImage, Failure> {
        self.note(format!("push {image} to {repository}:{tag}"));
        Ok(PushedImage { reference: format!("registry/{repository}:{tag}"), tag, digest: None })
    }

    async fn list(&self, repository: String) -> Result<Vec<PushedImage>, Failure> {
        tokio::time::sleep(IMAGE_WORK).await;
        self.note(format!("images of {repository}"));
        Ok(Vec::new())
    }

    async fn delete(&self, repository: String, tag: String) -> Result<bool, Failure> {
        self.note(format!("delete {repository}:{tag}"));
        Ok(true)
    }
}
