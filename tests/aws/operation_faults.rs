//! The two faults that tell most, of every call of the commands that change what is deployed beside
//! `deploy` itself: a reply that is lost after the work is done, and a permission that is missing.

use serde_json::Value;

use super::{later, open_change_sets, orders, packages, status};
use crate::support::{Account, Fault, Project, Scripted, in_parallel};

/// Each command changes something; what it changes follows from those before.
const COMMANDS: [&str; 3] = ["deploy --code-only", "rollback", "gc --keep 1 --min-age 0s"];

/// A service that has been deployed twice.
fn deployed(server: &Scripted) -> Project {
    let project = orders();
    server.phalanx(&project, "deploy").succeeds();
    write(&project, "good day");
    server.phalanx(&project, "deploy").succeeds();
    write(&project, "good night");
    project
}

fn write(project: &Project, greeting: &str) {
    project.write("app/bootstrap", format!("#!/bin/sh\necho {greeting}\n"));
}

/// All that a command may have changed, without what differs between accounts.
fn state(account: &Account) -> String {
    let function = account.wire("lambda", "GET", "/2015-03-31/functions/orders-dev-hello", "");
    let function: Value = serde_json::from_str(&function).unwrap();
    let code = &function["Configuration"]["CodeSha256"];
    let (open, stored) = (open_change_sets(account, "orders-dev"), packages(account));
    format!("{} runs {code}, open {open:?}, stored {stored:?}", status(account))
}

/// The operations of each command, and what holds after it.
fn undisturbed() -> Option<[(Vec<String>, String); 3]> {
    let account = Account::new()?;
    let server = Scripted::before(&account);
    let project = deployed(&server);
    Some(COMMANDS.map(|words| {
        server.forget_calls();
        later(server.phalanx(&project, words)).succeeds();
        let mut operations: Vec<String> = Vec::new();
        for operation in server.operations() {
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
        (operations, state(&account))
    }))
}

#[test]
fn lost_replies_and_missing_permissions_are_survived() {
    let Some(commands) = undisturbed() else { return };
    let longest = commands.iter().map(|(operations, _)| operations.len()).max().unwrap();
    let lives: Vec<(Fault, usize)> = [Fault::ReplyLost, Fault::Denied]
        .into_iter()
        .flat_map(|fault| (0..longest).map(move |index| (fault, index)))
        .collect();
    let operation = |command: usize, index: usize| commands[command].0.get(index);
    let name = |(fault, index): &(Fault, usize)| {
        format!("{fault:?} {:?}", [0, 1, 2].map(|command| operation(command, *index)))
    };
    in_parallel(lives, name, |(fault, index)| {
        let account = Account::new().unwrap();
        let server = Scripted::before(&account);
        let project = deployed(&server);
        for (command, words) in COMMANDS.into_iter().enumerate() {
            if let Some(operation) = operation(command, index) {
                server.fault(operation, 1, fault.answer());
                server.forget_calls();
                let run = later(server.phalanx(&project, words)).finish();
                assert!(server.operations().contains(operation), "{words}: no {operation}");
                server.forward_all();
                let scene = run.scene();
                match (fault, run.code) {
                    (_, Some(0)) => {}
                    (Fault::Denied, Some(1)) => {
                        assert!(run.stderr.contains("hint: "), "{scene}");
                        later(server.phalanx(&project, words)).succeeds();
                    }
                    _ => panic!("{words} at {operation}\n{scene}"),
                }
            } else {
                later(server.phalanx(&project, words)).succeeds();
            }
            assert_eq!(state(&account), commands[command].1, "{words}");
        }
    });
}
