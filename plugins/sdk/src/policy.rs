//! IAM policies: statements, documents, and roles that a service of AWS takes on.

use serde_json::{Value, json};

use crate::Resource;

/// One statement of a policy.
///
/// ```
/// use phalanx_plugin::policy::Statement;
/// use phalanx_plugin::{LogicalId, json};
///
/// let receive = Statement::allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"])
///     .on(LogicalId::from("Queue").arn());
/// assert_eq!(
///     receive.value(),
///     json!({
///         "Effect": "Allow",
///         "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
///         "Resource": { "Fn::GetAtt": ["Queue", "Arn"] },
///     })
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    effect: &'static str,
    actions: Vec<String>,
    resources: Vec<Value>,
    conditions: Vec<(String, Value)>,
}

impl Statement {
    /// Allows these actions, on nothing as yet.
    pub fn allow(actions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new("Allow", actions)
    }

    /// Denies these actions, on nothing as yet.
    pub fn deny(actions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new("Deny", actions)
    }

    fn new(effect: &'static str, actions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let actions = actions.into_iter().map(Into::into).collect();
        Self { effect, actions, resources: Vec::new(), conditions: Vec::new() }
    }

    /// On this resource too.
    #[must_use]
    pub fn on(mut self, resource: impl Into<Value>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// On each of these resources too.
    #[must_use]
    pub fn on_each(mut self, resources: impl IntoIterator<Item = Value>) -> Self {
        self.resources.extend(resources);
        self
    }

    /// On all resources: for actions that IAM cannot limit, such as `ecr:GetAuthorizationToken`.
    #[must_use]
    pub fn on_everything(self) -> Self {
        self.on("*")
    }

    /// Only when `operator` holds for `key` and `value`:
    /// `.when("StringEquals", "aws:SourceAccount", account)`.
    #[must_use]
    pub fn when(mut self, operator: &str, key: &str, value: impl Into<Value>) -> Self {
        self.conditions.push((operator.to_owned(), json!({ key: value.into() })));
        self
    }

    /// The statement as JSON.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut statement = json!({ "Effect": self.effect, "Action": self.actions });
        match self.resources.as_slice() {
            [] => {}
            [one] => statement["Resource"] = one.clone(),
            many => statement["Resource"] = json!(many),
        }
        for (operator, test) in &self.conditions {
            if let Value::Object(test) = test {
                for (key, value) in test {
                    statement["Condition"][operator][key] = value.clone();
                }
            }
        }
        statement
    }
}

impl From<Statement> for Value {
    fn from(statement: Statement) -> Self {
        statement.value()
    }
}

/// A policy document of these statements.
#[must_use]
pub fn document(statements: impl IntoIterator<Item = impl Into<Value>>) -> Value {
    let statements: Vec<Value> = statements.into_iter().map(Into::into).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The policy that lets a service, such as `ecs-tasks.amazonaws.com`, take on a role. The name may hold
/// `${…}`: EC2 is `ec2.${AWS::URLSuffix}`, since China has a name of its own for it.
#[must_use]
pub fn assumed_by(service: &str) -> Value {
    document([trust(service)])
}

/// As [`assumed_by`], but only for work of this account on what `source` names: no other account's
/// task can make the service use the role.
///
/// ```
/// use phalanx_plugin::{arn, intrinsics, json, policy};
///
/// let source = intrinsics::value(&arn::regional("ecs", "*"));
/// let trust = policy::assumed_by_for("ecs-tasks.amazonaws.com", source);
/// assert_eq!(
///     trust["Statement"][0]["Condition"]["StringEquals"],
///     json!({ "aws:SourceAccount": { "Ref": "AWS::AccountId" } })
/// );
/// ```
#[must_use]
pub fn assumed_by_for(service: &str, source: impl Into<Value>) -> Value {
    let mut trust = trust(service);
    trust["Condition"] = json!({
        "ArnLike": { "aws:SourceArn": source.into() },
        "StringEquals": { "aws:SourceAccount": crate::intrinsics::reference("AWS::AccountId") },
    });
    document([trust])
}

fn trust(service: &str) -> Value {
    let service = crate::intrinsics::value(service);
    json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" })
}

/// A role with one policy of its own, or none when nothing is allowed.
///
/// ```
/// # use phalanx_plugin::{policy, json};
/// use phalanx_plugin::policy::Statement;
///
/// let role = policy::role(
///     policy::assumed_by("ecs-tasks.amazonaws.com"),
///     "worker",
///     [Statement::allow(["s3:GetObject"]).on("arn:aws:s3:::orders/*")],
/// );
/// let policies = &role.value()["Properties"]["Policies"];
/// assert_eq!(policies[0]["PolicyName"], "worker");
/// assert_eq!(policies[0]["PolicyDocument"]["Statement"][0]["Action"], json!(["s3:GetObject"]));
/// ```
#[must_use]
pub fn role(
    trust: Value,
    policy_name: &str,
    statements: impl IntoIterator<Item = Statement>,
) -> Resource {
    let statements: Vec<_> = statements.into_iter().collect();
    let role = Resource::new("AWS::IAM::Role").property("AssumeRolePolicyDocument", trust);
    if statements.is_empty() {
        return role;
    }
    let policy = json!({ "PolicyName": policy_name, "PolicyDocument": document(statements) });
    role.property("Policies", json!([policy]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_one_operator_stand_together() {
        let statement = Statement::deny(["s3:*"])
            .on_each([json!("a"), json!("b")])
            .when("StringEquals", "aws:a", 1)
            .when("StringEquals", "aws:b", 2)
            .when("Bool", "aws:SecureTransport", "false");
        assert_eq!(
            statement.value(),
            json!({
                "Effect": "Deny",
                "Action": ["s3:*"],
                "Resource": ["a", "b"],
                "Condition": {
                    "StringEquals": { "aws:a": 1, "aws:b": 2 },
                    "Bool": { "aws:SecureTransport": "false" },
                },
            })
        );
    }

    #[test]
    fn a_role_that_may_do_nothing_has_no_policy() {
        let role = role(assumed_by("ec2.${AWS::URLSuffix}"), "none", []);
        assert_eq!(
            role.value()["Properties"],
            json!({ "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": { "Fn::Sub": "ec2.${AWS::URLSuffix}" } },
                    "Action": "sts:AssumeRole",
                }],
            } })
        );
    }

    #[test]
    fn everything_is_said_aloud() {
        let statement = Statement::allow(["ecr:GetAuthorizationToken"]).on_everything();
        assert_eq!(statement.value()["Resource"], "*");
    }
}
