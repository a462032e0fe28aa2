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
            import phalanx:pipeline/images@1.0.0;
            import phalanx:pipeline/aws@1.0.0;
        }
    ",
    // What waits for programs, engines and clouds; everything else is in memory or a file of the service.
    imports: {
        "phalanx:pipeline/commands.run": async | trappable,
        "phalanx:pipeline/images.check": async | trappable,
        "phalanx:pipeline/images.fingerprint": async | trappable,
        "phalanx:pipeline/images.find-in-ecr": async | trappable,
        "phalanx:pipeline/images.build": async | trappable,
        "phalanx:pipeline/images.push-to-ecr": async | trappable,
        "phalanx:pipeline/images.list-in-ecr": async | trappable,
        "phalanx:pipeline/images.delete-from-ecr": async | trappable,
        "phalanx:pipeline/aws.call": async | trappable,
        default: trappable,
    },
});

pub(super) use self::phalanx::pipeline::types::Failure as WitFailure;
pub(super) use self::phalanx::pipeline::{
    artifacts, aws, commands, context, environment, files, images, log, outcome, run, stack,
    template_edit, template_view, types,
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
