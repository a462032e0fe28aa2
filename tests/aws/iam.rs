//! Makes the page of permissions, `docs/iam.md`, from what each command is seen to call, and holds it
//! against what the code can call at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use super::thing::{tell, things};
use crate::support::{Account, Call, Project, Scripted, golden, repository, tool};

/// What a command calls in some cases only, and when. What is seen below is not repeated here.
const ALSO: [(&str, &str, &str); 32] = [
    (
        "deploy",
        "cloudformation:CancelUpdateStack",
        "the second Ctrl-C, and `timeout` in `[deploy]`",
    ),
    (
        "deploy",
        "cloudformation:DeleteChangeSet",
        "a change set that changes nothing, or is refused",
    ),
    ("deploy", "cloudformation:DeleteStack", "what a failed creation left is deleted first"),
    ("deploy", "cloudformation:GetStackPolicy", "`stack-policy` in `[deploy]`"),
    ("deploy", "cloudformation:SetStackPolicy", "`stack-policy` in `[deploy]`"),
    (
        "deploy",
        "cloudformation:UpdateTerminationProtection",
        "`termination-protection` in `[deploy]`",
    ),
    ("delete", "ecr:BatchDeleteImage", "`remove-images` of the plugin `docker-ecr`"),
    ("delete", "ecr:DescribeImages", "`remove-images` of the plugin `docker-ecr`"),
    ("deploy", "ecr:BatchDeleteImage", "a run fails that has pushed an image"),
    ("deploy", "ecr:CreateRepository", "an image is pushed to a repository that is not there"),
    ("deploy", "ecr:DescribeImages", "the plugin `docker-ecr`"),
    ("deploy", "ecr:DescribeRepositories", "an image is pushed"),
    ("deploy", "ecr:GetAuthorizationToken", "an image is pushed"),
    ("deploy", "ecr:PutLifecyclePolicy", "an image is pushed to a repository that is not there"),
    ("deploy", "lambda:GetFunctionConfiguration", "after `deploy --code-only`"),
    ("deploy", "lambda:UpdateFunctionCode", "after `deploy --code-only`"),
    ("deploy", "s3:AbortMultipartUpload", "a package above 16 MB that cannot be stored"),
    ("deploy", "s3:DeleteObject", "after `deploy --code-only`"),
    (
        "deploy --code-only",
        "s3:AbortMultipartUpload",
        "a package above 16 MB that cannot be stored",
    ),
    ("deploy --code-only", "s3:CreateBucket", "the bucket for artifacts was deleted"),
    (
        "deploy --code-only",
        "s3:DeleteObject",
        "the functions are back at what the template names, or were put back",
    ),
    (
        "deploy --code-only",
        "s3:ListBucket",
        "the package is not stored yet, told from a missing bucket",
    ),
    ("deploy --code-only", "s3:PutBucketPolicy", "the bucket for artifacts was deleted"),
    ("deploy --code-only", "s3:PutBucketPublicAccessBlock", "the bucket for artifacts was deleted"),
    ("gc", "cloudformation:DeleteChangeSet", "a change set of Phalanx was never executed"),
    ("gc", "s3:AbortMultipartUpload", "an upload was never finished"),
    ("gc", "s3:DeleteObject", "an object is not needed any more"),
    (
        "logs",
        "lambda:GetFunctionConfiguration",
        "a function whose template does not name its log group plainly",
    ),
    ("plan", "ecr:DescribeImages", "the plugin `docker-ecr`"),
    ("plan", "s3:ListBucket", "a bucket that does not exist yet is told from one that is denied"),
    ("rollback", "cloudformation:CancelUpdateStack", "the second Ctrl-C"),
    (
        "rollback",
        "cloudformation:DeleteChangeSet",
        "a change set that changes nothing, or is refused",
    ),
];

/// What the Docker Engine needs to push an image, with the token that it is given.
const PUSH: [&str; 5] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];

/// What every command asks first; it needs no permission.
const ALWAYS: &str = "sts:GetCallerIdentity";

