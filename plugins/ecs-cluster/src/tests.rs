use phalanx_plugin::Pointer;
use phalanx_plugin::testing::Host;

use super::*;

const IMAGE: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/jobs@sha256:0123";

fn host(config: Value) -> Host {
    let template = json!({ "Resources": { "Jobs": { "Type": "AWS::SQS::Queue" } } });
    let image = json!({ "reference": IMAGE, "digest": "sha256:0123" });
    Host::with_template(template).context_value("image", image).config(config)
}

fn decorated(config: Value) -> Host {
    let mut host = host(config);
    host.run(EcsCluster::pre_build).unwrap();
    host.run(EcsCluster::decorate_service).unwrap();
    host
}

/// The properties of a resource of the worker.
fn properties(config: Value, id: &str) -> Value {
    let host = decorated(config);
    let at = Pointer::resource(id).join("Properties");
    host.template().pointer(at.as_str()).unwrap_or_else(|| panic!("no {id}")).clone()
}

fn container(config: Value) -> Value {
    properties(config, "WorkerTaskDefinition")["ContainerDefinitions"][0].clone()
}

fn ids(host: &Host) -> Vec<&str> {
    host.template()["Resources"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_image_is_that_of_the_context_unless_the_config_names_one() {
    assert_eq!(container(json!({}))["Image"], IMAGE);
    assert_eq!(container(json!({ "image": "alpine:3" }))["Image"], "alpine:3");
    assert_eq!(container(json!({ "image": "${Image}" }))["Image"], json!({ "Ref": "Image" }));
    let mut other = host(json!({ "image-from": "mailer.reference" }))
        .context_value("mailer", json!({ "reference": "mailer:1" }));
    other.run(EcsCluster::decorate_service).unwrap();
    let task = &other.template()["Resources"]["WorkerTaskDefinition"]["Properties"];
    assert_eq!(task["ContainerDefinitions"][0]["Image"], "mailer:1");
}

#[test]
fn without_an_image_nothing_is_added() {
    let mut host = host(json!({ "image-from": "picture.reference" }));
    let failure = host.run(EcsCluster::decorate_service).unwrap_err();
    assert_eq!(failure.code(), "no-context-value");
    assert!(failure.hint().unwrap().contains("must come before this one"), "{failure:?}");
    assert_eq!(ids(&host), ["Jobs"]);
}

#[test]
fn an_image_that_hides_its_repository_is_warned_of() {
    let warned = |image: &str| {
        decorated(json!({ "image": image })).logged("warn").iter().any(|line| line.contains("pull"))
    };
    assert!(warned("${Image}"));
    assert!(!warned(IMAGE));
    assert!(!warned("alpine:3"));
}

#[test]
fn the_environment_is_sorted_and_has_the_region() {
    let environment =
        |environment| container(json!({ "environment": environment }))["Environment"].clone();
    assert_eq!(
        environment(json!({ "URL": "${Jobs}", "BATCH": 10, "DEBUG": true, "SHARE": 0.5 })),
        json!([
            { "Name": "AWS_REGION", "Value": { "Ref": "AWS::Region" } },
            { "Name": "BATCH", "Value": "10" },
            { "Name": "DEBUG", "Value": "true" },
            { "Name": "SHARE", "Value": "0.5" },
            { "Name": "URL", "Value": { "Ref": "Jobs" } },
        ])
    );
    assert_eq!(
        environment(json!({ "AWS_REGION": "eu-west-1" })),
        json!([{ "Name": "AWS_REGION", "Value": "eu-west-1" }])
    );
}

#[test]
fn a_health_check_is_a_line_for_the_shell_or_words() {
    let command = |command| {
        container(json!({ "health-check": { "command": command } }))["HealthCheck"]["Command"]
            .clone()
    };
    assert_eq!(command(json!("curl -f localhost")), json!(["CMD-SHELL", "curl -f localhost"]));
    assert_eq!(command(json!(["/worker", "health"])), json!(["CMD", "/worker", "health"]));
}

#[test]
fn memory_is_twice_the_cpu_unless_named() {
    let size = |config| {
        let task = properties(config, "WorkerTaskDefinition");
        (task["Cpu"].clone(), task["Memory"].clone())
    };
    assert_eq!(size(json!({})), (json!("256"), json!("512")));
    assert_eq!(size(json!({ "cpu": 4096 })), (json!("4096"), json!("8192")));
    assert_eq!(size(json!({ "memory": 1024 })), (json!("256"), json!("1024")));
}

#[test]
fn the_task_role_may_do_what_is_permitted_and_nothing_else() {
    let role = |config| properties(config, "WorkerTaskRole");
    assert_eq!(role(json!({})).get("Policies"), None);
    let permitted = json!({ "permissions": [
        { "actions": ["sqs:ReceiveMessage"], "resource": "${Jobs.Arn}" },
        { "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"] },
    ] });
    assert_eq!(
        role(permitted)["Policies"][0]["PolicyDocument"]["Statement"],
        json!([
            {
                "Effect": "Allow",
                "Action": ["sqs:ReceiveMessage"],
                "Resource": { "Fn::GetAtt": ["Jobs", "Arn"] },
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
            },
        ])
    );
}

#[test]
fn the_execution_role_has_what_the_task_needs() {
    let actions = |config| -> Vec<String> {
        let role = properties(config, "WorkerExecutionRole");
        let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
        let first = |one: &Value| one["Action"][0].as_str().unwrap().to_owned();
        statements.as_array().unwrap().iter().map(first).collect()
    };
    assert_eq!(actions(json!({ "image": "alpine:3" })), ["logs:CreateLogStream"]);
    assert_eq!(
        actions(
            json!({ "secrets": { "A": "/a", "B": "arn:aws:secretsmanager:x:1:secret:b-123456" } })
        ),
        [
            "logs:CreateLogStream",
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "secretsmanager:GetSecretValue",
            "ssm:GetParameters",
        ]
    );
}

#[test]
fn two_keys_of_one_secret_are_one_permission() {
    let arn = "arn:aws:secretsmanager:eu-central-1:1:secret:db-Ab12Cd";
    let secrets = json!({ "USER": format!("{arn}:user::"), "WORD": format!("{arn}:word::") });
    let config = json!({ "image": "alpine:3", "secrets": secrets });
    let role = properties(config.clone(), "WorkerExecutionRole");
    assert_eq!(role["Policies"][0]["PolicyDocument"]["Statement"][1]["Resource"], arn);
    assert_eq!(container(config)["Secrets"][1]["ValueFrom"], format!("{arn}:word::"));
}

#[test]
fn on_instances_without_subnets_tasks_share_their_network() {
    let mode = |config| properties(config, "WorkerTaskDefinition")["NetworkMode"].clone();
    assert_eq!(mode(json!({})), "awsvpc");
    assert_eq!(mode(json!({ "launch-type": "ec2" })), "bridge");
    assert_eq!(mode(json!({ "launch-type": "ec2", "subnets": ["subnet-1"] })), "awsvpc");
    assert_eq!(mode(json!({ "launch-type": "ec2", "network-mode": "host" })), "host");
}

#[test]
fn subnets_are_texts_or_a_parameter_that_is_a_list() {
    let network = |subnets| {
        let config = json!({ "subnets": subnets, "security-groups": "${Groups}" });
        let service = properties(config, "WorkerService");
        let interfaces = service["NetworkConfiguration"]["AwsvpcConfiguration"].clone();
        assert_eq!(interfaces["SecurityGroups"], json!({ "Ref": "Groups" }));
        interfaces["Subnets"].clone()
    };
    assert_eq!(network(json!("${Subnets}")), json!({ "Ref": "Subnets" }));
    assert_eq!(network(json!(["subnet-1", "${B}"])), json!(["subnet-1", { "Ref": "B" }]));
}

#[test]
fn somebody_elses_instances_bring_their_network() {
    let config = json!({ "launch-type": "ec2", "capacity": "none" });
    let host = decorated(config.clone());
    assert!(ids(&host).iter().all(|id| !id.contains("Vpc") && !id.contains("Instance")));
    let service = properties(config, "WorkerService");
    assert_eq!(service["LaunchType"], "EC2");
    assert_eq!(service.get("NetworkConfiguration"), None);
    assert_eq!(service["DeploymentConfiguration"]["MinimumHealthyPercent"], 0);
}

#[test]
fn a_second_worker_on_instances_has_the_first_ones_start_more() {
    let mut host = decorated(json!({ "launch-type": "ec2" }));
    let second = json!({ "name": "mailer", "launch-type": "ec2", "cluster": "${WorkerCluster}" });
    host = host.config(second);
    host.run(EcsCluster::decorate_service).unwrap();
    let service = &host.template()["Resources"]["MailerService"];
    let strategy =
        json!([{ "CapacityProvider": { "Ref": "WorkerCapacityProvider" }, "Weight": 1 }]);
    assert_eq!(service["Properties"]["CapacityProviderStrategy"], strategy);
    assert_eq!(service["Properties"].get("LaunchType"), None);
    assert_eq!(service["DependsOn"], json!(["WorkerClusterCapacity"]));
    let other = properties(json!({ "launch-type": "ec2", "cluster": "other" }), "WorkerService");
    assert_eq!(other["LaunchType"], "EC2");
}

#[test]
fn a_rolling_update_always_has_an_instance_to_replace() {
    let stay = |instances| {
        let host = decorated(json!({ "launch-type": "ec2", "instances": instances }));
        let group = &host.template()["Resources"]["WorkerInstances"];
        let size = |name: &str| group["Properties"][name].as_str().unwrap().parse::<u32>().unwrap();
        let update = &group["UpdatePolicy"]["AutoScalingRollingUpdate"];
        let stay = update["MinInstancesInService"].as_u64().unwrap();
        assert!(stay < u64::from(size("MaxSize")), "CloudFormation refuses it otherwise");
        (size("MinSize"), size("MaxSize"), stay)
    };
    assert_eq!(stay(json!({})), (1, 2, 1));
    assert_eq!(stay(json!({ "max": 1 })), (1, 1, 0));
    assert_eq!(stay(json!({ "min": 3 })), (3, 4, 3));
    assert_eq!(stay(json!({ "min": 2, "max": 2 })), (2, 2, 1));
    assert_eq!(stay(json!({ "min": 0 })), (0, 2, 1));
}

#[test]
fn instances_join_their_cluster_and_keep_their_credentials() {
    let config = json!({ "launch-type": "ec2", "instances": { "key-name": "${Key}" } });
    let data = &properties(config, "WorkerLaunchTemplate")["LaunchTemplateData"];
    assert_eq!(
        data["UserData"]["Fn::Base64"]["Fn::Sub"],
        "#!/bin/bash\n\
         cat >> /etc/ecs/ecs.config <<'END'\n\
         ECS_CLUSTER=${WorkerCluster}\n\
         ECS_AWSVPC_BLOCK_IMDS=true\n\
         ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true\n\
         END\n"
    );
    assert_eq!(data["MetadataOptions"]["HttpTokens"], "required");
    assert_eq!(data["KeyName"], json!({ "Ref": "Key" }));
    assert_eq!(data["ImageId"], json!({ "Ref": "WorkerInstanceImage" }));
}

#[test]
fn a_capacity_provider_has_a_name_where_that_of_its_stack_would_be_refused() {
    let name = |stage: &str| {
        let mut host = host(json!({ "launch-type": "ec2" })).stage(stage);
        host.run(EcsCluster::decorate_service).unwrap();
        host.template()["Resources"]["WorkerCapacityProvider"]["Properties"].get("Name").cloned()
    };
    // The host of the tests calls its stacks `service-STAGE`.
    assert_eq!(name("dev"), None);
    for (stack, refused) in
        [("ecs-jobs", true), ("AWS-x", true), ("fargate", true), ("jobs-ecs", false)]
    {
        assert_eq!(instances::name_is_refused(stack), refused, "{stack}");
    }
}

#[test]
fn scaling_leaves_the_number_of_tasks_alone() {
    let config = json!({ "scaling": { "queue": "Jobs" } });
    assert_eq!(properties(config.clone(), "WorkerService").get("DesiredCount"), None);
    let settings = &properties(config, "WorkerCluster")["ClusterSettings"];
    assert_eq!(settings, &json!([{ "Name": "containerInsights", "Value": "enabled" }]));
    assert_eq!(properties(json!({}), "WorkerService")["DesiredCount"], 1);
}

#[test]
fn an_existing_cluster_is_scaled_by_its_name() {
    for (cluster, resource) in [
        ("shared", "service/shared/${WorkerService.Name}"),
        ("arn:aws:ecs:x:1:cluster/shared", "service/shared/${WorkerService.Name}"),
        ("${Cluster}", "service/${Cluster}/${WorkerService.Name}"),
    ] {
        let config = json!({ "cluster": cluster, "scaling": { "queue": "Jobs" } });
        let target = properties(config, "WorkerScalableTarget");
        assert_eq!(target["ResourceId"], json!({ "Fn::Sub": resource }), "{cluster}");
    }
}

#[test]
fn scaling_counts_tasks_on_a_cluster_of_the_template() {
    let scaled = |cluster: &Value| {
        let template = json!({ "Resources": {
            "Jobs": { "Type": "AWS::SQS::Queue" },
            "Own": { "Type": "AWS::ECS::Cluster", "Properties": cluster },
        } });
        let mut host = Host::with_template(template).config(json!({
            "image": "alpine:3", "cluster": "${Own}", "scaling": { "queue": "Jobs" },
        }));
        let result = host.run(EcsCluster::decorate_service);
        result
            .map(|()| host.template()["Resources"]["Own"]["Properties"]["ClusterSettings"].clone())
    };
    let on = json!([{ "Name": "containerInsights", "Value": "enabled" }]);
    assert_eq!(scaled(&json!({})).unwrap(), on);
    assert_eq!(scaled(&json!({ "ClusterSettings": on })).unwrap(), on);
    let enhanced = json!([{ "Name": "containerInsights", "Value": "enhanced" }]);
    assert_eq!(scaled(&json!({ "ClusterSettings": enhanced })).unwrap(), enhanced);
    let off = json!([{ "Name": "containerInsights", "Value": "disabled" }]);
    let failure = scaled(&json!({ "ClusterSettings": off })).unwrap_err();
    assert_eq!(failure.code(), "no-container-insights");
}

#[test]
fn ids_begin_with_the_name() {
    let host = decorated(json!({ "name": "mail-sender" }));
    let mut own = ids(&host).into_iter().filter(|id| *id != "Jobs");
    assert!(own.all(|id| id.starts_with("MailSender")));
    let task = &host.template()["Resources"]["MailSenderTaskDefinition"]["Properties"];
    assert_eq!(task["ContainerDefinitions"][0]["Name"], "mail-sender");
    assert_eq!(task["Family"], json!({ "Fn::Sub": "${AWS::StackName}-mail-sender" }));
}

#[test]
fn a_name_that_is_taken_is_refused_with_what_to_do() {
    let mut host = decorated(json!({}));
    let failure = host.run(EcsCluster::decorate_service).unwrap_err();
    assert_eq!(
        format!("{failure:?}"),
        "[name-taken] worker `worker` needs the id `WorkerCluster`, which is there already in \
         `Resources` (hint: give this worker another `name`)"
    );
}

#[test]
fn the_schema_describes_every_key() {
    fn undescribed(at: &str, schema: &Value, found: &mut Vec<String>) {
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            if value["description"].as_str().is_none_or(str::is_empty) {
                found.push(at.clone());
            }
            undescribed(&at, value, found);
            undescribed(&at, &value["items"], found);
        }
    }
    let mut found = Vec::new();
    undescribed("", &EcsCluster::config_schema(), &mut found);
    assert_eq!(found, [""; 0]);
}

