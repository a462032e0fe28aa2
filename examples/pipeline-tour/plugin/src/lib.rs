//! A plugin with every hook, in the order in which they run, and what each may do.
//!
//! Two things hold everywhere. Each call is a new instance: nothing stays in memory from one hook to
//! the next, what must last goes into the context. And each call is a transaction: when a hook
//! returns a failure, its edits to template, context and packages are undone and the run stops.

use phalanx_plugin::{
    Configurable, Failure, Finding, Pointer, PostBuild, PostProvision, PreBuild, Result, Rollback,
    Severity, Teardown, TemplateDecorate, TemplateValidate, Value, artifacts, context, environment,
    files, intrinsics, json, log, outcome, run, stack, template,
};
use serde::Deserialize;

/// The plugin's type is its config: `config = { owner = "team-orders" }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Tour {
    owner: String,
    /// Resources the service may have.
    #[serde(default = "max_resources")]
    max_resources: usize,
}

fn max_resources() -> usize {
    200
}

/// Before anything runs, the host checks the config against this schema. Nothing is in scope here.
impl Configurable for Tour {
    fn config_schema() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "owner": { "type": "string", "minLength": 1 },
                "max-resources": { "type": "integer", "minimum": 1, "default": 200 },
            },
            "required": ["owner"],
            "additionalProperties": false,
        })
    }
}

/// Before the build: look at the workspace and fill the context.
///
/// There is no template yet. Files and the environment are capabilities: calling them makes the
/// component import them, and the manifest must grant them (`files`, `env`).
impl PreBuild for Tour {
    fn pre_build(&self) -> Result {
        let commit = environment::get("CI_COMMIT").unwrap_or_else(|| "unknown".to_owned());
        context::set("tour.commit", &commit)?;
        let notes = files::list("notes/*.md")?;
        log::info!("{} at {}: notes: {}", run::service(), run::stage(), notes.join(", "));
        // `?` turns any error into a failure; this one says what to do as well.
        if notes.is_empty() {
            return Err(Failure::new("no-notes", "the service has no release notes")
                .with_hint("add `notes/<version>.md`"));
        }
        Ok(())
    }
}

/// After the build, before the packages are sealed: read what goes into them and add to it.
impl PostBuild for Tour {
    fn post_build(&self) -> Result {
        let commit: Option<String> = context::get("tour.commit")?;
        let about = json!({ "owner": self.owner, "commit": commit }).to_string();
        for artifact in artifacts::list() {
            artifacts::write(&artifact.function, "about.json", about.as_bytes(), 0o644)?;
            log::info!("added about.json to the {} bytes of {}", artifact.size, artifact.function);
        }
        Ok(())
    }
}

/// When the template has been made of the manifest: edit it.
///
/// A plugin may change what the service wrote and what it wrote itself. Changing another plugin's
/// value is an error that names both, unless the manifest allows it with `overrides`.
impl TemplateDecorate for Tour {
    /// Once for the service.
    fn decorate_service(&self) -> Result {
        template::set("/Metadata/Owner", &self.owner)?;
        let value = json!({ "Value": intrinsics::text("${AWS::StackName} of the tour") });
        template::add_output("TourStack", &value)
    }

    /// Once for each function that names this plugin in its `decorators`.
    fn decorate_function(&self, function: &str, logical_id: &str) -> Result {
        let variables = Pointer::property(logical_id, "Environment").join("Variables");
        template::set(variables.join("OWNER"), &self.owner)?;
        template::add_resource(
            &format!("{logical_id}Events"),
            &json!({
                "Type": "AWS::SNS::Topic",
                "Properties": { "DisplayName": format!("Events of {function}") },
            }),
        )
    }
}

/// After the last decorator: judge the template as it will be deployed. No edit is possible.
///
/// What is wrong with the template is a finding, not a failure: all are shown at once.
impl TemplateValidate for Tour {
    fn validate(&self) -> Result<Vec<Finding>> {
        let resources = template::logical_ids().len();
        if resources <= self.max_resources {
            return Ok(Vec::new());
        }
        let message = format!("{resources} resources are more than {}", self.max_resources);
        let at = Pointer::from("/Resources");
        Ok(vec![
            Finding::new(Severity::Error, "too-many-resources", at, message)
                .with_hint("split the service, or raise `max-resources`"),
        ])
    }
}

/// When the stack is there: read its outputs and resources.
impl PostProvision for Tour {
    fn post_provision(&self) -> Result {
        let how = match (stack::created(), stack::unchanged()) {
            (true, _) => "created",
            (_, true) => "unchanged",
            _ => "updated",
        };
        log::info!("stack {how}, with {} resources", stack::resources().len());
        stack::outputs().iter().for_each(|(key, value)| log::info!("{key} = {value}"));
        Ok(())
    }
}

/// When a step failed: undo what this plugin did outside the template, here nothing. Plugins are
/// called in reverse order.
impl Rollback for Tour {
    fn rollback(&self) -> Result {
        log::warn!("{} failed: {}", outcome::failed_step(), outcome::error());
        Ok(())
    }
}

/// Before and after `phalanx delete` deletes the stack.
impl Teardown for Tour {
    fn pre_delete(&self) -> Result {
        log::info!("about to delete {}", stack::id());
        Ok(())
    }

    fn post_delete(&self) -> Result {
        log::info!("gone");
        Ok(())
    }
}

// The component exports these hooks, and imports the interfaces that the code above calls.
phalanx_plugin::export!(
    Tour: configurable, pre_build, post_build, template_decorate, template_validate,
    post_provision, rollback, teardown
);

#[cfg(test)]
mod tests {
    use phalanx_plugin::testing::Host;

    use super::*;

    fn host() -> Host {
        Host::new().config(json!({ "owner": "ada", "max-resources": 1 }))
    }

    #[test]
    fn without_notes_nothing_is_built() {
        let failure = host().run(Tour::pre_build).unwrap_err();
        assert_eq!(failure.hint(), Some("add `notes/<version>.md`"));
    }

    #[test]
    fn the_commit_travels_from_hook_to_hook() {
        let mut host = host().file("notes/1.md", "first").variable("CI_COMMIT", "abc").packaged(
            "hello",
            "bootstrap",
            "x",
        );
        host.run(Tour::pre_build).unwrap();
        host.run(Tour::post_build).unwrap();
        let about = &host.package("hello").unwrap()["about.json"];
        assert_eq!(about, br#"{"owner":"ada","commit":"abc"}"#);
    }

    #[test]
    fn a_decorated_function_makes_one_resource_too_many() {
        let hello = json!({ "Type": "AWS::Lambda::Function" });
        let mut host = Host::with_template(json!({ "Resources": { "Hello": hello } }))
            .config(json!({ "owner": "ada", "max-resources": 1 }));
        assert!(host.run(Tour::validate).unwrap().is_empty());
        host.run(|tour: &Tour| tour.decorate_function("hello", "Hello")).unwrap();
        assert_eq!(host.run(Tour::validate).unwrap()[0].rule, "too-many-resources");
    }
}