/// The IAM action that allows a call.
fn action(call: &Call) -> String {
    let action = match (call.service.as_str(), call.operation.as_str()) {
        ("s3", "HeadObject") => "GetObject",
        ("s3", "HeadBucket" | "ListObjectsV2") => "ListBucket",
        ("s3", "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload") => "PutObject",
        ("s3", "ListMultipartUploads") => "ListBucketMultipartUploads",
        ("s3", "PutPublicAccessBlock") => "PutBucketPublicAccessBlock",
        ("lambda", "Invoke") => "InvokeFunction",
        (_, operation) => operation,
    };
    format!("{}:{action}", call.service)
}

type Permissions = BTreeMap<String, BTreeSet<String>>;

/// What each command calls in a life that has most things in it.
fn seen() -> Option<Permissions> {
    let account = Account::new()?;
    let (server, project) = (Scripted::before(&account), things(&account, "nothing"));
    let mut seen = Permissions::new();
    let mut run = |code: i32, words: &str| {
        server.forget_calls();
        server.phalanx(&project, words).exits(code);
        let name = match words.split_once(" --code-only") {
            Some((command, _)) => format!("{command} --code-only"),
            None => words.split(' ').next().unwrap().to_owned(),
        };
        seen.entry(name).or_default().extend(server.calls().iter().map(action));
    };
    run(0, "plan");
    run(0, "deploy");
    run(0, "deploy");
    tell(&project, "fail-back");
    run(0, "plan");
    run(1, "deploy");
    run(0, "recover --skip Thing");
    tell(&project, "anything");
    run(0, "deploy");
    project.write("maker/more.py", "more = 1\n");
    run(0, "deploy --code-only");
    run(0, "status");
    run(0, "outputs");
    run(1, "invoke maker");
    run(0, "logs");
    run(0, "drift");
    run(0, "history");
    // The first takes back the code alone.
    run(0, "rollback");
    run(0, "rollback");
    tell(&project, "fail-delete");
    run(0, "deploy");
    run(0, "gc --keep 1 --min-age 0s");
    run(1, "delete");
    run(0, "delete --retain Thing");
    Some(seen)
}

/// The IAM names of all calls in the code.
fn in_code() -> BTreeSet<String> {
    let files = walkdir::WalkDir::new(repository().join("host/src/cloud/aws")).into_iter();
    let mut names = BTreeSet::new();
    for file in files.map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        names.extend(product.split('"').filter(|text| is_action(text)).map(str::to_owned));
    }
    names
}

/// `service:Action`, but for the keys of conditions, which begin with `aws:`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, action)| {
        service != "aws"
            && !service.is_empty()
            && service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && action.starts_with(|c: char| c.is_ascii_uppercase())
            && action.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// What CloudFormation needs for the types of resources that the service with every key has.