/// The defaults that the schema tells at `pointer`.
fn told_defaults(pointer: &str) -> Value {
    let schema = EcsCluster::config_schema();
    let keys = schema.pointer(pointer).and_then(|part| part["properties"].as_object()).unwrap();
    let told =
        keys.iter().filter_map(|(key, part)| Some((key.clone(), part.get("default")?.clone())));
    Value::Object(told.collect())
}

#[test]
fn the_defaults_that_the_schema_tells_are_those_that_hold() {
    let template = |config: Value| decorated(config).template().clone();
    assert_eq!(template(told_defaults("")), template(json!({})));
    for (key, needed) in [
        ("health-check", json!({ "command": "true" })),
        ("scaling", json!({ "queue": "Jobs" })),
        ("instances", json!({})),
    ] {
        let mut full = told_defaults(&format!("/properties/{key}"));
        let Value::Object(members) = &mut full else { panic!("{full}") };
        members.extend(needed.as_object().unwrap().clone());
        let config = |part: &Value| json!({ "launch-type": "ec2", key: part });
        assert_eq!(template(config(&full)), template(config(&needed)), "{key}");
    }
}

#[test]
fn every_key_is_in_the_readme() {
    fn keys(schema: &Value, found: &mut Vec<String>) {
        for (key, part) in schema["properties"].as_object().into_iter().flatten() {
            found.push(key.clone());
            keys(part, found);
            keys(&part["items"], found);
        }
    }
    let mut all = Vec::new();
    keys(&EcsCluster::config_schema(), &mut all);
    let tables: String =
        include_str!("../README.md").lines().filter(|line| line.starts_with("| `")).collect();
    all.retain(|key| !tables.contains(&format!("`{key}`")));
    assert_eq!(all, [""; 0]);
}
