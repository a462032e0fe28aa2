//! The plugin with every hook, in Rust.

use phalanx_plugin::{
    Finding, Pointer, PostBuild, PostProvision, PreBuild, Result, Rollback, Severity, Teardown,
    TemplateDecorate, TemplateValidate, artifacts, context, files, log, outcome, run, stack,
    template,
};

/// The plugin, which has no config.
#[derive(serde::Deserialize)]
pub struct Owner {}

fn owner() -> Result<String> {
    context::require("owner")
}

impl PreBuild for Owner {
    fn pre_build(&self) -> Result {
        let owner = files::read_text("OWNER")?;
        context::set("owner", owner.trim())?;
        log::info!("{} owns {}", owner.trim(), run::service());
        Ok(())
    }
}

impl PostBuild for Owner {
    fn post_build(&self) -> Result {
        let owner = owner()?;
        for package in artifacts::list() {
            let count = artifacts::files(&package.function)?.len();
            artifacts::write(&package.function, "OWNER", owner.as_bytes(), 0o644)?;
            log::info!("{} has {count} files and an owner", package.function);
        }
        Ok(())
    }
}

impl TemplateDecorate for Owner {
    fn decorate_service(&self) -> Result {
        template::set("/Metadata/Owner", &owner()?)
    }

    fn decorate_function(&self, function: &str, logical_id: &str) -> Result {
        let variables = Pointer::property(logical_id, "Environment").join("Variables");
        template::set(variables.join("OWNER"), &owner()?)?;
        log::info!("{function} knows its owner");
        Ok(())
    }
}

impl TemplateValidate for Owner {
    fn validate(&self) -> Result<Vec<Finding>> {
        if template::has("/Metadata/Owner") {
            return Ok(Vec::new());
        }
        let place = Pointer::from("/Metadata");
        Ok(vec![Finding::new(Severity::Warning, "no-owner", place, "nobody owns this")])
    }
}

impl PostProvision for Owner {
    fn post_provision(&self) -> Result {
        for (key, value) in stack::outputs() {
            log::info!("{key}: {value}");
        }
        Ok(())
    }
}

impl Rollback for Owner {
    fn rollback(&self) -> Result {
        let steps = outcome::completed().join(", ");
        log::warn!("{} failed after {steps}: {}", outcome::failed_step(), outcome::error().message());
        Ok(())
    }
}

impl Teardown for Owner {
    fn pre_delete(&self) -> Result {
        log::info!("{} goes", run::stack_name());
        Ok(())
    }

    fn post_delete(&self) -> Result {
        log::info!("{} is gone", run::stack_name());
        Ok(())
    }
}

phalanx_plugin::export!(
    Owner: pre_build, post_build, template_decorate, template_validate, post_provision, rollback,
    teardown
);
