//! Configs that cannot work: each is found before the build, which here would fail, and told with what
//! to do.

use super::worker;

/// The error of `package`, without its first line and the hints that all have.
fn told(config: &str) -> String {
    let project = worker(config);
    let manifest = project.read("phalanx.toml") + "\n[build]\ncommand = \"exit 1\"\n";
    project.write("phalanx.toml", manifest);
    let run = project.phalanx("package").finish();
    assert!(matches!(run.code, Some(2 | 3)), "{}", run.scene());
    let error = run.error();
    let usual = [
        "error: the configuration of plugin `worker` does not fit its schema",
        "hint: correct `config` of `[plugins.worker]`, at phalanx.toml:12:10",
        "hint: run `phalanx plugin inspect worker` to see the schema",
        "",
    ];
    error.lines().filter(|line| !usual.contains(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn sizes_that_fargate_has_not() {
    insta::assert_snapshot!(told("cpu = 300"), @"
      /cpu: `cpu` on Fargate is 256, 512, 1024, 2048, 4096, 8192 or 16384 units; 1024 are one vCPU
    ");
    insta::assert_snapshot!(told("memory = 4096"), @"
      /memory: `memory` on Fargate with `cpu = 256` is 512, 1024 or 2048 MiB
    ");
    insta::assert_snapshot!(told("cpu = 1024\nmemory = 1024"), @"
      /memory: `memory` on Fargate with `cpu = 1024` is 2048 to 8192 MiB in steps of 1024
    ");
    insta::assert_snapshot!(told("cpu = 8192\nmemory = 17408"), @"
      /memory: `memory` on Fargate with `cpu = 8192` is 16384 to 61440 MiB in steps of 4096
    ");
}

#[test]
fn keys_of_instances_with_fargate() {
    let config = "capacity = \"managed\"\ninstances = { max = 3 }\nnetwork-mode = \"host\"";
    insta::assert_snapshot!(told(config), @r#"
      /capacity: `capacity` is for `launch-type = "ec2"`: Fargate has no instances
      /instances: `instances` is for `launch-type = "ec2"`: Fargate has no instances
      /network-mode: `network-mode` is for `launch-type = "ec2"`: Fargate has no instances
    "#);
}

#[test]
fn instances_that_are_somebody_elses() {
    let existing = "launch-type = \"ec2\"\ncluster = \"shared\"\n";
    insta::assert_snapshot!(told(&format!("{existing}capacity = \"managed\"")), @r#"
      /capacity: `capacity = "managed"` needs a new cluster: it would take away the capacity providers that an existing one has
    "#);
    insta::assert_snapshot!(told(&format!("{existing}instances = {{ max = 3 }}")), @r#"
      /instances: `instances` needs `capacity = "managed"` on a new cluster: here they are somebody else's
    "#);
    let none = "launch-type = \"ec2\"\ncapacity = \"none\"\ninstances = { max = 3 }";
    insta::assert_snapshot!(told(none), @r#"
      /instances: `instances` needs `capacity = "managed"` on a new cluster: here they are somebody else's
    "#);
}

#[test]
fn two_keys_that_say_the_same() {
    insta::assert_snapshot!(told("image-from = \"image.reference\""), @"
      /image-from: `image` and `image-from` both say which image runs: keep one
    ");
    insta::assert_snapshot!(told("desired-count = 3\nscaling = { queue = \"Jobs\" }"), @"
      /desired-count: with `scaling` the number of tasks follows the queue: set `scaling.min` and `scaling.max`
    ");
}

#[test]
fn networks_that_lead_nowhere() {
    insta::assert_snapshot!(told("security-groups = [\"sg-1\"]"), @"
      config: `security-groups` need `subnets` of the same VPC: without them the plugin adds its own
    ");
    insta::assert_snapshot!(told("assign-public-ip = false"), @"
      config: `assign-public-ip` needs `subnets`: in a VPC of its own a task has a public address, since that is its only way out
    ");
    let ec2 = "launch-type = \"ec2\"\n";
    insta::assert_snapshot!(told(&format!("{ec2}network-mode = \"awsvpc\"")), @r#"
      config: `network-mode = "awsvpc"` on EC2 needs `subnets` with a NAT gateway or endpoints: tasks there have no public address
    "#);
    insta::assert_snapshot!(told(&format!("{ec2}assign-public-ip = true\nsubnets = [\"subnet-1\"]")), @"
      /assign-public-ip: `assign-public-ip` is for Fargate: tasks on EC2 cannot have a public address
    ");
    let bridge =
        format!("{ec2}cluster = \"shared\"\nnetwork-mode = \"bridge\"\nsubnets = [\"subnet-1\"]\n");
    insta::assert_snapshot!(told(&bridge), @r#"
      /subnets: the instances are somebody else's and tasks share their network: subnets and security groups are for `network-mode = "awsvpc"`
    "#);
}

#[test]
fn instances_of_another_architecture() {
    insta::assert_snapshot!(told("launch-type = \"ec2\"\ninstances = { type = \"t4g.small\" }"), @r#"
      /instances/type: a Graviton instance needs `architecture = "arm64"`
    "#);
    let arm =
        "launch-type = \"ec2\"\narchitecture = \"arm64\"\ninstances = { type = \"m5.large\" }";
    insta::assert_snapshot!(told(arm), @r#"
      /instances/type: `architecture = "arm64"` needs a Graviton instance, such as `t4g.small`
    "#);
}

#[test]
fn values_out_of_range() {
    let config = r#"
        name = "9 lives"
        log-retention = 10
        stop-timeout = 600
        environment = { "A-B" = [] }
        permissions = [{ actions = ["sqs:ReceiveMessage"] }, { actions = "sqs:*", resource = "x" }]
        health-check = { command = 5, interval = 1 }
        subnets = []
        maximum-percent = 50
        scaling = { min = 1, messages-per-task = 0 }
        comand = ["worker"]
    "#;
    insta::assert_snapshot!(told(config), @r#"
    /name: a name begins with a letter and has at most 64 letters, digits, `-` and `_`
    /log-retention: the days are 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    /stop-timeout: 600 is greater than the maximum of 120
    /environment/A-B: [] is not of types "boolean", "number", "string"
    /environment: a variable's name has letters, digits and `_`, and begins with no digit
    /permissions/0: a permission has `actions`, and either `resource` or `resources`
    /permissions/1/actions: "sqs:*" is not of type "array"
    /health-check/command: a line for the shell, or a list of words
    /health-check/interval: 1 is less than the minimum of 5
    /subnets: a list with at least one text, or `${Id}` of a parameter that is a list
    /maximum-percent: 50 is less than the minimum of 100
    /scaling/messages-per-task: 0 is less than the minimum of 1
    /scaling: "queue" is a required property
    config: Additional properties are not allowed ('comand' was unexpected)
    "#);
}

#[test]
fn numbers_that_do_not_fit_each_other() {
    let ec2 = "launch-type = \"ec2\"\n";
    insta::assert_snapshot!(told(&format!("{ec2}instances = {{ min = 4, max = 2 }}")), @"
    error: plugin `worker` 0.1.0 failed in `pre-build`: `instances.min` is 4 and `instances.max` is 2
    hint: the least must not be above the most
    ");
    insta::assert_snapshot!(told("scaling = { queue = \"Jobs\", min = 20 }"), @"
    error: plugin `worker` 0.1.0 failed in `pre-build`: `scaling.min` is 20 and `scaling.max` is 10
    hint: the least must not be above the most
    ");
    insta::assert_snapshot!(told("minimum-percent = 100\nmaximum-percent = 150"), @"
    error: plugin `worker` 0.1.0 failed in `pre-build`: a deployment of 1 task could never begin: at least 100 % stay and at most 150 % run
    hint: lower `minimum-percent` or raise `maximum-percent`
    ");
    insta::assert_snapshot!(told("environment = { A = \"x\" }\nsecrets = { A = \"y\" }"), @"
    error: plugin `worker` 0.1.0 failed in `pre-build`: `A` is in `environment` and in `secrets`
    hint: remove one of the two
    ");
}

/// What only the template can tell is told after the build.
fn told_by_the_template(config: &str) -> String {
    let run = worker(config).phalanx("package").exits(3);
    run.error().to_owned()
}

#[test]
fn names_that_the_template_has_not() {
    insta::assert_snapshot!(told_by_the_template("scaling = { queue = \"Tasks\" }"), @r#"
    error: plugin `worker` 0.1.0 failed in `template-decorate`: `scaling.queue` names `Tasks`, which is not in the template

    hint: add `[resources.Tasks]` with `Type = "AWS::SQS::Queue"` to the manifest
    "#);
    insta::assert_snapshot!(told_by_the_template("secrets = { TOKEN = \"${Jobs}\" }"), @"
    error: plugin `worker` 0.1.0 failed in `template-decorate`: secret `TOKEN` is `${Jobs}`, which does not show what it is

    hint: write an ARN, the name of an SSM parameter, or `${Id}` of an `AWS::SecretsManager::Secret` or `AWS::SSM::Parameter` of the template
    ");
    let project = worker("");
    let log_group = "\n[resources.WorkerLogGroup]\nType = \"AWS::Logs::LogGroup\"\n";
    project.write("phalanx.toml", project.read("phalanx.toml") + log_group);
    let taken = project.phalanx("package").exits(3);
    insta::assert_snapshot!(taken.error(), @"
    error: plugin `worker` 0.1.0 failed in `template-decorate`: worker `worker` needs the id `WorkerLogGroup`, which is there already in `Resources`

    hint: give this worker another `name`
    ");
    let dangling = worker("cluster = \"${Nowhere}\"").phalanx("package").finish();
    insta::assert_snapshot!(dangling.error(), @"
    error: the template has 2 errors
      dangling-reference: `Ref` in resource `WorkerService` refers to `Nowhere`, which is neither a resource nor a parameter
        at /Resources/WorkerService/Properties/Cluster/Ref, written by plugin `worker`
        hint: declare `Nowhere`, or correct the name
      dangling-reference: `Ref` in output `WorkerClusterName` refers to `Nowhere`, which is neither a resource nor a parameter
        at /Outputs/WorkerClusterName/Value/Ref, written by plugin `worker`
        hint: declare `Nowhere`, or correct the name
    ");
}
