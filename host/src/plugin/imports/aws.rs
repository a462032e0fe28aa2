//! `aws`: one signed call of an AWS API.

use std::sync::Arc;

use wasmtime::Result;

use super::super::bindings::WitFailure;
use super::super::bindings::aws::{Host, Request, Response};
use super::super::hook::Object;
use super::super::state::State;
use crate::cloud::CallRequest;

impl Host for State {
    async fn call(&mut self, request: Request) -> Result<Result<Response, WitFailure>> {
        let world = self.world(Object::Capability, "aws.call")?;
        let (services, dry_run) = (Arc::clone(&world.services), world.facts.dry_run);
        if let Err(failure) = self.identity.grants.aws_call(&request, dry_run) {
            return Ok(Err(self.deny(failure)));
        }
        self.waiting = Some(format!("`{}`", request.action));
        let call = CallRequest {
            service: request.service,
            method: request.method,
            path: request.path,
            headers: request.headers,
            body: request.body,
            limit: self.identity.limits.host_data,
        };
        let result = services.call_aws(call).await;
        self.waiting = None;
        let outcome = match &result {
            Ok(answer) => answer.status.to_string(),
            Err(failure) => failure.code.clone(),
        };
        self.log.note(&format!("called {}: {outcome}", request.action));
        Ok(result
            .map(|answer| Response {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            })
            .map_err(Into::into))
    }
}
