//! Adds a CloudWatch alarm on the errors of each function, optionally on its throttles, optionally
//! with an SNS topic that is told.

use phalanx_plugin::{
    Configurable, Failure, Pointer, Result, TemplateDecorate, Value, intrinsics, json, log,
    template,
};
use serde::Deserialize;

/// The plugin and its config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ErrorAlarms {
    /// Which functions get alarms.
    scope: Scope,
    /// Errors in one period that raise the alarm.
    threshold: u32,
    /// Seconds.
    period: u32,
    /// Periods in a row that must be bad.
    evaluation_periods: u32,
    /// What a period without calls means.
    treat_missing: TreatMissing,
    /// An ARN, a text with `${…}`, or the logical id of a topic or parameter.
    topic: Option<String>,
    /// An alarm on throttles as well.
    throttles: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Scope {
    All,
    Decorated,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum TreatMissing {
    NotBreaching,
    Breaching,
    Ignore,
    Missing,
}

impl Default for ErrorAlarms {
    fn default() -> Self {
        Self {
            scope: Scope::All,
            threshold: 1,
            period: 300,
            evaluation_periods: 1,
            treat_missing: TreatMissing::NotBreaching,
            topic: None,
            throttles: false,
        }
    }
}

impl Configurable for ErrorAlarms {
    fn config_schema() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "error-alarms",
            "type": "object",
            "properties": {
                "scope": {
                    "description": "All functions, or those that name this plugin in `decorators`.",
                    "enum": ["all", "decorated"],
                    "default": "all",
                },
                "threshold": {
                    "description": "Errors in one period that raise the alarm.",
                    "type": "integer",
                    "minimum": 1,
                    "default": 1,
                },
                "period": {
                    "description": "Seconds: 10, 30 or a multiple of 60.",
                    "anyOf": [
                        { "enum": [10, 30] },
                        { "type": "integer", "minimum": 60, "maximum": 86_400, "multipleOf": 60 },
                    ],
                    "default": 300,
                },
                "evaluation-periods": {
                    "description": "Periods in a row that must be bad.",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 100,
                    "default": 1,
                },
                "treat-missing": {
                    "description": "What a period without calls means.",
                    "enum": ["not-breaching", "breaching", "ignore", "missing"],
                    "default": "not-breaching",
                },
                "topic": {
                    "description": "Who is told: the ARN of an SNS topic, a text with `${…}`, or the \
                                    logical id of a topic or parameter of the template.",
                    "type": "string",
                    "minLength": 1,
                },
                "throttles": {
                    "description": "An alarm on throttles as well.",
                    "type": "boolean",
                    "default": false,
                },
            },
            "additionalProperties": false,
        })
    }
}

impl TemplateDecorate for ErrorAlarms {
    fn decorate_service(&self) -> Result {
        if self.scope == Scope::Decorated {
            return Ok(());
        }
        let functions = template::resources_of_type("AWS::Lambda::Function");
        functions.iter().try_for_each(|function| self.watch(function))?;
        log::info!("functions with alarms: {}", functions.len());
        Ok(())
    }

    fn decorate_function(&self, _: &str, logical_id: &str) -> Result {
        match self.scope {
            // It has its alarms from the service's turn.
            Scope::All => Ok(()),
            Scope::Decorated => self.watch(logical_id),
        }
    }
}

impl ErrorAlarms {
    fn watch(&self, function: &str) -> Result {
        self.add_alarm(function, "Errors", "failed")?;
        if self.throttles {
            self.add_alarm(function, "Throttles", "was throttled")?;
        }
        Ok(())
    }

    fn add_alarm(&self, function: &str, metric: &str, what: &str) -> Result {
        let mut alarm = json!({
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmDescription": format!(
                    "{function} {what} {} or more times in {} seconds", self.threshold, self.period
                ),
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{ "Name": "FunctionName", "Value": intrinsics::reference(function) }],
                "Statistic": "Sum",
                "Period": self.period,
                "EvaluationPeriods": self.evaluation_periods,
                "Threshold": self.threshold,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": match self.treat_missing {
                    TreatMissing::NotBreaching => "notBreaching",
                    TreatMissing::Breaching => "breaching",
                    TreatMissing::Ignore => "ignore",
                    TreatMissing::Missing => "missing",
                },
            },
        });
        if let Some(topic) = &self.topic {
            alarm["Properties"]["AlarmActions"] = json!([action(topic)?]);
        }
        // An alarm on a function that a condition leaves out would refer to nothing.
        if let Some(condition) =
            template::get::<String>(Pointer::resource(function).join("Condition"))?
        {
            alarm["Condition"] = Value::String(condition);
        }
        template::add_resource(&format!("{function}{metric}Alarm"), &alarm)
    }
}

/// The alarm's action: the topic's ARN.
fn action(topic: &str) -> Result<Value> {
    if topic.contains("${") || topic.starts_with("arn:") {
        return Ok(intrinsics::text(topic));
    }
    match template::resource_type(topic).as_deref() {
        Some("AWS::SNS::Topic") => Ok(intrinsics::reference(topic)),
        Some(other) => Err(Failure::new(
            "no-topic",
            format!("`topic` names the resource `{topic}`, which is an `{other}`"),
        )
        .with_hint("name a resource of type `AWS::SNS::Topic`, a parameter, or an ARN")),
        None if template::has(Pointer::root().join("Parameters").join(topic)) => {
            Ok(intrinsics::reference(topic))
        }
        None => Err(Failure::new(
            "unknown-topic",
            format!("`topic` names `{topic}`, which is neither in the template nor an ARN"),
        )
        .with_hint(format!(
            "add `[resources.{topic}]` with `Type = \"AWS::SNS::Topic\"` to the manifest"
        ))),
    }
}

phalanx_plugin::export!(ErrorAlarms: template_decorate, configurable);

#[cfg(test)]
mod tests;
