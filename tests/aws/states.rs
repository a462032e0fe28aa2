//! Every state that a stack can be in, and what each command says and does about it.

use std::time::{Duration, Instant};

use super::thing::{stack, tell, tell_another, things};
use super::{cloudformation, orders, stacks, status};
use crate::support::{Account, Answer, Finished, Project, Scripted, change};

/// The end of a run: its error, or else the first words of its result (a stack's state and its reason),
/// with what differs from run to run replaced.
pub(super) fn end(account: &Account, run: &Finished) -> String {
    let text = match run.code {
        Some(0) => run.stdout.split("\nid ").next().unwrap().trim_end(),
        _ => run.error(),
    };
    without_ids(&text.replace(&account.id, "[ACCOUNT]"))
}

/// Replaces the last part of stack ids.
fn without_ids(text: &str) -> String {
    let mut parts = text.split("stack/");
    let mut clean = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('/').unwrap();
        clean.push_str(&format!("stack/{name}/[ID]{}", &rest[36..]));
    }
    clean
}

/// Has CloudFormation do something with the service's stack behind Phalanx's back.
pub(super) fn behind(account: &Account, action: &str, more: &str) {
    let more = format!("&StackName={}{more}", stack(account));
    let answer = cloudformation(account, action, &more);
    assert!(answer.contains(&format!("<{action}Response")), "{answer}");
}

/// A deployed service whose stack is shown in another state than it is in.
pub(super) fn shown_as(status: &str) -> Option<(Account, Project, Scripted)> {
    let account = Account::new()?;
    let (server, project) = (Scripted::before(&account), orders());
    server.phalanx(&project, "deploy").succeeds();
    let (from, to) = ("<StackStatus>CREATE_COMPLETE<", format!("<StackStatus>{status}<"));
    server.script("DescribeStacks", [Answer::replaced(from, &to)]);
    server.forget_calls();
    Some((account, project, server))
}

/// For what must happen soon.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_creation_that_failed_and_was_left() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    let template = "%7B%22Resources%22:%7B%22Q%22:%7B%22Type%22:%22AWS::SQS::Queue%22,\
        %22Properties%22:%7B%22RedrivePolicy%22:%7B%22x%22:1%7D%7D%7D%7D%7D";
    let made = format!("&OnFailure=DO_NOTHING&TemplateBody={template}");
    behind(&account, "CreateStack", &made);
    until(&account, "CREATE_FAILED");
    let status = account.phalanx(&project, "status").succeeds();
    insta::assert_snapshot!(end(&account, &status), @r"
    stack    t[ACCOUNT]-dev  CREATE_FAILED
    reason   Resource Q failed: Invalid value for the parameter RedrivePolicy. Value must be a JSON object containing string fields deadLetterTargetArn and maxReceiveCount (an integer between 1 and 1000).
    ");
    let created = account.phalanx(&project, "deploy").succeeds();
    insta::assert_snapshot!(notes(&account, &created), @"note  stack t[ACCOUNT]-dev is CREATE_FAILED: its creation failed at `Q` (AWS::SQS::Queue): Invalid value for the parameter RedrivePolicy. Value must be a JSON object containing string fields deadLetterTargetArn and maxReceiveCount (an integer between 1 and 1000).; it is deleted and created again");
    assert_eq!(created.stdout, format!("created stack {}\n", stack(&account)));
}

