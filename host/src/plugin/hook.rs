//! The hooks: their names, their interfaces, and which objects each has.

use std::fmt;

use serde::Serialize;

/// A place between the steps of the pipeline where plugins run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// Before the service is built.
    PreBuild,
    /// After the build, before the packages are sealed.
    PostBuild,
    /// Edits the template.
    TemplateDecorate,
    /// Judges the final template.
    TemplateValidate,
    /// After the stack was created or updated.
    PostProvision,
    /// After any step failed.
    Rollback,
    /// Before the stack is deleted.
    PreDelete,
    /// After the stack was deleted.
    PostDelete,
}

impl Hook {
    /// Every hook, in the order of the pipeline.
    pub const ALL: [Self; 8] = [
        Self::PreBuild,
        Self::PostBuild,
        Self::TemplateDecorate,
        Self::TemplateValidate,
        Self::PostProvision,
        Self::Rollback,
        Self::PreDelete,
        Self::PostDelete,
    ];

    /// The hook's name in messages and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreBuild => "pre-build",
            Self::PostBuild => "post-build",
            Self::TemplateDecorate => "template-decorate",
            Self::TemplateValidate => "template-validate",
            Self::PostProvision => "post-provision",
            Self::Rollback => "rollback",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
        }
    }

    /// The interface a plugin exports to run here.
    pub(super) fn interface(self) -> &'static str {
        match self {
            Self::PreDelete | Self::PostDelete => "teardown",
            other => other.name(),
        }
    }

    /// The function that is called first.
    pub(super) fn function(self) -> &'static str {
        match self {
            Self::TemplateDecorate => "decorate-service",
            Self::TemplateValidate => "validate",
            other => other.name(),
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An imported object of the contract, for the rule which hook has which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// `run`
    Run,
    /// `context`
    Context,
    /// `template-view`
    TemplateView,
    /// `template-edit`
    TemplateEdit,
    /// `artifacts`
    Artifacts,
    /// `stack`
    Stack,
    /// `outcome`
    Outcome,
    /// Any capability; none while a plugin only tells its config schema.
    Capability,
}

impl Object {
    /// The interface's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Context => "context",
            Self::TemplateView => "template-view",
            Self::TemplateEdit => "template-edit",
            Self::Artifacts => "artifacts",
            Self::Stack => "stack",
            Self::Outcome => "outcome",
            Self::Capability => "capabilities",
        }
    }

    /// The hooks that have this object.
    pub fn hooks(self) -> &'static [Hook] {
        match self {
            Self::Run | Self::Context | Self::Capability => &Hook::ALL,
            Self::TemplateView => {
                &[Hook::TemplateDecorate, Hook::TemplateValidate, Hook::PostProvision]
            }
            Self::TemplateEdit => &[Hook::TemplateDecorate],
            Self::Artifacts => &[Hook::PostBuild],
            Self::Stack => &[Hook::PostProvision, Hook::PreDelete, Hook::PostDelete],
            Self::Outcome => &[Hook::Rollback],
        }
    }
}
