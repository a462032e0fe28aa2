//! Adds one CloudWatch dashboard of the service's functions and queues.
//!
//! The dashboard's body is a text that names functions and queues by `${…}` of `Fn::Sub`, so it shows
//! whatever CloudFormation called them. A widget holds one metric, a line each function or queue: that
//! stays readable, and far below CloudWatch's limits, with a hundred functions.

use phalanx_plugin::{
    Configurable, Result, TemplateDecorate, Value, intrinsics, json, log, run, template,
};
use serde::Deserialize;

mod widgets;

/// The plugin and its config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dashboard {
    /// The dashboard's name; may hold `${…}`.
    name: String,
    /// Seconds a data point covers.
    period: u32,
    /// Which widgets there are.
    widgets: Widgets,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "it is a table of switches")]
struct Widgets {
    invocations: bool,
    errors: bool,
    duration: bool,
    throttles: bool,
    concurrency: bool,
    queues: bool,
}

impl Default for Dashboard {
    fn default() -> Self {
        Self { name: "${AWS::StackName}".to_owned(), period: 300, widgets: Widgets::default() }
    }
}

impl Default for Widgets {
    fn default() -> Self {
        Self {
            invocations: true,
            errors: true,
            duration: true,
            throttles: true,
            concurrency: true,
            queues: true,
        }
    }
}

impl Configurable for Dashboard {
    fn config_schema() -> Value {
        let switch =
            |what: &str| json!({ "description": what, "type": "boolean", "default": true });
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "dashboard",
            "type": "object",
            "properties": {
                "name": {
                    "description": "The dashboard's name; may hold `${…}`.",
                    "type": "string",
                    "pattern": "^(\\$\\{[^}]+\\}|[A-Za-z0-9_-])+$",
                    "default": "${AWS::StackName}",
                },
                "period": {
                    "description": "Seconds a data point covers.",
                    "type": "integer",
                    "minimum": 60,
                    "maximum": 86_400,
                    "multipleOf": 60,
                    "default": 300,
                },
                "widgets": {
                    "description": "Which widgets there are.",
                    "type": "object",
                    "properties": {
                        "invocations": switch("Calls of the functions."),
                        "errors": switch("Failed calls."),
                        "duration": switch("Median and 95th percentile of the run time."),
                        "throttles": switch("Refused calls."),
                        "concurrency": switch("Calls under way."),
                        "queues": switch("Waiting, oldest, sent and received messages."),
                    },
                    "additionalProperties": false,
                },
            },
            "additionalProperties": false,
        })
    }
}

impl TemplateDecorate for Dashboard {
    fn decorate_service(&self) -> Result {
        let functions = template::resources_of_type("AWS::Lambda::Function");
        let queues = template::resources_of_type("AWS::SQS::Queue");
        let widgets = widgets::all(self, &functions, &queues);
        if widgets.is_empty() {
            log::info!("added no dashboard: there is nothing to show");
            return Ok(());
        }
        let body = json!({ "widgets": widgets }).to_string();
        template::add_resource(
            "Dashboard",
            &json!({
                "Type": "AWS::CloudWatch::Dashboard",
                "Properties": {
                    "DashboardName": intrinsics::text(self.name.as_str()),
                    "DashboardBody": intrinsics::sub(body),
                },
            }),
        )?;
        log::info!(
            "added a dashboard of {} to stage `{}`",
            count(&functions, &queues),
            run::stage()
        );
        Ok(())
    }
}

fn count(functions: &[String], queues: &[String]) -> String {
    let number = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    format!("{} and {}", number(functions.len(), "function"), number(queues.len(), "queue"))
}

phalanx_plugin::export!(Dashboard: template_decorate, configurable);

#[cfg(test)]
mod tests;
