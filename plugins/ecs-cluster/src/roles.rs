//! The two roles of a task: what its code may do, and what ECS must do to start it.

use phalanx_plugin::policy::{self, Statement};
use phalanx_plugin::{LogicalId, Result, Value, arn, intrinsics};

use crate::EcsCluster;
use crate::config::Permission;
use crate::image::Image;
use crate::secrets::{Secret, Store};

const TASKS: &str = "ecs-tasks.amazonaws.com";

/// The roles.
pub(crate) struct Roles {
    /// What the code may do: what `permissions` say, nothing else.
    pub(crate) task: LogicalId,
    /// What ECS does before the code runs: pull the image, open the log, read the secrets.
    pub(crate) execution: LogicalId,
}

pub(crate) fn add(
    config: &EcsCluster,
    image: &Image,
    secrets: &[Secret],
    log_group: &LogicalId,
) -> Result<Roles> {
    let only_here = intrinsics::value(&arn::regional("ecs", "*"));
    let trust = policy::assumed_by_for(TASKS, only_here);
    let allowed = config.permissions.iter().map(permission);
    let task = config.add("TaskRole", &policy::role(trust, "task", allowed))?;

    let logs = Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on(log_group.arn());
    let mut needed = vec![logs];
    needed.extend(image.repository.iter().flat_map(pull));
    needed.extend(reading(secrets, Store::SecretsManager, "secretsmanager:GetSecretValue"));
    needed.extend(reading(secrets, Store::ParameterStore, "ssm:GetParameters"));
    let trust = policy::assumed_by(TASKS);
    let execution = config.add("ExecutionRole", &policy::role(trust, "execution", needed))?;
    Ok(Roles { task, execution })
}

fn permission(permission: &Permission) -> Statement {
    let resources = permission.resource.iter().chain(&permission.resources);
    let resources = resources.map(|text| intrinsics::value(text));
    Statement::allow(permission.actions.iter()).on_each(resources)
}

/// What pulling from this repository takes. The token is the account's: IAM knows no narrower resource.
fn pull(repository: &Value) -> [Statement; 2] {
    const LAYERS: [&str; 3] =
        ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    [
        Statement::allow(["ecr:GetAuthorizationToken"]).on_everything(),
        Statement::allow(LAYERS).on(repository.clone()),
    ]
}

fn reading(secrets: &[Secret], store: Store, action: &str) -> Option<Statement> {
    let mut arns: Vec<Value> = Vec::new();
    for secret in secrets.iter().filter(|secret| secret.store == store) {
        // Two variables may be two keys of one secret.
        if !arns.contains(&secret.arn) {
            arns.push(secret.arn.clone());
        }
    }
    (!arns.is_empty()).then(|| Statement::allow([action]).on_each(arns))
}
