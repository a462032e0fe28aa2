//! What `[deploy]` says of a stack: its protection, its policy, its limit of time, who hears of it.

use serde_json::json;

use super::{change, orders, stacks, status};
use crate::support::{Account, Project, Scripted};

/// A service with this in `[deploy]`.
fn guarded(deploy: &str) -> Project {
    let project = orders();
    change(&project, "[functions.hello]", &format!("[deploy]\n{deploy}\n\n[functions.hello]"));
    project
}

#[test]
fn a_protected_stack_is_deleted_only_after_its_protection() {
    let Some(account) = Account::new() else { return };
    let project = guarded("termination-protection = true");
    account.phalanx(&project, "deploy").succeeds();
    account.phalanx(&project, "status").succeeds().stdout.contains("guard    it cannot be deleted");
    let refused = account.phalanx(&project, "delete").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: stack `orders-dev` is protected: it cannot be deleted

    hint: set `termination-protection = false` in `[deploy]` and deploy once more, then run `phalanx delete` again
    ");
    assert_eq!(stacks(&account), ["orders-dev"]);
    // No other change is needed for it.
    change(&project, "protection = true", "protection = false");
    let unguarded = account.phalanx(&project, "deploy").succeeds();
    assert!(unguarded.stdout.starts_with("no changes to stack orders-dev"), "{}", unguarded.stdout);
    account.phalanx(&project, "delete").succeeds();
    assert_eq!(stacks(&account), Vec::<String>::new());
}

#[test]
fn the_stack_policy_is_set_once_and_must_be_json() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), guarded("stack-policy = \"policy.json\""));
    let run = |words: &str| server.phalanx(&project, words);
    run("deploy").exits(1).says("policy.json");
    project.write("policy.json", "{ \"Statement\": [ }");
    let refused = run("deploy").exits(2);
    insta::assert_snapshot!(refused.error(), @r"
    error: the stack policy `policy.json` is not JSON
      caused by: expected value at line 1 column 18

    hint: correct `policy.json`, or `stack-policy` in `[deploy]`
    ");
    assert_eq!(stacks(&account), Vec::<String>::new(), "found before anything was changed");
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" },
    ]});
    project.write("policy.json", policy.to_string());
    run("deploy").succeeds();
    let set = account.ask("cloudformation", "get_stack_policy(StackName='orders-dev')");
    assert_eq!(set["StackPolicyBody"], policy.to_string());
    server.forget_calls();
    run("deploy").succeeds();
    let calls = server.operations();
    assert!(calls.contains(&"GetStackPolicy".to_owned()), "{calls:?}");
    assert!(!calls.contains(&"SetStackPolicy".to_owned()), "it is set already: {calls:?}");
}

#[test]
fn roles_topics_and_alarms_go_with_the_change_set() {
    let Some(account) = Account::new() else { return };
    let role = format!("arn:aws:iam::{}:role/deployer", account.id);
    let topic = format!("arn:aws:sns:eu-central-1:{}:stacks", account.id);
    let alarm = format!("arn:aws:cloudwatch:eu-central-1:{}:alarm:errors", account.id);
    let project = guarded(&format!(
        "role = \"{role}\"\nnotifications = [\"{topic}\"]\nrollback-alarms = [\"{alarm}\"]\nrollback-monitoring = \"5m\""
    ));
    let server = Scripted::before(&account);
    server.phalanx(&project, "deploy").succeeds();
    let asked =
        server.calls().into_iter().find(|call| call.operation == "CreateChangeSet").unwrap();
    let body = String::from_utf8_lossy(&asked.body).replace("%3A", ":").replace("%2F", "/");
    for part in [
        format!("RoleARN={role}"),
        format!("NotificationARNs.member.1={topic}"),
        format!("RollbackConfiguration.RollbackTriggers.member.1.Arn={alarm}"),
        "RollbackConfiguration.RollbackTriggers.member.1.Type=AWS::CloudWatch::Alarm".to_owned(),
        "RollbackConfiguration.MonitoringTimeInMinutes=5".to_owned(),
    ] {
        assert!(body.contains(&part), "no {part} in {body}");
    }
    assert_eq!(status(&account), "CREATE_COMPLETE");
}

#[test]
fn arns_and_buckets_are_checked_with_the_manifest() {
    let Some(account) = Account::new() else { return };
    let project = guarded("role = \"deployer\"\nbucket = \"My.Bucket\"\ntimeout = \"90s\"");
    let refused = account.phalanx(&project, "deploy").exits(2);
    insta::assert_snapshot!(refused.error(), @r#"
    error: `phalanx.toml` has 3 problems
    `deploy.role`: `deployer` is not an ARN
     --> phalanx.toml:7:8
      |
    7 | role = "deployer"
      |        ^^^^^^^^^^
      = help: write the whole ARN, such as `arn:aws:iam::123456789012:role/name`; `${…}` is filled in only in the template

    `deploy.bucket`: `My.Bucket` cannot be a bucket's name
     --> phalanx.toml:8:10
      |
    8 | bucket = "My.Bucket"
      |          ^^^^^^^^^^^
      = help: 3 to 63 lower case letters, digits and `-`, with a letter or digit at both ends

    `deploy.timeout` must be a whole number of minutes
     --> phalanx.toml:9:11
      |
    9 | timeout = "90s"
      |           ^^^^^
    "#);
}
