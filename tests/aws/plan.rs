//! What a plan says of a stack that is there, and who says it: CloudFormation, where it is asked.

use super::{change, open_change_sets, orders};
use crate::support::{Account, Answer, Scripted};

#[test]
fn cloudformation_says_what_is_replaced_and_is_left_as_it_was() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let run = |words: &str| account.phalanx(&project, words);
    let plan = run("plan --output json").succeeds().json();
    assert_eq!(plan["judge"], "plan", "there is nothing to ask about yet");
    run("deploy").succeeds();
    change(&project, "VisibilityTimeout = 30", "QueueName = \"orders-work\"");
    let text = run("plan").succeeds();
    insta::assert_snapshot!(text.stdout, @r#"
    plan for stack orders-dev in the aws cloud

    by service
      ~ Hello        AWS::Lambda::Function
          Properties.Environment.Variables.QUEUE_URL: changes with WorkerQueue
      ± WorkerQueue  AWS::SQS::Queue  (replaced by Properties.QueueName)  LOSES DATA
          Properties.QueueName: "orders-work"
          Properties.VisibilityTimeout: 30 -> nothing

    resources: 1 to modify, 1 to replace; some lose data
    replacement as CloudFormation's change set says
    "#);
    let plan = run("plan --output json").succeeds().json();
    assert_eq!(plan["judge"], "change-set");
    assert_eq!(open_change_sets(&account, "orders-dev"), Vec::<String>::new());
    // A change that destroys data is not made without a word, and leaves no change set either.
    let refused = run("deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @"
    error: the plan destroys what `WorkerQueue` holds, and nobody is there to confirm it; nothing was changed

    hint: if that is meant, run the command again with `--allow-destructive`
    hint: `DeletionPolicy` and `UpdateReplacePolicy` with the value `Retain` keep a resource that is removed or replaced
    ");
    assert_eq!(open_change_sets(&account, "orders-dev"), Vec::<String>::new());
    run("deploy --allow-destructive")
        .succeeds()
        .says("WorkerQueue AWS::SQS::Queue UPDATE_COMPLETE");
    run("plan --exit-code").succeeds();
}

#[test]
fn who_may_only_look_gets_the_plan_that_needs_no_change_set() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    server.phalanx(&project, "deploy").succeeds();
    change(&project, "VisibilityTimeout = 30", "VisibilityTimeout = 60");
    server.script("CreateChangeSet", [Answer::error(403, "AccessDenied", "not allowed")]);
    let plan = server.phalanx(&project, "plan --output json").succeeds().json();
    assert_eq!(plan["judge"], "plan");
    assert_eq!(plan["resources"][0]["logical-id"], "WorkerQueue");
    server.phalanx(&project, "deploy").exits(1).says("`cloudformation:CreateChangeSet`");
}

#[test]
fn values_of_parameters_and_tags_are_changes_too() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    change(
        &project,
        "[functions.hello]",
        "[parameters.Delay]\nType = \"Number\"\nDefault = 5\n\n[stages.dev]\nparameters = { Delay = 7 }\ntags = { team = \"shop\" }\n\n[functions.hello]",
    );
    change(&project, "VisibilityTimeout = 30", "DelaySeconds = { Ref = \"Delay\" }");
    account.phalanx(&project, "deploy").succeeds();
    account.phalanx(&project, "plan --exit-code").succeeds();
    change(&project, "{ Delay = 7 }", "{ Delay = 9 }");
    change(&project, "\"shop\"", "\"store\"");
    let plan = account.phalanx(&project, "plan --exit-code").exits(4);
    insta::assert_snapshot!(plan.stdout, @r#"
    plan for stack orders-dev in the aws cloud

    by service
      ~ Hello          AWS::Lambda::Function
          Tags: the text is the same, what it comes to is not
      ~ HelloLogGroup  AWS::Logs::LogGroup
          Tags: the text is the same, what it comes to is not
      ~ HelloRole      AWS::IAM::Role
          Tags: the text is the same, what it comes to is not
      ~ WorkerQueue    AWS::SQS::Queue
          Tags: the text is the same, what it comes to is not
          Properties.DelaySeconds: the text is the same, what it comes to is not
      ~ value of parameter Delay: "7" -> "9"
      ~ tag team: "shop" -> "store"

    resources: 4 to modify; 2 other changes
    replacement as CloudFormation's change set says
    "#);
    account.phalanx(&project, "deploy").succeeds();
    account.phalanx(&project, "plan --exit-code").succeeds();
}
