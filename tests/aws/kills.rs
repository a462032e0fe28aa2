//! The binary killed after every event that it tells and around every call that it makes, and run
//! again: the second run ends what the first began.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use super::life::LIFE;
use super::orders;
use crate::support::{Account, Answer, Phalanx, Scripted, in_parallel};

/// When a run is killed.
#[derive(Debug, Clone)]
enum Moment {
    /// As soon as it has told so many events.
    Event(usize),
    /// At its `nth` call of an operation, before or after that is done.
    Call { operation: String, nth: usize, done: bool },
}

/// Kills a run at that moment. False when it had ended by itself, and well.
fn kill(server: &Scripted, run: Phalanx, moment: &Moment) -> bool {
    let mut command = run.into_command();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    match moment {
        Moment::Event(number) => drop(stderr.lines().take(*number).count()),
        Moment::Call { .. } => {
            // What it tells is read, so that it does not wait for that.
            let reader = std::thread::spawn(move || stderr.lines().count());
            while child.try_wait().unwrap().is_none() && !server.is_stalled() {
                std::thread::sleep(Duration::from_millis(2));
            }
            // It may have ended already.
            let _ = child.kill();
            reader.join().unwrap();
        }
    }
    let _ = child.kill();
    let status = child.wait().unwrap();
    assert!(status.code().is_none_or(|code| code == 0), "it failed by itself: {status}");
    !status.success()
}

/// All moments of each command of an undisturbed life.
fn moments() -> Option<[Vec<Moment>; 4]> {
    let account = Account::new()?;
    let (server, project) = (Scripted::before(&account), orders());
    Some(LIFE.map(|command| {
        command.prepare(&project);
        let words = format!("{} --events", command.words());
        server.forget_calls();
        let events = server.phalanx(&project, &words).succeeds().stderr.lines().count();
        let mut moments: Vec<_> = (1..=events).map(Moment::Event).collect();
        let calls = server.calls();
        for (index, call) in calls.iter().enumerate() {
            let same = calls[..=index].iter().filter(|one| one.operation == call.operation);
            let (operation, nth) = (&call.operation, same.count());
            moments.extend([false, true].map(|done| Moment::Call {
                operation: operation.clone(),
                nth,
                done,
            }));
        }
        moments
    }))
}

#[test]
fn a_life_killed_at_any_moment_goes_on() {
    let Some(moments) = moments() else { return };
    let longest = moments.iter().map(Vec::len).max().unwrap();
    let lives: Vec<[Option<Moment>; 4]> = (0..longest)
        .map(|index| [0, 1, 2, 3].map(|command| moments[command].get(index).cloned()))
        .collect();
    let kills = std::sync::atomic::AtomicUsize::new(0);
    let wanted: usize = moments.iter().map(Vec::len).sum();
    in_parallel(
        lives,
        |moments| format!("{moments:?}"),
        |moments| {
            let account = Account::new().unwrap();
            let (server, project) = (Scripted::before(&account), orders());
            for (command, moment) in LIFE.into_iter().zip(moments) {
                command.prepare(&project);
                if let Some(moment) = &moment {
                    if let Moment::Call { operation, nth, done } = moment {
                        server.fault(operation, *nth, Answer::Stall { done: *done });
                    }
                    let words = format!("{} --events", command.words());
                    if kill(&server, server.phalanx(&project, &words), moment) {
                        kills.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                    server.forward_all();
                }
                let run = server.phalanx(&project, command.words()).finish();
                assert_eq!(run.code, Some(0), "{command:?} killed at {moment:?}\n{}", run.scene());
                command.check(&account);
            }
        },
    );
    let kills = kills.into_inner();
    // The last events come when all is done, and some runs have ended before they are killed.
    assert!(kills * 10 >= wanted * 8, "{kills} of {wanted} runs were killed");
}
