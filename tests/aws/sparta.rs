//! Defects of the framework that Phalanx follows, each as a test that it has not.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{BROKEN, cloudformation, open_change_sets, orders, packages, stacks};
use crate::support::{Account, Answer, Project, Scripted, change};

#[test]
fn a_stack_without_descriptions_and_reasons_has_a_status() {
    let (server, project) = (Scripted::new(), orders());
    let output = "<Outputs><member><OutputKey>Url</OutputKey><OutputValue>x</OutputValue></member></Outputs>";
    server.script("DescribeStacks", [Answer::stack("orders-dev", "CREATE_COMPLETE", output)]);
    server.script("GetTemplate", [Answer::result("<TemplateBody>{}</TemplateBody>")]);
    let resources = "<member><LogicalResourceId>Queue</LogicalResourceId>\
        <ResourceType>AWS::SQS::Queue</ResourceType>\
        <ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>";
    let resources = format!("<StackResourceSummaries>{resources}</StackResourceSummaries>");
    server.script("ListStackResources", [Answer::result(resources)]);
    let status = server.phalanx(&project, "status").succeeds();
    insta::assert_snapshot!(status.stdout, @r"
    stack    orders-dev  CREATE_COMPLETE
    id       arn:aws:cloudformation:eu-central-1:123456789012:stack/orders-dev/11111111-2222-3333-4444-555555555555
    service  orders  stage dev
      Queue  CREATE_COMPLETE  AWS::SQS::Queue  
    output   Url = x
    ");
}

#[test]
fn changed_code_has_another_key_and_cloudformation_sees_it() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    let key = || project.template()["Resources"]["Hello"]["Properties"]["Code"]["S3Key"].clone();
    server.phalanx(&project, "deploy").succeeds();
    let first = key();
    project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
    server.forget_calls();
    server.phalanx(&project, "deploy").succeeds();
    assert_ne!(key(), first);
    assert_eq!(server.counts()["ExecuteChangeSet"], 1);
    let function = account.ask("lambda", "get_function(FunctionName='orders-dev-hello')");
    let size = function["Configuration"]["CodeSize"].as_u64().unwrap();
    let package = project.root().join(".phalanx/packages");
    let sizes: Vec<u64> = std::fs::read_dir(package)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    assert!(sizes.contains(&size), "{size} of {sizes:?}");
    // Back again: the old object is still there.
    project.write("app/bootstrap", "#!/bin/sh\necho hello\n");
    server.phalanx(&project, "deploy").succeeds().says("0 stored, 1 already there");
    assert_eq!(key(), first);
}

#[test]
fn packaging_alone_needs_no_account() {
    let (server, project) = (Scripted::new(), orders());
    server.phalanx(&project, "package").succeeds();
    assert_eq!(server.operations(), Vec::<String>::new());
    assert!(project.has(".phalanx/template.json"));
}

#[test]
fn many_functions_are_stored_side_by_side_and_not_mixed_up() {
    let Some(account) = Account::new() else { return };
    let mut manifest = "[service]\nname = \"many\"\nregion = \"eu-central-1\"\n".to_owned();
    let mut project = Project::new("");
    for number in 0..40 {
        writeln!(manifest, "[functions.f{number}]\ncode = \"app/{number}\"").unwrap();
        project = project.script(&format!("app/{number}"), &format!("#!/bin/sh\necho {number}\n"));
    }
    project.write("phalanx.toml", manifest);
    account.phalanx(&project, "deploy").succeeds().says("40 stored, 0 already there");
    assert_eq!(packages(&account).len(), 40);
    let listed = account.ask("lambda", "list_functions(MaxItems=100)");
    let functions = listed["Functions"].as_array().unwrap();
    let code: BTreeSet<&str> =
        functions.iter().map(|function| function["CodeSha256"].as_str().unwrap()).collect();
    assert_eq!((functions.len(), code.len()), (40, 40), "each has a code of its own");
}

#[test]
fn what_a_failed_deployment_stored_is_used_by_the_next() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    change(&project, "VisibilityTimeout = 30", BROKEN);
    account.phalanx(&project, "deploy").exits(1).says("1 stored, 0 already there");
    assert_eq!(packages(&account).len(), 1, "nothing is guessed away");
    change(&project, BROKEN, "VisibilityTimeout = 30");
    account.phalanx(&project, "deploy").succeeds().says("0 stored, 1 already there");
}

