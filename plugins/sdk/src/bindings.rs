//! What `wit-bindgen` makes of `wit/pipeline.wit`.
//!
//! One module holds the imports. Each hook has a world, and so a module, of its own: a component
//! exports the hooks whose `export!` was expanded and no other, and its type stays its manifest.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]

/// The objects and capabilities. A component imports those interfaces that its code calls.
pub mod imports {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package phalanx:sdk-imports;
            world imports {
                import phalanx:pipeline/run@1.0.0;
                import phalanx:pipeline/log@1.0.0;
                import phalanx:pipeline/context@1.0.0;
                import phalanx:pipeline/template-view@1.0.0;
                import phalanx:pipeline/template-edit@1.0.0;
                import phalanx:pipeline/artifacts@1.0.0;
                import phalanx:pipeline/stack@1.0.0;
                import phalanx:pipeline/outcome@1.0.0;
                import phalanx:pipeline/images@1.0.0;
                import phalanx:pipeline/commands@1.0.0;
                import phalanx:pipeline/files@1.0.0;
                import phalanx:pipeline/environment@1.0.0;
                import phalanx:pipeline/aws@1.0.0;
            }
        ",
        generate_all,
    });
}

pub use imports::phalanx::pipeline as wire;

/// The module of one hook: its `Guest` trait and its export macro. The macros end up in the crate's root, so
/// the worlds' names differ.
macro_rules! hook {
    ($module:ident, $export:literal, $world:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "wit",
                inline: $world,
                with: {
                    "phalanx:pipeline/types@1.0.0": crate::bindings::wire::types,
                },
                generate_all,
                pub_export_macro: true,
                export_macro_name: $export,
            });
        }
    };
}

hook!(
    configurable,
    "__export_configurable",
    "package phalanx:sdk-configurable; world configurable-hook { export phalanx:pipeline/configurable@1.0.0; }"
);
hook!(
    pre_build,
    "__export_pre_build",
    "package phalanx:sdk-pre-build; world pre-build-hook { export phalanx:pipeline/pre-build@1.0.0; }"
);
hook!(
    post_build,
    "__export_post_build",
    "package phalanx:sdk-post-build; world post-build-hook { export phalanx:pipeline/post-build@1.0.0; }"
);
hook!(
    template_decorate,
    "__export_template_decorate",
    "package phalanx:sdk-template-decorate; world template-decorate-hook { export phalanx:pipeline/template-decorate@1.0.0; }"
);
hook!(
    template_validate,
    "__export_template_validate",
    "package phalanx:sdk-template-validate; world template-validate-hook { export phalanx:pipeline/template-validate@1.0.0; }"
);
hook!(
    post_provision,
    "__export_post_provision",
    "package phalanx:sdk-post-provision; world post-provision-hook { export phalanx:pipeline/post-provision@1.0.0; }"
);
hook!(
    rollback,
    "__export_rollback",
    "package phalanx:sdk-rollback; world rollback-hook { export phalanx:pipeline/rollback@1.0.0; }"
);
hook!(
    teardown,
    "__export_teardown",
    "package phalanx:sdk-teardown; world teardown-hook { export phalanx:pipeline/teardown@1.0.0; }"
);

/// The interfaces that the hooks' modules export.
pub mod exports_of {
    pub use super::configurable::exports::phalanx::pipeline::configurable;
    pub use super::post_build::exports::phalanx::pipeline::post_build;
    pub use super::post_provision::exports::phalanx::pipeline::post_provision;
    pub use super::pre_build::exports::phalanx::pipeline::pre_build;
    pub use super::rollback::exports::phalanx::pipeline::rollback;
    pub use super::teardown::exports::phalanx::pipeline::teardown;
    pub use super::template_decorate::exports::phalanx::pipeline::template_decorate;
    pub use super::template_validate::exports::phalanx::pipeline::template_validate;
}
