//! Step 6: the manifest to a template, and the `template-decorate` hook.

use serde_json::{Value, json};

use crate::digest::{Digest, Hasher};
use crate::hint::BoxError;
use crate::plugin::Hook;
use crate::template::synthesize::{CodeLocation, Synthesis, synthesize as synthesize_document};
use crate::template::{Template, suggested_order};
use crate::text::count;

use super::hooks;
use super::run::Run;
use super::step::Step;

/// Makes the template and lets the decorators work on it.
pub(super) async fn synthesize(run: &mut Run) -> Result<(), BoxError> {
    run.step(Step::Synthesize, async |run| {
        let code = run
            .code_digests()
            .into_iter()
            .map(|(name, digest)| {
                let location = run.cloud.artifact_location(&digest);
                (name, CodeLocation { bucket: location.bucket, key: location.key })
            })
            .collect();
        let Synthesis { mut document, findings, locations } =
            synthesize_document(&run.service, &code, &Value::Null);
        run.findings = findings;
        run.locations = locations;
        let build_id = build_id(run, &document);
        stamp(run, &mut document, build_id);
        run.build_id = Some(build_id);
        let resources = document["Resources"].as_object().map_or(0, serde_json::Map::len);
        run.template = Some(Template::new(document));
        Ok(((), count(resources, "resource")))
    })
    .await?;
    hooks::run_hook(run, Hook::TemplateDecorate).await?;
    warn_of_missed(run);
    Ok(())
}

/// The digest of everything that goes into this build: the service's own template, which names every
/// package by digest; the values of its parameters; and each plugin with what steers it.
fn build_id(run: &Run, document: &Value) -> Digest {
    let mut hasher = Hasher::new();
    hasher.field("phalanx build 1").field(document.to_string());
    hasher.field(json!([run.service.parameters, run.service.tags]).to_string());
    for plugin in &run.plugins {
        let usage = &run.service.plugins[plugin.name()];
        hasher.field(plugin.name()).field(plugin.digest().as_bytes());
        hasher.field(usage.config.to_string()).field(format!("{:?}", usage.grants));
        hasher.field(json!(usage.overrides).to_string());
    }
    hasher.finish()
}

/// Who made this template, for audits of a deployed stack.
fn stamp(run: &Run, document: &mut Value, build_id: Digest) {
    let plugins = run
        .plugins
        .iter()
        .map(|plugin| {
            let usage = &run.service.plugins[plugin.name()];
            let mut stamp = json!({ "Name": plugin.name() });
            // Metadata may hold no null.
            if let Some(version) = plugin.version() {
                stamp["Version"] = version.into();
            }
            stamp["Source"] = usage.source.to_string().into();
            stamp["Digest"] = format!("sha256:{}", plugin.digest()).into();
            stamp
        })
        .collect::<Vec<_>>();
    document["Metadata"]["Phalanx"] = json!({
        "Service": run.service.name,
        "Stage": run.service.stage,
        "BuildId": build_id.to_string(),
        "Plugins": plugins,
    });
}

fn warn_of_missed(run: &Run) {
    let Some(template) = &run.template else { return };
    let missed = template.missed();
    let plugins: Vec<&str> = run.plugins.iter().map(|plugin| plugin.name()).collect();
    let hint = suggested_order(&plugins, &missed).map(|order| {
        format!(
            "put the plugins into this order in `{}`: {}",
            run.service.manifest_file,
            order.join(", ")
        )
    });
    for missed in missed {
        run.reporter().warn(missed.message(), hint.clone());
    }
}