/// Waits until the account's one stack has this status.
fn until(account: &Account, wanted: &str) {
    let began = Instant::now();
    while status(account) != wanted {
        assert!(began.elapsed() < PATIENCE, "{} instead of {wanted}", status(account));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The notes and warnings of a run.
pub(super) fn notes(account: &Account, run: &Finished) -> String {
    let lines = run.stderr.lines();
    let notes = lines.filter(|line| line.contains("note  ") || line.contains("warning"));
    let notes: Vec<_> = notes.map(str::trim_start).collect();
    without_ids(&notes.join("\n").replace(&account.id, "[ACCOUNT]"))
}

#[test]
fn a_creation_that_was_rolled_back() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), things(&account, "fail-create"));
    let failed = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &failed), @r"
    error: creation of stack `t[ACCOUNT]-dev` failed at `Thing` (Custom::Thing): told to fail the create
      CloudFormation removed what it had made (the stack is ROLLBACK_COMPLETE)

    hint: correct it, then run the same command again
    ");
    assert_eq!(status(&account), "ROLLBACK_COMPLETE");
    insta::assert_snapshot!(end(&account, &server.phalanx(&project, "status").succeeds()), @"stack    t[ACCOUNT]-dev  ROLLBACK_COMPLETE");

    tell(&project, "nothing");
    server.forget_calls();
    let created = server.phalanx(&project, "deploy").succeeds();
    insta::assert_snapshot!(notes(&account, &created), @"note  stack t[ACCOUNT]-dev is ROLLBACK_COMPLETE: its creation failed at `Thing` (Custom::Thing): told to fail the create; it is deleted and created again");
    assert_eq!(created.stdout, format!("created stack {}\n", stack(&account)));
    // AWS refuses every change set on such a stack; ministack does not.
    let calls = server.calls();
    let at = |operation: &str| calls.iter().position(|call| call.operation == operation);
    assert!(at("DeleteStack") < at("CreateChangeSet"), "{:?}", server.operations());
    let set = &calls[at("CreateChangeSet").unwrap()];
    assert_eq!(set.field("ChangeSetType").unwrap(), "CREATE");
}

#[test]
fn a_creation_whose_rollback_failed() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "fail-delete");
    tell_another(&project, "fail-create");
    let failed = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &failed), @r"
    error: creation of stack `t[ACCOUNT]-dev` failed at `Other` (Custom::Thing): told to fail the create
      also failed: `Thing` (Custom::Thing): told to fail the delete
      CloudFormation could not remove all that it had made (the stack is ROLLBACK_FAILED)

    hint: correct it, then run the same command again
    ");
    assert_eq!(status(&account), "ROLLBACK_FAILED");
    tell(&project, "nothing");
    change(&project, "fail-create", "nothing");
    let created = account.phalanx(&project, "deploy").succeeds();
    insta::assert_snapshot!(notes(&account, &created), @"note  stack t[ACCOUNT]-dev is ROLLBACK_FAILED: its creation failed at `Other` (Custom::Thing): told to fail the create; it is deleted and created again");
    assert_eq!(status(&account), "CREATE_COMPLETE");
}

#[test]
fn an_update_that_was_rolled_back() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    tell(&project, "fail-update");
    let failed = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &failed), @r"
    error: update of stack `t[ACCOUNT]-dev` failed at `Thing` (Custom::Thing): told to fail the update
      CloudFormation undid the update: all is as it was before (the stack is UPDATE_ROLLBACK_COMPLETE)

    hint: correct it, then run the same command again
    ");
    assert_eq!(status(&account), "UPDATE_ROLLBACK_COMPLETE");
    // Nothing is different from what runs: that is a success too.
    tell(&project, "nothing");
    let same = account.phalanx(&project, "deploy").succeeds();
    assert_eq!(same.stdout, format!("no changes to stack {}\n", stack(&account)));
    tell(&project, "anything");
    let updated = account.phalanx(&project, "deploy").succeeds();
    assert_eq!(updated.stdout, format!("updated stack {}\n", stack(&account)));
}

