//! `wildcard-action` and `wildcard-resource`: IAM statements that allow too much.
//!
//! Statements are found wherever they stand inside a policy, so also inside `Fn::If`. Policies on a
//! resource (a queue's, a key's) are another matter: there `*` means the resource itself.

use phalanx_plugin::{Finding, Pointer, Result, Severity, Value, template};

use crate::Findings;

/// Actions that IAM can allow on all resources only; sorted.
const UNSCOPED: [&str; 17] = [
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:GetAuthorizationToken",
    "ecs:DiscoverPollEndpoint",
    "s3:ListAllMyBuckets",
    "sts:GetCallerIdentity",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

pub(crate) fn check(findings: &mut Findings<'_>, id: &str, resource_type: &str) -> Result {
    let property = match resource_type {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => "Policies",
        "AWS::IAM::Policy"
        | "AWS::IAM::ManagedPolicy"
        | "AWS::IAM::RolePolicy"
        | "AWS::IAM::UserPolicy"
        | "AWS::IAM::GroupPolicy" => "PolicyDocument",
        _ => return Ok(()),
    };
    let at = Pointer::property(id, property);
    if let Some(policies) = template::get::<Value>(&at)? {
        statements(&policies, &at, &mut |statement, at| judge(findings, id, statement, at));
    }
    Ok(())
}

/// Every statement that allows something, below `value`.
pub(crate) fn statements(value: &Value, at: &Pointer, found: &mut impl FnMut(&Value, &Pointer)) {
    match value {
        Value::Object(members) if members.get("Effect").is_some_and(|e| e == "Allow") => {
            found(value, at);
        }
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| statements(value, &at.clone().join(key), found));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| statements(item, &at.clone().index(index), found));
        }
        _ => {}
    }
}

fn judge(findings: &mut Findings<'_>, id: &str, statement: &Value, at: &Pointer) {
    for action in texts(&statement["Action"]).filter(|action| too_wide(action)) {
        findings.add(
            Finding::new(
                Severity::Error,
                "wildcard-action",
                at.clone().join("Action"),
                format!("`{id}` allows the action `{action}`"),
            )
            .with_hint("name the actions that the code calls"),
        );
    }
    if statement.get("NotAction").is_some() {
        findings.add(
            Finding::new(
                Severity::Error,
                "wildcard-action",
                at.clone().join("NotAction"),
                format!("`{id}` allows all actions but a few"),
            )
            .with_hint("name the actions that the code calls in `Action`"),
        );
    }
    let scopable = |action: &str| UNSCOPED.binary_search(&action).is_err();
    let all_resources = texts(&statement["Resource"]).any(|resource| resource == "*");
    if all_resources && texts(&statement["Action"]).any(scopable) {
        findings.add(
            Finding::new(
                Severity::Warning,
                "wildcard-resource",
                at.clone().join("Resource"),
                format!("`{id}` allows actions on all resources"),
            )
            .with_hint("name the resources, such as `${Queue.Arn}`"),
        );
    }
}

/// `*`, `*:*`, `s3:*`; a prefix such as `s3:Get*` is narrow enough.
fn too_wide(action: &str) -> bool {
    action == "*" || action.ends_with(":*")
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(UNSCOPED.is_sorted());
    }
}
