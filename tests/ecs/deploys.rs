//! Deployments to the AWS APIs, of what the test server knows: it has no capacity providers and no
//! application auto scaling.

use serde_json::{Value, json};

use super::{second_worker, worker};
use crate::support::{Account, change};

#[test]
fn a_worker_on_fargate_from_creation_to_deletion() {
    let Some(account) = Account::new() else { return };
    let project = worker(
        "command = [\"worker\"]\nenvironment = { QUEUE_URL = \"${Jobs}\" }\nsecrets = { TOKEN = \"/jobs/token\" }\n\
         permissions = [{ actions = [\"sqs:ReceiveMessage\"], resource = \"${Jobs.Arn}\" }]",
    );
    let deployed = account.phalanx(&project, "deploy --output json").succeeds().json();
    assert_eq!(deployed["change"], "created");
    let text = |output: &str| deployed["outputs"][output].as_str().unwrap().to_owned();
    let (cluster, service) = (text("WorkerClusterName"), text("WorkerServiceName"));
    assert_eq!(text("WorkerLogGroupName"), "/ecs/jobs-dev-worker");

    let described = account
        .ask("ecs", &format!("describe_services(cluster='{cluster}', services=['{service}'])"));
    let described = &described["services"][0];
    assert_eq!(described["desiredCount"], 1, "{described:#}");
    assert_eq!(described["launchType"], "FARGATE");
    let task = described["taskDefinition"].as_str().unwrap();
    let task = account.ask("ecs", &format!("describe_task_definition(taskDefinition='{task}')"));
    let container = &task["taskDefinition"]["containerDefinitions"][0];
    assert_eq!(container["name"], "worker");
    assert_eq!(container["command"], json!(["worker"]));
    let queue = account.ask("sqs", "list_queues()");
    let environment = container["environment"].as_array().unwrap();
    let url = json!({ "name": "QUEUE_URL", "value": queue["QueueUrls"][0] });
    assert!(environment.contains(&url), "{environment:?}");

    // Another memory is another revision of the task definition, and the service follows.
    change(&project, "secrets", "memory = 1024\nsecrets");
    account.phalanx(&project, "deploy").succeeds();
    let described = account
        .ask("ecs", &format!("describe_services(cluster='{cluster}', services=['{service}'])"));
    assert_ne!(
        described["services"][0]["taskDefinition"],
        task["taskDefinition"]["taskDefinitionArn"]
    );
    account.phalanx(&project, "plan --exit-code").succeeds();

    account.phalanx(&project, "delete").succeeds();
    for (service, call, list) in [
        (
            "ec2",
            "describe_security_groups(Filters=[{'Name':'group-name','Values':['jobs*']}])",
            "SecurityGroups",
        ),
        ("iam", "list_roles()", "Roles"),
        ("logs", "describe_log_groups()", "logGroups"),
        ("ecs", "list_clusters()", "clusterArns"),
    ] {
        assert_eq!(account.ask(service, call)[list], json!([]), "{service}");
    }
}

#[test]
fn a_worker_on_instances_of_somebody_else() {
    let Some(account) = Account::new() else { return };
    let project = worker(
        "launch-type = \"ec2\"\ncapacity = \"none\"\nnetwork-mode = \"host\"\ndesired-count = 0\nlog-retention = 1",
    );
    account.phalanx(&project, "deploy").succeeds();
    let groups = account.ask("logs", "describe_log_groups()");
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 1, "{groups:#}");
    let definitions = account.ask("ecs", "list_task_definitions()");
    let arn = definitions["taskDefinitionArns"][0].as_str().unwrap();
    let task = account.ask("ecs", &format!("describe_task_definition(taskDefinition='{arn}')"));
    let task = &task["taskDefinition"];
    assert_eq!(task["networkMode"], "host");
    assert_eq!(task["requiresCompatibilities"], json!(["EC2"]));
    account.phalanx(&project, "plan --exit-code").succeeds();
    account.phalanx(&project, "delete").succeeds();
}