#[test]
fn an_update_whose_rollback_failed() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    tell(&project, "fail-back");
    let failed = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &failed), @r"
    error: update of stack `t[ACCOUNT]-dev` failed at `Thing` (Custom::Thing): told to fail the update
      CloudFormation could not undo the update (the stack is UPDATE_ROLLBACK_FAILED)

    hint: run `phalanx recover` to continue the rollback, then deploy
    ");
    assert_eq!(status(&account), "UPDATE_ROLLBACK_FAILED");
    insta::assert_snapshot!(end(&account, &account.phalanx(&project, "status").succeeds()), @r"
    stack    t[ACCOUNT]-dev  UPDATE_ROLLBACK_FAILED
    reason   The following resource(s) failed to update: [Thing].
    ");
    let refused = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &refused), @r"
    error: stack `t[ACCOUNT]-dev` cannot be updated: it is UPDATE_ROLLBACK_FAILED

    hint: run `phalanx recover` to continue the rollback, then deploy
    ");

    // What failed fails again, until it is left out.
    let again = account.phalanx(&project, "recover").exits(1);
    insta::assert_snapshot!(end(&account, &again), @r"
    error: recovery of stack `t[ACCOUNT]-dev` failed at `Thing` (Custom::Thing): told to fail the update
      CloudFormation could not undo the update (the stack is UPDATE_ROLLBACK_FAILED)

    hint: put it right and run `phalanx recover` again, or leave it out with `phalanx recover --skip Thing`
    ");
    let unknown = account.phalanx(&project, "recover --skip Think").exits(2);
    insta::assert_snapshot!(end(&account, &unknown), @r"
    error: the stack has no resource `Think`

    hint: did you mean `Thing`?
    ");
    let recovered = account.phalanx(&project, "recover --skip Thing").succeeds();
    insta::assert_snapshot!(end(&account, &recovered), @"stack t[ACCOUNT]-dev is UPDATE_ROLLBACK_COMPLETE and can be deployed again");
    assert_eq!(status(&account), "UPDATE_ROLLBACK_COMPLETE");
    let nothing = account.phalanx(&project, "recover").succeeds();
    insta::assert_snapshot!(end(&account, &nothing), @"stack t[ACCOUNT]-dev is UPDATE_ROLLBACK_COMPLETE; there is nothing to recover");
    tell(&project, "anything");
    let updated = account.phalanx(&project, "deploy").succeeds();
    assert_eq!(updated.stdout, format!("updated stack {}\n", stack(&account)));
}

#[test]
fn a_deletion_that_failed() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "fail-delete");
    account.phalanx(&project, "deploy").succeeds();
    let early = account.phalanx(&project, "delete --retain Thing").exits(2);
    insta::assert_snapshot!(end(&account, &early), @r#"
    error: resources of stack `t[ACCOUNT]-dev` cannot be left behind yet: it is CREATE_COMPLETE, not DELETE_FAILED

    hint: run `phalanx delete` first; where it fails, `--retain` leaves behind what cannot be deleted
    hint: or set `DeletionPolicy = "Retain"` on the resource and deploy before you delete
    "#);
    let failed = account.phalanx(&project, "delete").exits(1);
    insta::assert_snapshot!(end(&account, &failed), @r"
    error: deletion of stack `t[ACCOUNT]-dev` failed at `Thing` (Custom::Thing): told to fail the delete
      CloudFormation deleted what it could (the stack is DELETE_FAILED)

    hint: remove what blocks it and run `phalanx delete` again, or leave it behind with `phalanx delete --retain Thing`
    ");
    assert_eq!(status(&account), "DELETE_FAILED");
    insta::assert_snapshot!(end(&account, &account.phalanx(&project, "status").succeeds()), @r"
    stack    t[ACCOUNT]-dev  DELETE_FAILED
    reason   The following resource(s) failed to delete: [Thing].
    ");
    let refused = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &refused), @r"
    error: stack `t[ACCOUNT]-dev` cannot be updated: it is DELETE_FAILED

    hint: run `phalanx delete` again, then deploy
    ");
    account.phalanx(&project, "delete").exits(1).says("told to fail the delete");
    let unknown = account.phalanx(&project, "delete --retain Think").exits(2);
    insta::assert_snapshot!(end(&account, &unknown), @r"
    error: the stack has no resource `Think`

    hint: did you mean `Thing`?
    ");
    let deleted = account.phalanx(&project, "delete --retain Thing").succeeds();
    insta::assert_snapshot!(end(&account, &deleted), @"deleted stack t[ACCOUNT]-dev");
    insta::assert_snapshot!(notes(&account, &deleted), @"");
    assert_eq!(stacks(&account), Vec::<String>::new());
}

#[test]
fn an_update_that_failed_and_was_left() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    let template = project.read(".phalanx/template.json");
    let template = template.replace("\"nothing\"", "\"fail-update\"");
    let escaped: String = template.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let update = format!("&DisableRollback=true&TemplateBody={escaped}");
    behind(&account, "UpdateStack", &update);
    until(&account, "UPDATE_FAILED");
    tell(&project, "anything");
    let updated = account.phalanx(&project, "deploy").succeeds();
    assert_eq!(updated.stdout, format!("updated stack {}\n", stack(&account)));
}

#[test]
fn imported_stacks_are_updated() {
    for status in ["IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"] {
        let Some((account, project, server)) = shown_as(status) else { return };
        let same = server.phalanx(&project, "deploy").succeeds();
        assert!(same.stdout.starts_with("no changes to stack orders-dev\n"), "{}", same.scene());
        assert_eq!(stacks(&account), ["orders-dev"]);
    }
}

#[test]
fn an_import_whose_rollback_failed() {
    let Some((account, project, server)) = shown_as("IMPORT_ROLLBACK_FAILED") else { return };
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &refused), @r"
    error: stack `orders-dev` cannot be updated: it is IMPORT_ROLLBACK_FAILED

    hint: see `phalanx status` for what stopped it; resources that were imported must be put right by hand
    ");
}

