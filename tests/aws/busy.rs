//! Stacks on which something works already: what someone else does stops a run, what one's own earlier run
//! began is followed to its end.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::states::{PATIENCE, end, notes, shown_as};
use super::thing::{stack, tell, things};
use super::{cloudformation, elements, packages, stacks, status};
use crate::support::{Account, Answer, Project};

#[test]
fn busy_with_what_someone_else_does() {
    for status in [
        "CREATE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
        "IMPORT_ROLLBACK_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "SOMETHING_NEW",
    ] {
        let Some((account, project, server)) = shown_as(status) else { return };
        let bob = Answer::replaced(
            "<ClientRequestToken>phalanx-root-",
            "<ClientRequestToken>phalanx-bob-",
        );
        server.script("DescribeStackEvents", [bob]);
        let refused = server.phalanx(&project, "deploy").exits(1);
        let expected = format!(
            "error: stack `orders-dev` is being changed by `bob` with Phalanx: it is {status} since "
        );
        assert!(end(&account, &refused).starts_with(&expected), "{}", refused.scene());
        assert_eq!(
            server.operations(),
            ["GetCallerIdentity", "DescribeStacks", "DescribeStackEvents"],
            "found at once"
        );
        server.phalanx(&project, "status").succeeds();
        assert_eq!(stacks(&account), ["orders-dev"]);
        assert_eq!(packages(&account).len(), 1);
    }
}

/// Starts a deployment that takes a while, and waits until CloudFormation works on it.
fn under_way(account: &Account, project: &Project) -> Child {
    let mut deploy = account.phalanx(project, "deploy").into_command();
    let child = deploy.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let is_under_way = || {
        let described = cloudformation(account, "DescribeStacks", "");
        elements(&described, "StackStatus")
            .iter()
            .any(|status| status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS")
    };
    while !is_under_way() {
        assert!(began.elapsed() < PATIENCE, "the deployment does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn a_creation_of_one_s_own_is_followed_after_a_kill() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "slow");
    let mut killed = under_way(&account, &project);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let second = account.phalanx(&project, "deploy").succeeds();
    insta::assert_snapshot!(notes(&account, &second), @"note  stack t[ACCOUNT]-dev is CREATE_IN_PROGRESS, asked for by `root` with Phalanx: following that to its end first");
    assert_eq!(second.stdout, format!("no changes to stack {}\n", stack(&account)));
    assert_eq!(status(&account), "CREATE_COMPLETE");
}

#[test]
fn an_update_of_one_s_own_is_followed_before_a_deletion() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    tell(&project, "slow");
    let mut first = under_way(&account, &project);
    let deleted = account.phalanx(&project, "delete").succeeds();
    insta::assert_snapshot!(notes(&account, &deleted), @"note  stack t[ACCOUNT]-dev is UPDATE_IN_PROGRESS, asked for by `root` with Phalanx: following that to its end first");
    assert_eq!(stacks(&account), Vec::<String>::new());
    // It saw its update through, or the deletion.
    first.wait().unwrap();
}