#[test]
fn a_change_set_without_changes_is_a_success_and_not_left_behind() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    server.phalanx(&project, "deploy").succeeds();
    // The plan sees a change, CloudFormation sees none.
    change(&project, "VisibilityTimeout = 30", "VisibilityTimeout = 31");
    for reason in [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ] {
        server.script(
            "DescribeChangeSet",
            [Answer::result(format!(
                "<ChangeSetId>x</ChangeSetId><Status>FAILED</Status>\
                 <ExecutionStatus>UNAVAILABLE</ExecutionStatus><StatusReason>{reason}</StatusReason>"
            ))],
        );
        server.script("DeleteChangeSet", [Answer::result("")]);
        server.forget_calls();
        let same = server.phalanx(&project, "deploy").succeeds();
        assert!(same.stdout.starts_with("no changes to stack orders-dev\n"), "{}", same.scene());
        assert!(server.counts()["DeleteChangeSet"] >= 1, "{:?}", server.operations());
        assert!(!server.counts().contains_key("ExecuteChangeSet"));
    }
    server.forward_all();
    server.phalanx(&project, "plan").succeeds();
    assert_eq!(open_change_sets(&account, "orders-dev"), Vec::<String>::new());
}

#[test]
fn waiting_ends_when_the_stack_is_deleted_meanwhile() {
    let (server, project) = (Scripted::new(), orders());
    server.script("DescribeStacks", [Answer::no_stack("orders-dev")]);
    server.script("HeadObject", [Answer::body(200, "")]);
    server.script("ListObjectsV2", [Answer::body(200, "<ListBucketResult></ListBucketResult>")]);
    server.script("PutObject", [Answer::body(200, "")]);
    server.script("CreateChangeSet", [Answer::result("<Id>arn:x/set/1</Id>")]);
    server.script(
        "DescribeChangeSet",
        [Answer::result(
            "<ChangeSetId>arn:x/set/1</ChangeSetId><StackId>arn:x</StackId>\
             <Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>",
        )],
    );
    server.script("ExecuteChangeSet", [Answer::result("")]);
    server.script(
        "DescribeStackEvents",
        [Answer::result(
            "<StackEvents><member><EventId>1</EventId><StackId>arn:x</StackId>\
             <ClientRequestToken>phalanx-ada-at-1</ClientRequestToken>\
             <LogicalResourceId>WorkerQueue</LogicalResourceId>\
             <ResourceType>AWS::SQS::Queue</ResourceType>\
             <Timestamp>2026-01-02T03:04:05Z</Timestamp>\
             <ResourceStatus>CREATE_IN_PROGRESS</ResourceStatus></member></StackEvents>",
        )],
    );
    let failed = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(failed.error(), @r"
    error: stack `orders-dev` was deleted by someone else while it was deployed

    hint: run `phalanx plan` to see what is there now, then run the same command again
    ");
}

#[test]
fn the_build_is_stamped_into_what_is_deployed() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let deployed = account.phalanx(&project, "deploy --output json").succeeds().json();
    let build = deployed["build-id"].as_str().unwrap();
    assert_eq!(build.len(), 64);
    let status = account.phalanx(&project, "status").succeeds();
    assert!(status.stdout.contains(&format!("build    {build}\n")), "{}", status.stdout);
    let deployed = cloudformation(&account, "GetTemplate", "&StackName=orders-dev");
    assert!(deployed.contains(build), "{deployed}");
}

#[test]
fn an_alarm_watches_the_function_by_its_real_name() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let plugin = "\n[plugins.alarms]\nsource = \"builtin:error-alarms\"\n";
    project.write("phalanx.toml", project.read("phalanx.toml") + plugin);
    account.phalanx(&project, "deploy").succeeds();
    let alarms = account.ask("cloudwatch", "describe_alarms()");
    assert_eq!(
        alarms["MetricAlarms"][0]["Dimensions"],
        json!([{ "Name": "FunctionName", "Value": "orders-dev-hello" }])
    );
}

#[test]
fn the_same_service_in_another_folder_changes_nothing() {
    let Some(account) = Account::new() else { return };
    account.phalanx(&orders(), "deploy").succeeds();
    let other = orders();
    account.phalanx(&other, "plan --exit-code").succeeds();
    let same = account.phalanx(&other, "deploy").succeeds();
    assert!(same.stdout.starts_with("no changes to stack orders-dev\n"), "{}", same.scene());
    assert_eq!(stacks(&account), ["orders-dev"]);
}

#[test]
fn a_role_is_trusted_and_may_do_no_more_than_it_must() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    account.phalanx(&project, "deploy").succeeds();
    let role = project.template()["Resources"]["HelloRole"]["Properties"].clone();
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust[0]["Principal"], json!({ "Service": "lambda.amazonaws.com" }));
    assert_eq!(trust.as_array().unwrap().len(), 1);
    let mut statements = Vec::new();
    for policy in role["Policies"].as_array().unwrap() {
        let all = policy["PolicyDocument"]["Statement"].as_array().unwrap();
        statements.extend(all.iter().cloned());
    }
    assert!(!statements.is_empty());
    for statement in statements {
        let stars = |value: &Value| value.to_string().contains("\"*\"");
        assert!(!stars(&statement["Resource"]) && !stars(&statement["Action"]), "{statement}");
    }
}
