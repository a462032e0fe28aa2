//! `phalanx status`.

use std::fmt;

use clap::Args;
use phalanx::cloud::{Behind, Stack, StackResource};
use phalanx::hint::BoxError;
use phalanx::pipeline;
use phalanx::text::safe_line;
use serde::Serialize;
use serde_json::Value;

use super::output::Answer;
use super::redact;
use super::session::Session;

/// Show the deployed stack: its state, resources and outputs
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Hide account ids, credentials and secret values, to show the status to others
    #[arg(long)]
    redact: bool,
    /// Look in the embedded local cloud
    #[arg(long)]
    local: bool,
}

impl Status {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let pipeline::Status { service, stack, behind } =
            pipeline::status(&session.environment(), &request).await?;
        let mut status = StackStatus { service: service.name, stage: service.stage, stack, behind };
        if !self.redact {
            return Ok(Answer::new(&status));
        }
        redact::stack(&mut status.stack);
        let (mut answer, texts) = (Answer::new(&status), redact::Texts::new());
        answer.text = texts.hide(&answer.text);
        texts.hide_in(&mut answer.json);
        Ok(answer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StackStatus {
    service: String,
    stage: String,
    stack: Stack,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<Behind>,
}

impl fmt::Display for StackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stack = &self.stack;
        writeln!(f, "stack    {}  {}", stack.name, stack.status)?;
        if let Some(reason) = &stack.reason {
            writeln!(f, "reason   {}", safe_line(reason))?;
        }
        if stack.protected {
            writeln!(f, "guard    it cannot be deleted: termination protection is on")?;
        }
        if let Some(drift) = stack.drift.as_ref().filter(|drift| *drift != "IN_SYNC") {
            writeln!(f, "drift    {drift}: see `phalanx drift`")?;
        }
        if let Some(behind) = &self.behind {
            writeln!(f, "{}", safe_line(&behind.to_string()))?;
        }
        writeln!(f, "id       {}", stack.id)?;
        writeln!(f, "service  {}  stage {}", self.service, self.stage)?;
        let stamp = &stack.template["Metadata"]["Phalanx"];
        if let Some(id) = stamp["BuildId"].as_str() {
            writeln!(f, "build    {id}")?;
        }
        for plugin in stamp["Plugins"].as_array().into_iter().flatten() {
            let text = |key: &str| plugin[key].as_str().unwrap_or("-").to_owned();
            let version = Some(text("Version")).filter(|version| version != "-");
            let version = version.map(|version| format!("@{version}")).unwrap_or_default();
            writeln!(f, "plugin   {}{version}  {}", text("Name"), text("Digest"))?;
        }
        let widest = |of: fn(&StackResource) -> &str| {
            stack.resources.iter().map(|resource| of(resource).len()).max().unwrap_or_default()
        };
        let (ids, states) = (widest(|it| &it.logical_id), widest(|it| &it.status));
        let types = widest(|it| &it.resource_type);
        for resource in &stack.resources {
            let StackResource { logical_id, status, resource_type, physical_id, .. } = resource;
            writeln!(
                f,
                "  {logical_id:ids$}  {status:states$}  {resource_type:types$}  {physical_id}"
            )?;
        }
        for (key, value) in &stack.outputs {
            writeln!(f, "output   {key} = {}", safe_line(value))?;
        }
        if let Some(tags) = (!stack.tags.is_empty()).then(|| Value::from_iter(stack.tags.clone())) {
            writeln!(f, "tags     {tags}")?;
        }
        Ok(())
    }
}
