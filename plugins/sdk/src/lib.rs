#![doc = include_str!("../README.md")]

pub mod arn;
pub mod artifacts;
pub mod aws;
pub mod commands;
pub mod context;
pub mod environment;
pub mod files;
pub mod images;
pub mod intrinsics;
pub mod log;
pub mod outcome;
pub mod policy;
pub mod run;
pub mod stack;
pub mod template;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

mod failure;
mod hooks;
mod pointer;
mod resource;
mod substitution;

#[doc(hidden)]
pub mod bindings;

pub use failure::{Failure, Result};
pub use hooks::{
    Configurable, Finding, PostBuild, PostProvision, PreBuild, Rollback, Severity, Teardown,
    TemplateDecorate, TemplateValidate,
};
pub use pointer::Pointer;
pub use resource::{LogicalId, Resource};
pub use run::config;
pub use serde_json::{Value, json};

#[doc(hidden)]
pub use hooks::Hook;

// Outside WebAssembly there is no host to import from: the host of `testing` stands in.
#[cfg(target_arch = "wasm32")]
use bindings::wire;
#[cfg(not(target_arch = "wasm32"))]
use testing::wire;

/// Makes a component of this crate: names the plugin's type and the hooks it exports.
///
/// The component runs in these hooks and in no other, and imports the interfaces that its code calls
/// and no other, so its type says what it does. The crate must be a `cdylib`.
///
/// | hook | trait |
/// |---|---|
/// | `configurable` | [`Configurable`] |
/// | `pre_build` | [`PreBuild`] |
/// | `post_build` | [`PostBuild`] |
/// | `template_decorate` | [`TemplateDecorate`] |
/// | `template_validate` | [`TemplateValidate`] |
/// | `post_provision` | [`PostProvision`] |
/// | `rollback` | [`Rollback`] |
/// | `teardown` | [`Teardown`] |
///
/// ```
/// # use phalanx_plugin::{Result, PreBuild};
/// #[derive(serde::Deserialize)]
/// struct Greeter {}
///
/// impl PreBuild for Greeter {
///     fn pre_build(&self) -> Result {
///         phalanx_plugin::log::info!("about to build {}", phalanx_plugin::run::service());
///         Ok(())
///     }
/// }
///
/// phalanx_plugin::export!(Greeter: pre_build);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ty : $($hook:ident),+ $(,)?) => {
        $( $crate::__export_hook!($hook, $plugin); )+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_hook {
    (configurable, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::configurable::__export_configurable!(Plugin with_types_in $crate::bindings::configurable);
        };
    };
    (pre_build, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::pre_build::__export_pre_build!(Plugin with_types_in $crate::bindings::pre_build);
        };
    };
    (post_build, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::post_build::__export_post_build!(Plugin with_types_in $crate::bindings::post_build);
        };
    };
    (template_decorate, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::template_decorate::__export_template_decorate!(Plugin with_types_in $crate::bindings::template_decorate);
        };
    };
    (template_validate, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::template_validate::__export_template_validate!(Plugin with_types_in $crate::bindings::template_validate);
        };
    };
    (post_provision, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::post_provision::__export_post_provision!(Plugin with_types_in $crate::bindings::post_provision);
        };
    };
    (rollback, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::rollback::__export_rollback!(Plugin with_types_in $crate::bindings::rollback);
        };
    };
    (teardown, $plugin:ty) => {
        const _: () = {
            type Plugin = $crate::Hook<$plugin>;
            $crate::bindings::teardown::__export_teardown!(Plugin with_types_in $crate::bindings::teardown);
        };
    };
    ($other:ident, $plugin:ty) => {
        compile_error!(concat!(
            "`", stringify!($other), "` is not a hook; the hooks are configurable, pre_build, ",
            "post_build, template_decorate, template_validate, post_provision, rollback, teardown"
        ));
    };
}
