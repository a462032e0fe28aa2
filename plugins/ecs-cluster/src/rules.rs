//! Keys of the config that must fit each other, as parts of its JSON Schema. Each says in its
//! `errorMessage` what is wrong, since a schema's own words would not.

use phalanx_plugin::{Value, json};

/// All rules, for `allOf`.
pub(crate) fn all() -> Vec<Value> {
    let mut rules = vec![
        refuse(
            &has("image"),
            "image-from",
            "`image` and `image-from` both say which image runs: keep one",
        ),
        refuse(
            &has("scaling"),
            "desired-count",
            "with `scaling` the number of tasks follows the queue: set `scaling.min` and `scaling.max`",
        ),
        fargate_cpu(),
        managed_on_existing(),
    ];
    for (cpu, memory) in FARGATE {
        rules.push(fargate_memory(cpu, memory));
    }
    for key in ["capacity", "instances", "network-mode"] {
        let message = format!("`{key}` is for `launch-type = \"ec2\"`: Fargate has no instances");
        rules.push(refuse(&not(&is_ec2()), key, &message));
    }
    rules.push(refuse(
        &both(&is_ec2(), &unmanaged()),
        "instances",
        "`instances` needs `capacity = \"managed\"` on a new cluster: here they are somebody else's",
    ));
    rules.extend(network());
    rules.extend(instance_types());
    rules
}

/// CPU units of Fargate, with the least memory, the most, and the step between, in MiB.
const FARGATE: [(u32, [u32; 3]); 7] = [
    (256, [512, 2048, 512]),
    (512, [1024, 4096, 1024]),
    (1024, [2048, 8192, 1024]),
    (2048, [4096, 16_384, 1024]),
    (4096, [8192, 30_720, 1024]),
    (8192, [16_384, 61_440, 4096]),
    (16_384, [32_768, 122_880, 8192]),
];

fn fargate_cpu() -> Value {
    let sizes = FARGATE.map(|(cpu, _)| cpu);
    let message = "`cpu` on Fargate is 256, 512, 1024, 2048, 4096, 8192 or 16384 units; 1024 are one \
                   vCPU";
    let cpu = json!({ "enum": sizes, "errorMessage": message });
    json!({ "if": not(&is_ec2()), "then": { "properties": { "cpu": cpu } } })
}

fn fargate_memory(cpu: u32, [least, most, step]: [u32; 3]) -> Value {
    // 256 units go with 512, 1024 and 2048 MiB: doubled, not in steps.
    let (sizes, words): (Vec<u32>, _) = if cpu == 256 {
        (vec![512, 1024, 2048], "512, 1024 or 2048 MiB".to_owned())
    } else {
        let sizes = (least..=most).step_by(step as usize).collect();
        (sizes, format!("{least} to {most} MiB in steps of {step}"))
    };
    let message = format!("`memory` on Fargate with `cpu = {cpu}` is {words}");
    let default = cpu == 256;
    let this = json!({ "properties": { "cpu": { "const": cpu } } });
    // The default counts as written.
    let this = if default { this } else { both(&has("cpu"), &this) };
    let memory = json!({ "enum": sizes, "errorMessage": message });
    json!({ "if": both(&not(&is_ec2()), &this), "then": { "properties": { "memory": memory } } })
}

/// The capacity providers of a cluster are one list: to set it would take away those it has.
fn managed_on_existing() -> Value {
    let message = "`capacity = \"managed\"` needs a new cluster: it would take away the capacity \
                   providers that an existing one has";
    let other = json!({ "not": { "const": "managed" }, "errorMessage": message });
    let existing = both(&is_ec2(), &has("cluster"));
    json!({ "if": existing, "then": { "properties": { "capacity": other } } })
}

/// Which keys of the network go together.
fn network() -> Vec<Value> {
    let own_interfaces = json!({ "properties": { "network-mode": { "const": "awsvpc" } } });
    let own_interfaces = both(&has("network-mode"), &own_interfaces);
    let unused = both(&both(&is_ec2(), &unmanaged()), &not(&own_interfaces));
    let unused = both(&unused, &has("network-mode"));
    let unused_message = "the instances are somebody else's and tasks share their network: subnets \
                          and security groups are for `network-mode = \"awsvpc\"`";
    vec![
        need(
            &has("security-groups"),
            "subnets",
            "`security-groups` need `subnets` of the same VPC: without them the plugin adds its own",
        ),
        need(
            &both(&has("assign-public-ip"), &not(&is_ec2())),
            "subnets",
            "`assign-public-ip` needs `subnets`: in a VPC of its own a task has a public address, \
             since that is its only way out",
        ),
        refuse(
            &is_ec2(),
            "assign-public-ip",
            "`assign-public-ip` is for Fargate: tasks on EC2 cannot have a public address",
        ),
        need(
            &both(&is_ec2(), &own_interfaces),
            "subnets",
            "`network-mode = \"awsvpc\"` on EC2 needs `subnets` with a NAT gateway or endpoints: \
             tasks there have no public address",
        ),
        refuse(&unused, "subnets", unused_message),
        refuse(&unused, "security-groups", unused_message),
    ]
}

/// Instances that can run the image.
fn instance_types() -> [Value; 2] {
    const GRAVITON: &str = "^(a1|[a-z]+[0-9]+g[a-z]*)(-[a-z0-9]+)?\\.";
    let arm = both(
        &has("architecture"),
        &json!({ "properties": { "architecture": { "const": "arm64" } } }),
    );
    let then = |of_type: Value| json!({ "properties": { "instances": { "properties": { "type": of_type } } } });
    [
        json!({ "if": arm, "then": then(json!({
            "pattern": GRAVITON,
            "errorMessage": "`architecture = \"arm64\"` needs a Graviton instance, such as `t4g.small`",
        })) }),
        json!({ "if": not(&arm), "then": then(json!({
            "not": { "pattern": GRAVITON },
            "errorMessage": "a Graviton instance needs `architecture = \"arm64\"`",
        })) }),
    ]
}

fn is_ec2() -> Value {
    both(&has("launch-type"), &json!({ "properties": { "launch-type": { "const": "ec2" } } }))
}

/// Instances, if any, are not this plugin's: on an existing cluster, or because the config says so.
fn unmanaged() -> Value {
    let none = json!({ "properties": { "capacity": { "const": "none" } } });
    json!({ "anyOf": [has("cluster"), both(&has("capacity"), &none)] })
}

fn has(key: &str) -> Value {
    json!({ "required": [key] })
}

fn not(condition: &Value) -> Value {
    json!({ "not": condition })
}

fn both(one: &Value, other: &Value) -> Value {
    json!({ "allOf": [one, other] })
}

/// When the condition holds, there must be no `key`.
fn refuse(condition: &Value, key: &str, message: &str) -> Value {
    let nothing = json!({ "not": {}, "errorMessage": message });
    json!({ "if": condition, "then": { "properties": { key: nothing } } })
}

/// When the condition holds, there must be a `key`.
fn need(condition: &Value, key: &str, message: &str) -> Value {
    json!({ "if": condition, "then": { "required": [key], "errorMessage": message } })
}
