//! `invoke`: calls a function of the deployed stack: in AWS, or, of the local cloud, on this machine,
//! from the package that was deployed.

use std::sync::Arc;

use serde::Serialize;

use crate::cloud::local::LocalError;
use crate::cloud::{Cloud as _, NoFunction};
use crate::hint::BoxError;
use crate::invoke::{self, FunctionError, FunctionSpec, Invocation, Options};

use super::call::{self, Remote};
use super::error::PipelineError;
use super::load::load;
use super::run::{Environment, Request, open_local, state_dir};

/// What came of a call.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Invoked {
    /// The function ran on this machine.
    Local(Invocation),
    /// The function ran in AWS.
    Remote(Remote),
}

impl Invoked {
    /// What the function answered.
    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Local(invocation) => &invocation.payload,
            Self::Remote(remote) => &remote.payload,
        }
    }

    /// How the function failed, if it did.
    pub fn function_error(self) -> Option<FunctionError> {
        match self {
            Self::Local(invocation) => invocation.function_error,
            Self::Remote(remote) => remote.function_error,
        }
    }
}

/// Calls one function with one event, a JSON document. That the function fails is an answer.
///
/// # Errors
/// When there is no such stack or function, the event is not JSON, or the function cannot be started.
pub async fn invoke(
    environment: &Environment,
    request: &Request,
    function: &str,
    event: Vec<u8>,
) -> Result<Invoked, BoxError> {
    if request.local {
        return here(environment, request, function, event).await.map(Invoked::Local);
    }
    let called = call::call(environment, request, function, event, true).await?;
    Ok(Invoked::Remote(call::answer(function, called, &*environment.reporter)))
}

/// Hands an event to a function in AWS, without waiting for what it does with it; gives the request's
/// id.
///
/// # Errors
/// When there is no such stack or function, or the event is not JSON or not taken.
pub async fn send(
    environment: &Environment,
    request: &Request,
    function: &str,
    event: Vec<u8>,
) -> Result<String, BoxError> {
    Ok(call::call(environment, request, function, event, false).await?.request_id)
}

async fn here(
    environment: &Environment,
    request: &Request,
    function: &str,
    event: Vec<u8>,
) -> Result<Invocation, BoxError> {
    let service = load(request)?;
    let local = open_local(environment, &service);
    let known = local.function(&service.stack_name, function).map_err(|error| match error {
        // Told as every other command tells it.
        LocalError::NoStack(stack) => BoxError::from(PipelineError::NoStack {
            stack,
            cloud: "local",
            stage: service.stage.clone(),
        }),
        LocalError::NoFunction(missing) => {
            let in_service = service.functions.contains_key(function);
            NoFunction { in_service, ..missing }.into()
        }
        other => other.into(),
    })?;
    let (package, digest) = local.package(&known)?;
    let spec = FunctionSpec {
        label: function.to_owned(),
        function_name: known.function_name,
        arn: known.arn,
        package,
        digest,
        handler: known.handler,
        runtime: known.runtime,
        architecture: known.architecture,
        memory: known.memory,
        timeout: known.timeout,
        environment: known.environment,
        region: local.identity().await?.region,
        log_group: known.log_group,
    };
    let path = environment.settings.environment.get("PATH").cloned().unwrap_or_default();
    let options = Options::new(state_dir(&service).join("invoke"), path);
    let reporter = Arc::clone(&environment.reporter);
    let mut interrupt = environment.interrupt.clone();
    tokio::select! {
        biased;
        () = interrupt.raised() => Err(PipelineError::InvokeInterrupted.into()),
        invocation = invoke::invoke(spec, event, &options, reporter) => Ok(invocation?),
    }
}
