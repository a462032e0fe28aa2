//! The host's side of `wit/pipeline.wit`, generated.
//!
//! Only the imports: hooks are found by name and called as typed functions, since a generated world
//! would demand that a plugin exports all of them.

wasmtime::component::bindgen!({
    path: "../wit",
    inline: "
        package phalanx:host;
        world objects {
            import phalanx:pipeline/run@1.0.0;
            import phalanx:pipeline/log@1.0.0;
            import phalanx:pipeline/context@1.0.0;
            import phalanx:pipeline/template-view@1.0.0;
            import phalanx:pipeline/template-edit@1.0.0;
            import phalanx:pipeline/artifacts@1.0.0;
            import phalanx:pipeline/stack@1.0.0;
            import phalanx:pipeline/outcome@1.0.0;
            import phalanx:pipeline/commands@1.0.0;
            import phalanx:pipeline/files@1.0.0;
            import phalanx:pipeline/environment@1.0.0;
        }
    ",
    // Running a program waits; everything else is in memory or a file of the service.
    imports: {
        "phalanx:pipeline/commands.run": async | trappable,
        default: trappable,
    },
});

pub(super) use self::phalanx::pipeline::types::Failure as WitFailure;
pub(super) use self::phalanx::pipeline::{
    artifacts, commands, context, environment, files, log, outcome, run, stack, template_edit,
    template_view, types,
};

/// One remark of a validator, as it crosses.
#[derive(wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(record)]
pub(super) struct WitFinding {
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// The rule's name.
    pub rule: String,
    /// A JSON Pointer.
    pub at: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}