#[test]
fn protected_from_deletion() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    let protect = "&EnableTerminationProtection=true";
    behind(&account, "UpdateTerminationProtection", protect);
    let refused = account.phalanx(&project, "delete").exits(1);
    insta::assert_snapshot!(end(&account, &refused), @r"
    error: stack `t[ACCOUNT]-dev` is protected: it cannot be deleted

    hint: set `termination-protection = false` in `[deploy]` and deploy once more, then run `phalanx delete` again
    ");
    assert_eq!(status(&account), "CREATE_COMPLETE");
    account.phalanx(&project, "deploy").succeeds();
}

#[test]
fn an_export_that_another_stack_imports() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    let export = "[outputs.Maker]\nValue = \"${Maker.Arn}\"\nExport = { Name = \"maker\" }\n";
    project.write("phalanx.toml", format!("{}\n{export}", project.read("phalanx.toml")));
    account.phalanx(&project, "deploy").succeeds();
    let template = "%7B%22Resources%22:%7B%22Q%22:%7B%22Type%22:%22AWS::SSM::Parameter%22,\
        %22Properties%22:%7B%22Type%22:%22String%22,%22Value%22:\
        %7B%22Fn::ImportValue%22:%22maker%22%7D%7D%7D%7D%7D";
    let other = format!("&StackName=other&TemplateBody={template}");
    assert!(cloudformation(&account, "CreateStack", &other).contains("<StackId>"));
    // ministack says it in other words than AWS.
    let server = Scripted::before(&account);
    let said = "Export maker is imported by stack other";
    let sentence = "Export maker cannot be deleted as it is in use by other";
    server.script("DeleteStack", [Answer::replaced(said, sentence)]);
    let refused = server.phalanx(&project, "delete").exits(1);
    insta::assert_snapshot!(end(&account, &refused), @r"
    error: stack `t[ACCOUNT]-dev` cannot be deleted: its export `maker` is in use by other

    hint: delete those stacks first, or deploy them without the import
    ");
    assert_eq!(stacks(&account).len(), 2);
}

#[test]
fn a_resource_that_a_failed_creation_keeps() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "fail-create");
    let kept = "[resources.Kept]\nType = \"AWS::SQS::Queue\"\nDeletionPolicy = \"Retain\"\n\
        UpdateReplacePolicy = \"Retain\"\nProperties = { QueueName = \"kept\" }\n";
    project.write("phalanx.toml", format!("{}\n{kept}", project.read("phalanx.toml")));
    let failed = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(end(&account, &failed), @r"
    error: creation of stack `t[ACCOUNT]-dev` failed at `Thing` (Custom::Thing): told to fail the create
      CloudFormation removed what it had made (the stack is ROLLBACK_COMPLETE)

    hint: correct it, then run the same command again
    ");
    assert_eq!(status(&account), "ROLLBACK_COMPLETE");

    // AWS lists what it left behind; ministack forgets it.
    let server = Scripted::before(&account);
    let kept = "<StackResourceSummaries><member><LogicalResourceId>Kept</LogicalResourceId>\
        <PhysicalResourceId>kept</PhysicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType>\
        <ResourceStatus>DELETE_SKIPPED</ResourceStatus></member>";
    server.script("ListStackResources", [Answer::replaced("<StackResourceSummaries>", kept)]);
    let again = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(notes(&account, &again), @r"
    note  stack t[ACCOUNT]-dev is ROLLBACK_COMPLETE: its creation failed at `Thing` (Custom::Thing): told to fail the create; it is deleted and created again
    warning: of stack t[ACCOUNT]-dev these resources stay and belong to no stack any more: `Kept` (kept)
    ");
}
