//! `invoke`: runs a function of the deployed stack, from the package that was deployed.

use std::sync::Arc;

use crate::cloud::Cloud as _;
use crate::cloud::local::LocalError;
use crate::hint::BoxError;
use crate::invoke::{self, FunctionSpec, Invocation, Options};

use super::error::PipelineError;
use super::load::load;
use super::run::{Environment, Request, open_local, state_dir};

/// Runs one function with one event, a JSON document. That the function fails is an answer.
///
/// # Errors
/// When there is no such stack or function, the event is not JSON, or the function cannot be started.
pub async fn invoke(
    environment: &Environment,
    request: &Request,
    function: &str,
    event: Vec<u8>,
) -> Result<Invocation, BoxError> {
    if !request.local {
        return Err(PipelineError::InvokeRemote.into());
    }
    let service = load(request)?;
    let local = open_local(environment, &service);
    let known = local.function(&service.stack_name, function).map_err(|error| match error {
        // Told as every other command tells it.
        LocalError::NoStack(stack) => BoxError::from(PipelineError::NoStack {
            stack,
            cloud: "local",
            stage: service.stage.clone(),
        }),
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
