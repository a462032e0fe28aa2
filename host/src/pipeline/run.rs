//! One run of the pipeline: what the steps share, and how a step is timed, reported and interrupted.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;

use crate::cloud::aws::{Aws, Wanted};
use crate::cloud::local::Local;
use crate::cloud::{Change, Cloud, Hold, Identity, Stack};
use crate::context::Context;
use crate::digest::Digest;
use crate::hint::BoxError;
use crate::manifest::{Location, Service};
use crate::package::Sealed;
use crate::plugin::{Facts, Host, HostOptions, OutcomeView, Plugin, StackResource, StackView};
use crate::report::{Event, Reporter, millis};
use crate::settings::Settings;
use crate::template::{Finding, Template};

use super::artifacts::SharedPackages;
use super::error::PipelineError;
use super::images::ImageWorks;
use super::interrupt::Interrupt;
use super::load::load;
use super::services::HostServices;
use super::step::Step;

/// What a run gets from the process: made once by the binary.
#[derive(Clone)]
pub struct Environment {
    /// The surroundings.
    pub settings: Arc<Settings>,
    /// Where events go.
    pub reporter: Arc<dyn Reporter>,
    /// The program that compiles plugins in a child process, normally this one.
    pub compiler: Option<PathBuf>,
    /// Tells when the user interrupts.
    pub interrupt: Interrupt,
}

