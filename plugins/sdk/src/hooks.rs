//! The hooks: one trait each, and the shims between a trait and what the component exports.
//!
//! The type that implements them is the plugin's config: the shim reads it before each call.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::exports_of::template_validate::Finding as WireFinding;
use crate::bindings::wire::types::Failure as WireFailure;
use crate::{Failure, Pointer, Result, bindings};

/// Before the service is built: generate sources, check the workspace, fill the context.
pub trait PreBuild: DeserializeOwned {
    /// Runs once.
    ///
    /// # Errors
    /// Stops the run.
    fn pre_build(&self) -> Result;
}

/// After the build, before the packages are sealed: add files, build and push an image.
pub trait PostBuild: DeserializeOwned {
    /// Runs once.
    ///
    /// # Errors
    /// Stops the run; files that were written are taken back.
    fn post_build(&self) -> Result;
}

/// Decorates the template: once for the service, then once for each function that names this plugin
/// in its `decorators`, all in one transaction.
pub trait TemplateDecorate: DeserializeOwned {
    /// Runs once, first.
    ///
    /// # Errors
    /// Stops the run; all edits are undone.
    fn decorate_service(&self) -> Result {
        Ok(())
    }

    /// Runs for each function that names this plugin; `logical_id` is its resource in the template.
    ///
    /// # Errors
    /// Stops the run; all edits are undone.
    fn decorate_function(&self, function: &str, logical_id: &str) -> Result {
        let _ = (function, logical_id);
        Ok(())
    }
}

/// Judges the final template, after every decorator; no edit is possible any more.
pub trait TemplateValidate: DeserializeOwned {
    /// Runs once.
    ///
    /// # Errors
    /// When the template cannot be judged. What is wrong with it is a [`Finding`].
    fn validate(&self) -> Result<Vec<Finding>>;
}

/// After the stack has been created or updated, and after a run that changed nothing.
pub trait PostProvision: DeserializeOwned {
    /// Runs once.
    ///
    /// # Errors
    /// Makes the run fail; the stack stays as it is.
    fn post_provision(&self) -> Result;
}

/// After any step failed: undo what this plugin did outside the template.
pub trait Rollback: DeserializeOwned {
    /// Runs once, in reverse order of the plugins.
    ///
    /// # Errors
    /// Shown beside the failure that caused the rollback.
    fn rollback(&self) -> Result;
}

/// Before and after the stack is deleted: empty a bucket, remove images.
pub trait Teardown: DeserializeOwned {
    /// Runs while the stack is still there.
    ///
    /// # Errors
    /// Stops the deletion.
    fn pre_delete(&self) -> Result {
        Ok(())
    }

    /// Runs when the stack is gone.
    ///
    /// # Errors
    /// Makes the run fail.
    fn post_delete(&self) -> Result {
        Ok(())
    }
}

/// Has the host check the plugin's config before anything runs.
pub trait Configurable {
    /// A JSON Schema (2020-12) of the `config` table. Nothing of the host is in scope here.
    ///
    /// A part of it may say in `errorMessage` what is wrong when the config does not fit that part: a
    /// rule about several keys, in `if` and `then`, needs words of its own.
    fn config_schema() -> Value;
}

/// What a [`Finding`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Stops the run.
    Error,
    /// Is shown.
    Warning,
    /// Is shown, as an aside.
    Note,
}

/// One remark about the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it means.
    pub severity: Severity,
    /// The rule, in kebab-case, for suppressing it by name.
    pub rule: String,
    /// Where.
    pub at: Pointer,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Finding {
    /// A remark; `message` is a sentence without a period that names the thing.
    pub fn new(severity: Severity, rule: &str, at: Pointer, message: impl Into<String>) -> Self {
        Self { severity, rule: rule.to_owned(), at, message: message.into(), hint: None }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn into_wire(self) -> WireFinding {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        WireFinding {
            severity: severity.to_owned(),
            rule: self.rule,
            at: self.at.into(),
            message: self.message,
            hint: self.hint,
        }
    }
}

/// What a component exports for the plugin `P`.
pub struct Hook<P>(PhantomData<P>);

impl<P: DeserializeOwned> Hook<P> {
    /// Reads the config, then calls the hook.
    fn call<T>(hook: impl FnOnce(&P) -> Result<T>) -> Result<T, WireFailure> {
        report_panics();
        crate::config::<P>().and_then(|plugin| hook(&plugin)).map_err(Failure::into_wire)
    }
}

/// Without this a panic reaches the host as a bare `unreachable`.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        match panic.location() {
            Some(at) => {
                crate::log::error!("panicked at {}:{}: {message}", at.file(), at.line());
            }
            None => crate::log::error!("panicked: {message}"),
        }
    }));
}

impl<P: Configurable> bindings::exports_of::configurable::Guest for Hook<P> {
    fn config_schema() -> String {
        P::config_schema().to_string()
    }
}

impl<P: PreBuild> bindings::exports_of::pre_build::Guest for Hook<P> {
    fn pre_build() -> Result<(), WireFailure> {
        Self::call(P::pre_build)
    }
}

impl<P: PostBuild> bindings::exports_of::post_build::Guest for Hook<P> {
    fn post_build() -> Result<(), WireFailure> {
        Self::call(P::post_build)
    }
}

impl<P: PostProvision> bindings::exports_of::post_provision::Guest for Hook<P> {
    fn post_provision() -> Result<(), WireFailure> {
        Self::call(P::post_provision)
    }
}

impl<P: Rollback> bindings::exports_of::rollback::Guest for Hook<P> {
    fn rollback() -> Result<(), WireFailure> {
        Self::call(P::rollback)
    }
}

impl<P: Teardown> bindings::exports_of::teardown::Guest for Hook<P> {
    fn pre_delete() -> Result<(), WireFailure> {
        Self::call(P::pre_delete)
    }

    fn post_delete() -> Result<(), WireFailure> {
        Self::call(P::post_delete)
    }
}

impl<P: TemplateDecorate> bindings::exports_of::template_decorate::Guest for Hook<P> {
    fn decorate_service() -> Result<(), WireFailure> {
        Self::call(P::decorate_service)
    }

    fn decorate_function(function: String, logical_id: String) -> Result<(), WireFailure> {
        Self::call(|plugin| plugin.decorate_function(&function, &logical_id))
    }
}

impl<P: TemplateValidate> bindings::exports_of::template_validate::Guest for Hook<P> {
    fn validate() -> Result<Vec<WireFinding>, WireFailure> {
        let findings = Self::call(P::validate)?;
        Ok(findings.into_iter().map(Finding::into_wire).collect())
    }
}