/// The roles as IAM has them: the code may do what it was permitted, and ECS what it must.
#[test]
fn the_roles_are_two_and_narrow() {
    let Some(account) = Account::new() else { return };
    let project = worker(
        "permissions = [{ actions = [\"sqs:ReceiveMessage\"], resource = \"${Jobs.Arn}\" }]",
    );
    account.phalanx(&project, "deploy").succeeds();
    let queue = format!("arn:aws:sqs:eu-central-1:{}:", account.id);
    let mut roles = account.ask("iam", "list_roles()")["Roles"].as_array().unwrap().clone();
    roles.sort_by_key(|role| role["RoleName"].to_string());
    assert_eq!(roles.len(), 2, "{roles:#?}");
    let policy = |role: &Value, name: &str| {
        let role = role["RoleName"].as_str().unwrap();
        account.ask("iam", &format!("get_role_policy(RoleName='{role}', PolicyName='{name}')"))
    };
    let task = policy(&roles[1], "task")["PolicyDocument"]["Statement"].clone();
    assert_eq!(task[0]["Action"], json!(["sqs:ReceiveMessage"]));
    assert!(task[0]["Resource"].as_str().unwrap().starts_with(&queue), "{task}");
    let execution = policy(&roles[0], "execution")["PolicyDocument"]["Statement"].clone();
    let repository = "arn:aws:ecr:eu-central-1:123456789012:repository/team/jobs";
    assert_eq!(execution[2]["Resource"], repository, "{execution:#}");
}

#[test]
fn a_second_worker_on_the_cluster_and_network_of_the_first() {
    let Some(account) = Account::new() else { return };
    let project = worker("");
    project.write("phalanx.toml", project.read("phalanx.toml") + &second_worker());
    let deployed = account.phalanx(&project, "deploy --output json").succeeds().json();
    let text = |output: &str| deployed["outputs"][output].as_str().unwrap().to_owned();
    assert_eq!(text("MailerClusterName"), text("WorkerClusterName"));
    let cluster = text("WorkerClusterName");
    let services = account.ask("ecs", &format!("list_services(cluster='{cluster}')"));
    assert_eq!(services["serviceArns"].as_array().unwrap().len(), 2, "{services:#}");
    account.phalanx(&project, "plan --exit-code").succeeds();
    account.phalanx(&project, "delete").succeeds();
}

#[test]
fn a_worker_on_a_cluster_and_in_subnets_that_are_there() {
    let Some(account) = Account::new() else { return };
    account.ask("ecs", "create_cluster(clusterName='shared')");
    let vpc = account.ask("ec2", "create_vpc(CidrBlock='10.9.0.0/16')");
    let vpc = vpc["Vpc"]["VpcId"].as_str().unwrap();
    let subnet =
        account.ask("ec2", &format!("create_subnet(VpcId='{vpc}', CidrBlock='10.9.0.0/24')"));
    let subnet = subnet["Subnet"]["SubnetId"].as_str().unwrap();
    let project = worker(&format!(
        "cluster = \"arn:aws:ecs:eu-central-1:{}:cluster/shared\"\nsubnets = [\"{subnet}\"]\n",
        account.id
    ));
    let deployed = account.phalanx(&project, "deploy --output json").succeeds().json();
    assert_eq!(deployed["outputs"]["WorkerClusterName"], "shared");
    let services = account.ask("ecs", "list_services(cluster='shared')");
    let arn = services["serviceArns"][0].as_str().unwrap();
    let service =
        account.ask("ecs", &format!("describe_services(cluster='shared', services=['{arn}'])"));
    let network = &service["services"][0]["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"], json!([subnet]), "{service:#}");
    assert_eq!(network["assignPublicIp"], "DISABLED");
    account.phalanx(&project, "delete").succeeds();
    let clusters = account.ask("ecs", "list_clusters()");
    assert_eq!(clusters["clusterArns"].as_array().unwrap().len(), 1, "what was there stays");
}