fn of_types() -> Option<BTreeMap<String, Vec<String>>> {
    let linter = tool("cfn-lint")?;
    let project = Project::copy_of("tests/fixtures/every-key");
    project.phalanx("package").succeeds();
    let template = project.template();
    let resources = template["Resources"].as_object().unwrap().values();
    let types: BTreeSet<&str> = resources.map(|one| one["Type"].as_str().unwrap()).collect();
    let output = Command::new(linter.with_file_name("python"))
        .arg(repository().join("tests/support/permissions.py"))
        .args(types)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A policy for one service that allows all of these.
fn policy(actions: &BTreeSet<String>) -> Value {
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<&String> {
        actions.iter().filter(|action| wanted(action)).collect()
    };
    let anywhere = [
        "cloudformation:DescribeStacks",
        "cloudformation:DescribeStackDriftDetectionStatus",
        "ecr:GetAuthorizationToken",
    ];
    let bucket = "arn:aws:s3:::phalanx-artifacts-ACCOUNT-REGION";
    let object = |action: &str| action.ends_with("Object") || action == "s3:AbortMultipartUpload";
    let statements = [
        (
            "Stack",
            of(&|one| one.starts_with("cloudformation:") && !anywhere.contains(&one)),
            "arn:aws:cloudformation:REGION:ACCOUNT:stack/SERVICE-STAGE/*".to_owned(),
        ),
        ("Anywhere", of(&|one| anywhere.contains(&one)), "*".to_owned()),
        ("Bucket", of(&|one| one.starts_with("s3:") && !object(one)), bucket.to_owned()),
        ("Artifacts", of(&|one| one.starts_with("s3:") && object(one)), format!("{bucket}/*")),
        (
            "Functions",
            of(&|one| one.starts_with("lambda:")),
            "arn:aws:lambda:REGION:ACCOUNT:function:SERVICE-STAGE-*".to_owned(),
        ),
        (
            "Images",
            of(&|one| one.starts_with("ecr:") && !anywhere.contains(&one)),
            "arn:aws:ecr:REGION:ACCOUNT:repository/SERVICE".to_owned(),
        ),
        (
            "Logs",
            of(&|one| one.starts_with("logs:")),
            "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/lambda/SERVICE-STAGE-*".to_owned(),
        ),
    ];
    let allowed: usize = statements.iter().map(|(_, actions, _)| actions.len()).sum();
    // Asking who one is needs no permission.
    assert_eq!(allowed + 1, actions.len(), "an action has no statement: {actions:?}");
    let statements = statements.map(|(sid, actions, resource)| {
        json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
    });
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[test]
fn the_page_of_permissions() {
    let (Some(seen), Some(types)) = (seen(), of_types()) else { return };
    let mut all: BTreeSet<String> = seen.values().flatten().cloned().collect();
    for (command, action, _) in ALSO {
        assert!(!seen[command].contains(action), "`{command}` always needs `{action}`");
        all.insert(action.to_owned());
    }
    assert_eq!(all, in_code(), "left: what commands need; right: what the code calls");

    all.extend(PUSH.map(str::to_owned));
    let list = |actions: &mut dyn Iterator<Item = &String>| {
        actions.map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ")
    };
    let mut page = INTRODUCTION.to_owned();
    for (command, actions) in &seen {
        let mut always = actions.iter().filter(|action| *action != ALWAYS);
        writeln!(page, "\n### phalanx {command}\n\n{}.", list(&mut always)).unwrap();
        let also: Vec<_> = ALSO.iter().filter(|(of, _, _)| of == command).collect();
        if !also.is_empty() {
            page.push_str("\nIn some cases also:\n\n");
        }
        for (_, action, when) in also {
            writeln!(page, "- `{action}`: {when}").unwrap();
        }
        if command == "deploy" {
            for action in PUSH {
                writeln!(page, "- `{action}`: an image is pushed, by the Docker Engine").unwrap();
            }
        }
    }
    let policy = serde_json::to_string_pretty(&policy(&all)).unwrap();
    write!(page, "{POLICY}\n```json\n{policy}\n```\n{BEHALF}").unwrap();
    for (name, actions) in &types {
        // The schemas have slips, such as `s3:REST.PUT.OBJECT`.
        let mut actions = actions.iter().filter(|action| is_action(action));
        writeln!(page, "| `{name}` | {} |", list(&mut actions)).unwrap();
    }
    golden::assert_file("docs/iam.md", &page);
}

const INTRODUCTION: &str = "# Permissions

Made by `tests/aws/iam.rs`, which runs each command and notes what it calls, and fails when the code has
a call that is not on this page.

## What each command calls

Every command asks `sts:GetCallerIdentity` whose credentials it has, which needs no permission. Commands
with `--local`, and those that are not listed here, call nothing.
";

const POLICY: &str = "
## A policy

For an identity that runs every command on one service. `SERVICE-STAGE` is the stack's name. Leave out
what the commands that it runs do not need.
";

const BEHALF: &str = "
## What CloudFormation calls

CloudFormation makes a stack's resources with the caller's permissions, unless `role` in `[deploy]` names a
role: then the caller needs `iam:PassRole` on that role, and the role needs what follows. For the types of
resources that Phalanx and its built-in plugins write, and some more, CloudFormation's own schemas name
these actions. Some of them are for properties that a service may not use. `drift` needs those that read,
of the caller.

| type | actions |
|---|---|
";
