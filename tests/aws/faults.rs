//! Every fault of every call that a service's life makes: each command ends well in spite of it, and
//! where it cannot, the same command does so afterwards. Nothing is lost and nothing is there twice.

use super::life::LIFE;
use super::orders;
use crate::support::{Account, Fault, Scripted, in_parallel};

/// The operations that each command of a life without faults asks for, each once.
fn operations() -> Option<[Vec<String>; 4]> {
    let account = Account::new()?;
    let (server, project) = (Scripted::before(&account), orders());
    Some(LIFE.map(|command| {
        command.prepare(&project);
        server.forget_calls();
        server.phalanx(&project, command.words()).succeeds();
        command.check(&account);
        let mut operations: Vec<String> = Vec::new();
        for call in server.calls() {
            if !operations.contains(&call.operation) {
                operations.push(call.operation);
            }
        }
        operations
    }))
}

/// Calls that a deployment makes for its history, which it survives without; whether the code of
/// functions is ahead of the template, which is kept there too, it must know.
const ONLY_REMEMBERS: [&str; 2] = ["ListObjectsV2", "GetObject"];

#[test]
fn every_fault_of_every_call_is_survived() {
    let Some(operations) = operations() else { return };
    // One life has a fault in each of its commands, so that the commands before are not for nothing.
    let longest = operations.iter().map(Vec::len).max().unwrap();
    let lives: Vec<(Fault, [Option<&String>; 4])> = Fault::ALL
        .into_iter()
        .flat_map(|fault| (0..longest).map(move |index| (fault, index)))
        .map(|(fault, index)| (fault, [0, 1, 2, 3].map(|command| operations[command].get(index))))
        .collect();
    let faults = lives.iter().flat_map(|(_, faults)| faults).flatten().count();
    assert!(faults >= 60, "only {faults} combinations: {operations:#?}");

    let name = |(fault, faults): &(Fault, [Option<&String>; 4])| format!("{fault:?} {faults:?}");
    in_parallel(lives, name, |(fault, faults)| {
        let account = Account::new().unwrap();
        let (server, project) = (Scripted::before(&account), orders());
        for (command, operation) in LIFE.into_iter().zip(faults) {
            command.prepare(&project);
            let Some(operation) = operation else {
                server.phalanx(&project, command.words()).succeeds();
                command.check(&account);
                continue;
            };
            server.fault(operation, 1, fault.answer());
            server.forget_calls();
            let run = server.phalanx(&project, command.words()).finish();
            if fault == Fault::Denied && run.code == Some(0) {
                assert!(ONLY_REMEMBERS.contains(&operation.as_str()), "{}", run.scene());
                assert!(run.stderr.contains("could not be recorded"), "{}", run.scene());
            } else if fault == Fault::Denied {
                assert_eq!(run.code, Some(1), "{command:?} without {operation}\n{}", run.scene());
                assert!(run.error().contains("hint: "), "{}", run.scene());
                server.phalanx(&project, command.words()).succeeds();
            } else {
                assert_eq!(run.code, Some(0), "{command:?} at {operation}\n{}", run.scene());
            }
            assert!(server.operations().contains(operation), "{command:?}: no {operation}");
            server.forward_all();
            command.check(&account);
        }
    });
}
