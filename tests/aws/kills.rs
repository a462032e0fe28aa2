//! The binary killed at many moments, and run again: the second run ends what the first began.

use std::process::Stdio;
use std::time::Duration;

use super::{objects, orders, stacks};
use crate::support::{Account, Project};

/// Starts a command, kills it after so many milliseconds, unless it has ended by then.
fn kill_after(account: &Account, project: &Project, words: &str, milliseconds: u64) {
    let mut command = account.phalanx(project, words).into_command();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(milliseconds));
    // It may have ended already.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn killed_deployments_and_deletions_are_picked_up() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    for milliseconds in (10..=150).step_by(10) {
        kill_after(&account, &project, "deploy", milliseconds);
        account.phalanx(&project, "deploy").succeeds();
        assert_eq!(stacks(&account), ["orders-dev"], "killed after {milliseconds} ms");
        assert_eq!(objects(&account).len(), 1, "killed after {milliseconds} ms");
        kill_after(&account, &project, "delete", milliseconds);
        account.phalanx(&project, "delete").succeeds();
        assert_eq!(stacks(&account), Vec::<String>::new(), "killed after {milliseconds} ms");
    }
}
