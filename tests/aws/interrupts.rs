//! Ctrl-C while CloudFormation works on the stack: it goes on without the run, unless it is cancelled.

use super::thing::{tell, tell_another, things};
use super::{change, status};
use crate::support::{Account, Finished, Project, Running};

/// A deployment on whose stack CloudFormation works.
fn under_way(account: &Account, project: &Project) -> Running {
    let running = account.phalanx(project, "deploy --events").start();
    running.until(r#"{"event":"resource","logical-id":"Thing""#)
}

fn last_event(finished: &Finished) -> serde_json::Value {
    serde_json::from_str(finished.stderr.lines().last().unwrap()).unwrap()
}

#[test]
fn a_creation_goes_on_and_says_so() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "slow");
    let left = under_way(&account, &project).interrupt().exits(130);
    let error = last_event(&left);
    assert_eq!(error["code"], "stack-goes-on", "{}", left.scene());
    insta::assert_snapshot!(error["hints"].to_string(), @r#"["`phalanx status` tells how it stands; the same command again follows it to its end","`phalanx delete` breaks the creation off and removes what is there"]"#);
    // The same command follows it to its end.
    let next = account.phalanx(&project, "deploy").succeeds();
    assert!(next.stdout.starts_with("no changes to stack "), "{}", next.scene());
    assert_eq!(status(&account), "CREATE_COMPLETE");
}

#[test]
fn an_update_that_is_all_but_done_cannot_be_cancelled() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    tell(&project, "slow");
    let running = under_way(&account, &project).interrupt().until("press Ctrl-C again");
    let late = running.interrupt().exits(1);
    let error = last_event(&late);
    assert_eq!(error["code"], "cannot-cancel", "{}", late.scene());
    assert_eq!(status(&account), "UPDATE_COMPLETE");
}

#[test]
fn an_update_is_cancelled_at_the_second_time() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    // CloudFormation lets what it has begun come to its end, and begins nothing more.
    tell_another(&project, "nothing");
    account.phalanx(&project, "deploy").succeeds();
    tell(&project, "slow");
    let running = under_way(&account, &project).interrupt();
    let running = running.until("press Ctrl-C again");
    let cancelled = running.interrupt().exits(130);
    let error = last_event(&cancelled);
    assert_eq!(error["code"], "update-cancelled", "{}", cancelled.scene());
    assert_eq!(status(&account), "UPDATE_ROLLBACK_COMPLETE");
    // What was undone is made after all.
    let next = account.phalanx(&project, "deploy").succeeds();
    assert!(next.stdout.starts_with("updated stack "), "{}", next.scene());
}

/// The shortest limit is a minute.
#[test]
fn an_update_that_takes_too_long_is_undone() {
    let Some(account) = Account::new() else { return };
    let project = things(&account, "nothing");
    tell_another(&project, "nothing");
    change(&project, "[functions.maker]", "[deploy]\ntimeout = \"1m\"\n\n[functions.maker]");
    account.phalanx(&project, "deploy").succeeds();
    tell(&project, "slow long");
    let late = account.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(late.error().replace(&account.id, "[ACCOUNT]"), @"
    error: update of stack `t[ACCOUNT]-dev` took longer than 1 min, the limit of `deploy.timeout`; it was undone

    hint: see in the events above what took so long; raise `timeout` in `[deploy]` if that is meant
    ");
    assert_eq!(status(&account), "UPDATE_ROLLBACK_COMPLETE");
}
