//! Has every hook and records the order in which they ran: in the context under `order`, and in the
//! log as `<label> ran <hook>`. `config = { label = "first", fail-in = "post-build" }`.
//!
//! Several recorders in one service share the key `order`: the manifest lets them override it.

use phalanx_plugin::{
    Configurable, Failure, Finding, PostBuild, PostProvision, PreBuild, Result, Rollback, Teardown,
    TemplateDecorate, TemplateValidate, Value, artifacts, context, json, log, outcome, stack,
    template,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Recorder {
    label: String,
    fail_in: Option<String>,
}

impl Recorder {
    fn ran(&self, hook: &str) -> Result {
        let mut order: Vec<String> = context::get("order")?.unwrap_or_default();
        order.push(format!("{} {hook}", self.label));
        context::set("order", &order)?;
        log::info!("{} ran {hook}", self.label);
        let failure = || Failure::new("told-to-fail", format!("{} was told to fail", self.label));
        if self.fail_in.as_deref() == Some(hook) { Err(failure()) } else { Ok(()) }
    }
}

impl Configurable for Recorder {
    fn config_schema() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "label": { "type": "string" },
                "fail-in": { "type": "string" },
            },
            "required": ["label"],
            "additionalProperties": false,
        })
    }
}

impl PreBuild for Recorder {
    fn pre_build(&self) -> Result {
        self.ran("pre-build")
    }
}

impl PostBuild for Recorder {
    fn post_build(&self) -> Result {
        for artifact in artifacts::list() {
            log::info!("{}: package of {}", self.label, artifact.function);
        }
        self.ran("post-build")
    }
}

impl TemplateDecorate for Recorder {
    fn decorate_service(&self) -> Result {
        template::set(format!("/Metadata/{}", self.label), "was here")?;
        self.ran("template-decorate")
    }

    fn decorate_function(&self, function: &str, logical_id: &str) -> Result {
        self.ran(&format!("template-decorate of {function} as {logical_id}"))
    }
}

impl TemplateValidate for Recorder {
    fn validate(&self) -> Result<Vec<Finding>> {
        self.ran("template-validate").map(|()| Vec::new())
    }
}

impl PostProvision for Recorder {
    fn post_provision(&self) -> Result {
        let (created, unchanged) = (stack::created(), stack::unchanged());
        log::info!("{}: created {created}, unchanged {unchanged}", self.label);
        for (key, value) in stack::outputs() {
            log::info!("{}: output {key} = {value}", self.label);
        }
        self.ran("post-provision")
    }
}

impl Rollback for Recorder {
    fn rollback(&self) -> Result {
        let error = outcome::error();
        let (step, completed) = (outcome::failed_step(), outcome::completed().join(" "));
        log::info!("{}: {step} failed [{}] after: {completed}", self.label, error.code());
        log::info!("{}: it said: {}", self.label, error.message());
        self.ran("rollback")
    }
}

impl Teardown for Recorder {
    fn pre_delete(&self) -> Result {
        self.ran("pre-delete")
    }

    fn post_delete(&self) -> Result {
        self.ran("post-delete")
    }
}

phalanx_plugin::export!(
    Recorder: configurable, pre_build, post_build, template_decorate, template_validate,
    post_provision, rollback, teardown
);
