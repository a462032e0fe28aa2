//! Every state that a stack can be in, and what each command says and does about it.

use super::{objects, orders, stacks};
use crate::support::{Account, Answer, Finished, Project, Scripted};

/// The error of a run, with what differs from run to run replaced.
fn error(account: &Account, run: &Finished) -> String {
    run.error().replace(&account.id, "[ACCOUNT]")
}

/// A deployed service whose stack is shown in another state than it is in.
fn shown_as(status: &str) -> Option<(Account, Project, Scripted)> {
    let account = Account::new()?;
    let (server, project) = (Scripted::before(&account), orders());
    server.phalanx(&project, "deploy").succeeds();
    let (from, to) = ("<StackStatus>CREATE_COMPLETE<", format!("<StackStatus>{status}<"));
    server.script("DescribeStacks", [Answer::replaced(from, &to)]);
    server.forget_calls();
    Some((account, project, server))
}

#[test]
fn busy() {
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
        let refused = server.phalanx(&project, "deploy").exits(1);
        let expected = format!(
            "error: stack `orders-dev` is being changed by `root` with Phalanx: it is {status} since "
        );
        assert!(error(&account, &refused).starts_with(&expected), "{}", refused.scene());
        let mut calls = server.operations();
        calls.sort();
        calls.dedup();
        assert_eq!(
            calls,
            ["DescribeStackEvents", "DescribeStacks", "GetCallerIdentity"],
            "found at once"
        );
        server.phalanx(&project, "status").succeeds();
        assert_eq!(stacks(&account), ["orders-dev"]);
        assert_eq!(objects(&account).len(), 1);
    }
}
