//! Containers on ECS, by the plugin `ecs-cluster`.

/// Configs that cannot work, and what the person reads.
mod configs;
/// Deployments to the AWS APIs, of what the test server knows.
mod deploys;
/// Every way to run a container: its template against cfn-lint and the guardrails.
mod modes;
/// The page that compares with the framework that Phalanx follows.
mod page;

use crate::support::Project;

/// A queue, and an image of ECR by its digest.
const JOBS: &str = r#"
[service]
name = "jobs"
region = "eu-central-1"

[resources.Jobs]
Type = "AWS::SQS::Queue"
DeletionPolicy = "Delete"
UpdateReplacePolicy = "Delete"
Properties = { SqsManagedSseEnabled = true }
"#;

/// An image in ECR, by its digest.
const IMAGE: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/jobs@sha256:\
                     3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

/// The service with one worker; `config` has the lines of its config, `image` is there.
fn worker(config: &str) -> Project {
    Project::new(&manifest(&format!("image = \"{IMAGE}\"\n{config}")))
}

/// The manifest of the service with one worker.
fn manifest(config: &str) -> String {
    format!(
        "{JOBS}\n[plugins.worker]\nsource = \"builtin:ecs-cluster\"\n\n[plugins.worker.config]\n{config}\n"
    )
}

/// A second worker, which takes the cluster and the network of the first.
fn second_worker() -> String {
    format!(
        "\n[plugins.mailer]\nsource = \"builtin:ecs-cluster\"\n\n[plugins.mailer.config]\nname = \"mailer\"\n\
         image = \"{IMAGE}\"\ncluster = \"${{WorkerCluster}}\"\n\
         subnets = [\"${{WorkerSubnetA}}\", \"${{WorkerSubnetB}}\"]\n\
         security-groups = [\"${{WorkerSecurityGroup}}\"]\nassign-public-ip = true\n"
    )
}