impl Environment {
    /// How plugins are loaded in this process.
    pub fn host_options(&self) -> HostOptions {
        let mut options = HostOptions::new(&self.settings, Arc::clone(&self.reporter));
        options.compiler.clone_from(&self.compiler);
        options
    }
}

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The manifest, absolute.
    pub manifest: PathBuf,
    /// `--stage`.
    pub stage: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--local`, and true for commands that need no cloud of the user's choice.
    pub local: bool,
    /// `--dry-run`, and true for every command that only looks.
    pub dry_run: bool,
    /// `--force`: build although nothing changed.
    pub force: bool,
    /// `--code-only`: give functions their code without their stack.
    pub code_only: bool,
    /// `--wait`: let another run's change of the stack end first, instead of stopping.
    pub wait: bool,
    /// `--locked`: the lock file must pin every plugin, and nothing else.
    pub locked: bool,
    /// `--offline`: fetch no plugin and no policy.
    pub offline: bool,
    /// `--retain`: resources that a deletion leaves behind.
    pub retain: Vec<String>,
}

/// The state of one run. Steps fill it from top to bottom.
pub(super) struct Run {
    pub(super) environment: Environment,
    pub(super) request: Request,
    pub(super) service: Arc<Service>,
    pub(super) cloud: Arc<dyn Cloud>,
    pub(super) identity: Identity,
    pub(super) host: Option<Host>,
    /// In manifest order, which is the order in every hook.
    pub(super) plugins: Vec<Arc<Plugin>>,
    pub(super) context: Context,
    pub(super) packages: Option<SharedPackages>,
    pub(super) sealed: Option<Sealed>,
    pub(super) build_id: Option<Digest>,
    pub(super) template: Option<Template>,
    /// What synthesis itself found; the check reports it.
    pub(super) findings: Vec<Finding>,
    /// Where each part of the template comes from, generated parts included.
    pub(super) locations: BTreeMap<String, Location>,
    /// The stack policy's text.
    pub(super) stack_policy: Option<String>,
    /// The stack that the plan compared with; none when it is new.
    pub(super) standing: Option<Stack>,
    /// True when the cloud works on the stack and the run does not wait for it any more.
    pub(super) detached: bool,
    /// What `post-provision` and `teardown` see.
    pub(super) stack: Option<Arc<StackView>>,
    /// What `rollback` sees.
    pub(super) outcome: Option<Arc<OutcomeView>>,
    /// Keeps other runs from the stack until this one has ended, rollback hooks included.
    pub(super) hold: Option<Hold>,
    /// Whether this run brings an earlier build back.
    pub(super) is_rollback: bool,
    /// The lock on what builds and packaging make in the service's folder, until that is done.
    pub(super) workshop: Option<File>,
    pub(super) completed: Vec<Step>,
    /// The step or hook under way, by its name: what has failed when the run ends in an error.
    pub(super) under_way: &'static str,
}

impl Run {
    /// Loads the service and opens its cloud.
    pub(super) async fn start(
        environment: &Environment,
        request: &Request,
    ) -> Result<Self, BoxError> {
        let service = Arc::new(load(request)?);
        let stack_policy = stack_policy(&service)?;
        let cloud = open_cloud(environment, request, &service).await?;
        Ok(Self {
            identity: Identity {
                account: service.account.clone().unwrap_or_default(),
                region: service.region.clone().unwrap_or_default(),
            },
            environment: environment.clone(),
            request: request.clone(),
            service,
            cloud,
            host: None,
            plugins: Vec::new(),
            context: Context::default(),
            packages: None,
            sealed: None,
            build_id: None,
            template: None,
            findings: Vec::new(),
            locations: BTreeMap::new(),
            stack_policy,
            detached: false,
            stack: None,
            standing: None,
            outcome: None,
            hold: None,
            is_rollback: false,
            workshop: None,
            completed: vec![Step::Load],
            under_way: Step::Load.name(),
        })
    }

    /// Keeps other runs from changing the stack until this one has ended: not only the provisioning
    /// itself must be alone, but also the hooks around it and the plan that was confirmed.
    pub(super) async fn hold(&mut self, action: &'static str) -> Result<(), BoxError> {
        let reporter = Arc::clone(&self.environment.reporter);
        let held = self.cloud.hold(&self.service.stack_name, action, self.request.wait, reporter);
        self.hold = Some(held.await?);
        Ok(())
    }

    /// Runs one step: reports its beginning and end, stops it when the user interrupts, and notes
    /// that it completed. The summary that `work` returns is for people.
    pub(super) async fn step<T>(
        &mut self,
        step: Step,
        work: impl AsyncFnOnce(&mut Self) -> Result<(T, String), BoxError>,
    ) -> Result<T, BoxError> {
        let mut interrupt = self.environment.interrupt.clone();
        self.long_step(step, async |run| {
            tokio::select! {
                biased;
                () = interrupt.raised() => {
                    Err(PipelineError::Interrupted { at: step.name() }.into())
                }
                result = work(run) => result,
            }
        })
        .await
    }

    /// [`Self::step`] for one that answers interrupts itself, since what it waits for goes on anyway.
    pub(super) async fn long_step<T>(
        &mut self,
        step: Step,
        work: impl AsyncFnOnce(&mut Self) -> Result<(T, String), BoxError>,
    ) -> Result<T, BoxError> {
        self.under_way = step.name();
        self.reporter().event(Event::StepStarted { step: step.name().into() });
        let started = Instant::now();
        let (value, summary) = work(self).await?;
        self.completed.push(step);
        self.reporter().event(Event::StepFinished {
            step: step.name().into(),
            elapsed_ms: millis(started.elapsed()),
            summary,
        });
        Ok(value)
    }

    pub(super) fn reporter(&self) -> &dyn Reporter {
        &*self.environment.reporter
    }

    /// `.phalanx` in the service's folder.
    pub(super) fn state_dir(&self) -> PathBuf {
        state_dir(&self.service)
    }

    /// The plugin host, made when it is first needed: a service without plugins pays nothing.
    pub(super) fn host(&mut self) -> Result<&Host, BoxError> {
        if self.host.is_none() {
            let mut options = self.environment.host_options();
            // One engine serves all plugins of a run, so the largest stack that any of them asks for.
            let stacks = self.service.plugins.values().map(|plugin| plugin.limits.stack);
            options.stack = stacks.max().unwrap_or(options.stack);
            self.host = Some(Host::new(options)?);
        }
        Ok(self.host.as_ref().expect("made just above"))
    }

    /// The facts that plugins see, as they are now.
    pub(super) fn facts(&self) -> Arc<Facts> {
        Arc::new(Facts {
            service: self.service.name.clone(),
            stage: self.service.stage.clone(),
            stack_name: self.service.stack_name.clone(),
            region: self.identity.region.clone(),
            account: Some(self.identity.account.clone()).filter(|account| !account.is_empty()),
            build_id: self.build_id.map(|id| id.to_string()).unwrap_or_default(),
            dry_run: self.request.dry_run,
            now: self.environment.settings.now,
        })
    }

    /// What capabilities reach outside through.
    pub(super) fn services(&self) -> Arc<HostServices> {
        Arc::new(HostServices {
            root: self.service.root.clone(),
            environment: self.environment.settings.environment.clone(),
            images: ImageWorks {
                root: self.service.root.clone(),
                environment: self.environment.settings.environment.clone(),
                cloud: Arc::clone(&self.cloud),
                reporter: Arc::clone(&self.environment.reporter),
                dry_run: self.request.dry_run,
            },
        })
    }

    /// The artifact location of each function's code.
    pub(super) fn code_digests(&self) -> IndexMap<String, Digest> {
        let packages = self.packages.as_ref().map(SharedPackages::get);
        self.service
            .functions
            .keys()
            .filter_map(|name| Some((name.clone(), packages.as_ref()?.digest(name)?)))
            .collect()
    }
}

/// The text of the stack policy, which must be JSON.
fn stack_policy(service: &Service) -> Result<Option<String>, BoxError> {
    let Some(path) = &service.deploy.stack_policy else { return Ok(None) };
    let text = crate::fs::read_to_string(&service.root.join(path))?;
    if let Err(source) = serde_json::from_str::<serde_json::Value>(&text) {
        return Err(PipelineError::StackPolicy { path: path.clone(), source }.into());
    }
    Ok(Some(text))
}

/// `.phalanx` in the service's folder: packages, build records and the local cloud.
pub(super) fn state_dir(service: &Service) -> PathBuf {
    service.root.join(".phalanx")
}

/// The cloud that a request names.
///
/// # Errors
/// When there are no credentials for it, or not those that the service wants.
pub async fn open_cloud(
    environment: &Environment,
    request: &Request,
    service: &Service,
) -> Result<Arc<dyn Cloud>, BoxError> {
    if request.local {
        return Ok(Arc::new(open_local(environment, service)));
    }
    Ok(Arc::new(open_aws(environment, request, service).await?))
}

/// The account and region that a request names.
pub(super) async fn open_aws(
    environment: &Environment,
    request: &Request,
    service: &Service,
) -> Result<Aws, BoxError> {
    let wanted = Wanted {
        profile: request.profile.clone(),
        region: service.region.clone(),
        account: service.account.clone(),
        bucket: service.deploy.bucket.clone(),
        registry: environment.settings.ecr_registry.clone(),
    };
    Ok(Aws::open(&wanted).await?)
}

/// The local cloud of a service's folder.
pub(super) fn open_local(environment: &Environment, service: &Service) -> Local {
    // Any fixed region will do where nothing is real; this is the one that AWS's own tools assume.
    let region = service.region.as_deref().unwrap_or("us-east-1");
    Local::open(&state_dir(service).join("local"), region, environment.settings.now)
}

/// A service and its stack as deployed, for the commands that only look at it.
///
/// # Errors
/// When the manifest or the cloud cannot be read; or there is no such stack.
pub async fn stack_of(
    environment: &Environment,
    request: &Request,
) -> Result<(Service, Stack), BoxError> {
    let service = load(request)?;
    let cloud = open_cloud(environment, request, &service).await?;
    let stack = deployed(&*cloud, &service).await?;
    Ok((service, stack))
}

/// The stack of a service as it stands.
pub(super) async fn deployed(cloud: &dyn Cloud, service: &Service) -> Result<Stack, BoxError> {
    let stack = cloud.stack(&service.stack_name).await?;
    let missing = || PipelineError::NoStack {
        stack: service.stack_name.clone(),
        cloud: cloud.name(),
        stage: service.stage.clone(),
    };
    Ok(stack.ok_or_else(missing)?)
}

/// A stack as plugins see it. `change` is what this run did to it, if anything yet.
pub(super) fn stack_view(stack: &Stack, change: Option<Change>) -> Arc<StackView> {
    let resources = stack.resources.iter().map(|resource| StackResource {
        logical_id: resource.logical_id.clone(),
        physical_id: resource.physical_id.clone(),
        resource_type: resource.resource_type.clone(),
        status: resource.status.clone(),
    });
    Arc::new(StackView {
        id: stack.id.clone(),
        created: change == Some(Change::Created),
        unchanged: change == Some(Change::Unchanged),
        outputs: stack.outputs.clone().into_iter().collect(),
        resources: resources.collect(),
    })
}
