//! Every way to run a container: its template against cfn-lint and the guardrails.

use serde_json::json;

use super::{IMAGE, JOBS, manifest, second_worker, worker};
use crate::support::{Project, findings, guests};

/// What each mode is called, and its config beside the image.
const MODES: [(&str, &str); 16] = [
    ("Fargate in a network of its own", ""),
    (
        "Fargate with everything",
        r#"
        command = ["worker", "--batch", "10"]
        entry-point = ["/worker"]
        cpu = 512
        memory = 3072
        stop-timeout = 120
        environment = { QUEUE_URL = "${Jobs}", QUEUE_NAME = "${Jobs.QueueName}", BATCH = 10, DEBUG = false }
        secrets = { TOKEN = "/jobs/token", LOGIN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:login-Ab12Cd:password::" }
        permissions = [
            { actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage"], resource = "${Jobs.Arn}" },
            { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"] },
        ]
        health-check = { command = ["/worker", "health"], interval = 10, timeout = 2, retries = 5, start-period = 60 }
        log-retention = 90
        desired-count = 4
        minimum-percent = 50
        maximum-percent = 150
        "#,
    ),
    (
        "Fargate in given subnets",
        r#"
        subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
        security-groups = ["sg-0123456789abcdef0"]
        assign-public-ip = true
        "#,
    ),
    ("Fargate on Graviton", "architecture = \"arm64\"\ncpu = 16384\nmemory = 122880"),
    (
        "Fargate on an existing cluster by its ARN, scaled",
        r#"
        cluster = "arn:aws:ecs:eu-central-1:123456789012:cluster/shared"
        scaling = { queue = "Jobs", min = 0, max = 5, messages-per-task = 20 }
        "#,
    ),
    ("Fargate on an existing cluster by its name", "cluster = \"shared\""),
    ("Fargate, scaled", "scaling = { queue = \"Jobs\" }"),
    ("EC2", "launch-type = \"ec2\""),
    (
        "EC2 with everything",
        r#"
        launch-type = "ec2"
        capacity = "managed"
        architecture = "arm64"
        cpu = 200
        instances = { type = "c7g.large", min = 2, max = 6, key-name = "ops", ami-parameter = "/golden/ecs-arm64" }
        network-mode = "awsvpc"
        subnets = ["subnet-0123456789abcdef0"]
        security-groups = ["sg-0123456789abcdef0"]
        health-check = { command = "curl -f http://localhost/ || exit 1" }
        scaling = { queue = "Jobs", max = 20 }
        "#,
    ),
    (
        "EC2 in given subnets without groups",
        "launch-type = \"ec2\"\nsubnets = [\"subnet-0123456789abcdef0\"]",
    ),
    (
        "EC2 with one instance, on its network",
        "launch-type = \"ec2\"\nnetwork-mode = \"host\"\ninstances = { max = 1 }",
    ),
    (
        "EC2 with somebody else's instances",
        "launch-type = \"ec2\"\ncapacity = \"none\"\nnetwork-mode = \"host\"",
    ),
    (
        "EC2 on an existing cluster",
        "launch-type = \"ec2\"\ncluster = \"shared\"\ncapacity = \"none\"",
    ),
    (
        "EC2 on an existing cluster, with network interfaces",
        "launch-type = \"ec2\"\ncluster = \"shared\"\nsubnets = [\"subnet-0123456789abcdef0\"]",
    ),
    ("EC2 that may start from nothing", "launch-type = \"ec2\"\ninstances = { min = 0, max = 3 }"),
    ("another name", "name = \"mail-sender_2\""),
];

#[test]
fn every_mode_satisfies_cfn_lint_and_the_guardrails() {
    for (mode, config) in MODES {
        let project = worker(config);
        let guarded = project.read("phalanx.toml")
            + "\n[plugins.guardrails]\nsource = \"builtin:guardrails\"\n";
        project.write("phalanx.toml", guarded);
        project.phalanx("package").succeeds().says("no findings");
        let template = project.read(".phalanx/template.json");
        assert_eq!(findings(template), Vec::<String>::new(), "{mode}");
    }
}

#[test]
fn every_mode_deploys_to_the_local_cloud() {
    for (mode, config) in MODES {
        let project = worker(config);
        let deployed = project.phalanx("deploy --local --output json").succeeds().json();
        assert_eq!(deployed["change"], "created", "{mode}");
        let outputs = deployed["outputs"].as_object().unwrap();
        assert_eq!(outputs.len(), 3, "{mode}: {outputs:?}");
        project.phalanx("plan --local --exit-code").succeeds();
    }
}

/// The template's resources: id and type, a line each.
fn resources(project: &Project) -> String {
    let template = project.template();
    let resources = template["Resources"].as_object().unwrap();
    resources.iter().map(|(id, one)| format!("{id} {}\n", one["Type"].as_str().unwrap())).collect()
}

#[test]
fn the_template_on_fargate() {
    let project = worker(MODES[1].1);
    project.phalanx("package").succeeds();
    insta::assert_snapshot!(sections(&project));
}

#[test]
fn the_template_on_managed_instances() {
    let project = worker(MODES[8].1);
    project.phalanx("package").succeeds();
    insta::assert_snapshot!(sections(&project));
}

/// The template without what changes with every build.
fn sections(project: &Project) -> String {
    let template = project.template();
    let sections = json!({
        "Parameters": template["Parameters"],
        "Resources": template["Resources"],
        "Outputs": template["Outputs"],
    });
    serde_json::to_string_pretty(&sections).unwrap()
}

#[test]
fn two_workers_share_a_cluster_and_its_network() {
    let project = worker("");
    project.write("phalanx.toml", project.read("phalanx.toml") + &second_worker());
    project.phalanx("package").succeeds();
    assert_eq!(findings(project.read(".phalanx/template.json")), Vec::<String>::new());
    insta::assert_snapshot!(resources(&project), @"
    Jobs AWS::SQS::Queue
    WorkerCluster AWS::ECS::Cluster
    WorkerVpc AWS::EC2::VPC
    WorkerInternetGateway AWS::EC2::InternetGateway
    WorkerGatewayAttachment AWS::EC2::VPCGatewayAttachment
    WorkerRouteTable AWS::EC2::RouteTable
    WorkerDefaultRoute AWS::EC2::Route
    WorkerSubnetA AWS::EC2::Subnet
    WorkerSubnetARoute AWS::EC2::SubnetRouteTableAssociation
    WorkerSubnetB AWS::EC2::Subnet
    WorkerSubnetBRoute AWS::EC2::SubnetRouteTableAssociation
    WorkerSecurityGroup AWS::EC2::SecurityGroup
    WorkerLogGroup AWS::Logs::LogGroup
    WorkerTaskRole AWS::IAM::Role
    WorkerExecutionRole AWS::IAM::Role
    WorkerTaskDefinition AWS::ECS::TaskDefinition
    WorkerService AWS::ECS::Service
    MailerLogGroup AWS::Logs::LogGroup
    MailerTaskRole AWS::IAM::Role
    MailerExecutionRole AWS::IAM::Role
    MailerTaskDefinition AWS::ECS::TaskDefinition
    MailerService AWS::ECS::Service
    ");
    let service = &project.template()["Resources"]["MailerService"]["Properties"];
    assert_eq!(service["Cluster"], json!({ "Ref": "WorkerCluster" }));
    project.phalanx("deploy --local").succeeds();
}

#[test]
fn two_workers_share_their_instances() {
    let project = worker("launch-type = \"ec2\"");
    let second = format!(
        "\n[plugins.mailer]\nsource = \"builtin:ecs-cluster\"\n\n[plugins.mailer.config]\nname = \"mailer\"\n\
         image = \"{IMAGE}\"\nlaunch-type = \"ec2\"\ncluster = \"${{WorkerCluster}}\"\n"
    );
    project.write("phalanx.toml", project.read("phalanx.toml") + &second);
    project.phalanx("package").succeeds();
    assert_eq!(findings(project.read(".phalanx/template.json")), Vec::<String>::new());
    let services = ["WorkerService", "MailerService"].map(|id| {
        project.template()["Resources"][id]["Properties"]["CapacityProviderStrategy"].clone()
    });
    assert_eq!(services[0][0]["CapacityProvider"], json!({ "Ref": "WorkerCapacityProvider" }));
    assert_eq!(services[0], services[1]);
}

/// The setting is an addition to what another entry of the plugin wrote, and no change of it.
#[test]
fn a_second_worker_scales_on_the_cluster_of_the_first() {
    let project = worker("");
    let scaled = second_worker() + "scaling = { queue = \"Jobs\" }\n";
    project.write("phalanx.toml", project.read("phalanx.toml") + &scaled);
    project.phalanx("package").succeeds();
    assert_eq!(findings(project.read(".phalanx/template.json")), Vec::<String>::new());
    let explained =
        project.phalanx("explain WorkerCluster.Properties.ClusterSettings -q").succeeds();
    insta::assert_snapshot!(explained.stdout, @r#"
    /Resources/WorkerCluster/Properties/ClusterSettings = [{"Name":"containerInsights","Value":"enabled"}]
      written by plugin `mailer` in `template-decorate`
      history:
        plugin `worker` in `template-decorate`: /Resources/WorkerCluster: nothing -> {"Type":"AWS::ECS::Cluster"}
        plugin `mailer` in `template-decorate`: /Resources/WorkerCluster/Properties: nothing -> {"ClusterSettings":[{"Name":"containerInsights","Value":"enabled"}]}
    "#);
}

#[test]
fn subnets_may_be_a_parameter() {
    let lists = "[parameters.Subnets]\nType = \"List<AWS::EC2::Subnet::Id>\"\n\
                 Default = \"subnet-0123456789abcdef0,subnet-0123456789abcdef1\"\n\
                 [parameters.Groups]\nType = \"List<AWS::EC2::SecurityGroup::Id>\"\n\
                 Default = \"sg-0123456789abcdef0\"\n";
    let network = "subnets = \"${Subnets}\"\nsecurity-groups = \"${Groups}\"\n";
    for launch_type in ["fargate", "ec2"] {
        let project = worker(&format!("launch-type = \"{launch_type}\"\n{network}"));
        project.write("phalanx.toml", project.read("phalanx.toml") + lists);
        project.phalanx("package").succeeds();
        assert_eq!(findings(project.read(".phalanx/template.json")), Vec::<String>::new());
        project.phalanx("deploy --local").succeeds();
    }
}

#[test]
fn the_image_is_what_an_earlier_plugin_left() {
    let image = |plugins: &str| {
        let project = Project::new(&format!("{JOBS}{plugins}"))
            .file("writer.wasm", guests::component("writer"));
        project.phalanx("package").finish()
    };
    let writer = format!(
        "[plugins.writer]\nsource = \"file:writer.wasm\"\n\
         config = {{ context = {{ image = {{ reference = \"{IMAGE}\", pushed = true }} }} }}\n"
    );
    let worker = "[plugins.worker]\nsource = \"builtin:ecs-cluster\"\n";
    let right = image(&format!("{writer}{worker}"));
    assert_eq!(right.code, Some(0), "{}", right.scene());
    let wrong = image(&format!("{worker}{writer}"));
    assert_eq!(wrong.code, Some(3), "{}", wrong.scene());
    insta::assert_snapshot!(wrong.error(), @"
    error: plugin `worker` 0.1.0 failed in `template-decorate`: the context has no `image.reference`; it is empty

    hint: plugins run in the order of the manifest: the one that sets `image` must come before this one; or name a fixed `image` in this plugin's `config`
    ");
}

#[test]
fn the_same_service_makes_the_same_template() {
    let template = || {
        let project = worker(MODES[8].1);
        project.phalanx("package").succeeds();
        project.read(".phalanx/template.json")
    };
    assert_eq!(template(), template());
}

#[test]
fn a_repository_and_secrets_of_the_template_are_referred_to() {
    let more = r#"
[resources.Images]
Type = "AWS::ECR::Repository"

[resources.Login]
Type = "AWS::SecretsManager::Secret"
DeletionPolicy = "Delete"
UpdateReplacePolicy = "Delete"
Properties = { GenerateSecretString = {} }

[resources.Token]
Type = "AWS::SSM::Parameter"
Properties = { Type = "String", Value = "x", Name = "/jobs/token" }
"#;
    let config = r#"
        image = "${Images.RepositoryUri}:1"
        secrets = { LOGIN = "${Login}", PASSWORD = "${Login}:password::", TOKEN = "${Token}" }
    "#;
    let project = Project::new(&(manifest(config) + more));
    project.phalanx("package").succeeds();
    assert_eq!(findings(project.read(".phalanx/template.json")), Vec::<String>::new());
    let resources = &project.template()["Resources"];
    let policy = &resources["WorkerExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    let allowed: Vec<_> =
        policy["Statement"].as_array().unwrap().iter().map(|one| &one["Resource"]).collect();
    let parameter = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Token}";
    assert_eq!(
        allowed,
        [
            &json!({ "Fn::GetAtt": ["WorkerLogGroup", "Arn"] }),
            &json!("*"),
            &json!({ "Fn::GetAtt": ["Images", "Arn"] }),
            &json!({ "Ref": "Login" }),
            &json!({ "Fn::Sub": parameter }),
        ]
    );
}
