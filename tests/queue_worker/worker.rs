//! The worker against a queue, without a container round it.

use std::time::{Duration, Instant};

use super::{Queues, Worker, example};
use crate::support::{Account, Answer, Scripted};

#[test]
fn what_the_function_sends_the_worker_does() {
    let Some(account) = Account::alone() else { return };
    let project = example();
    let queues = Queues::deployed(&account, &project);
    let worker = Worker::on(&queues, None);
    let send = |event: &str| {
        account.phalanx_with(&project, &["invoke", "hello", "-d", event]).succeeds().json()
    };
    let answer = send(r#"{ "message": "as an event" }"#);
    assert_eq!(answer["statusCode"], 202, "{answer:#}");
    worker.prints(": as an event\n");
    let request = r#"{ "requestContext": {}, "body": "{ \"message\": \"by HTTP\" }" }"#;
    assert_eq!(send(request)["statusCode"], 202);
    worker.prints(": by HTTP\n");
    assert_eq!(send(r#"{ "requestContext": {} }"#)["statusCode"], 400);
    queues.until_work((0, 0));
    worker.terminate();
    worker.ends(5);
}

#[test]
fn a_poison_message_ends_in_the_dead_letter_queue_and_holds_up_no_other() {
    let Some(account) = Account::new() else { return };
    let queues = Queues::deployed(&account, &example());
    queues.send(&["poison", r#"{ "message": "good" }"#, r#"{ "message": "poison" }"#]);
    let worker = Worker::on(&queues, None);
    worker.prints(": good\n");
    worker.prints("failed for the 3. time");
    crate::support::until("two dead letters", 30, || {
        (queues.counts(&queues.dead) == (2, 0)).then_some(())
    });
    queues.until_work((0, 0));
    worker.terminate();
    let printed = worker.ends(5);
    for (time, next) in [(1, 1), (2, 2), (3, 4)] {
        let text = format!("failed for the {time}. time, next try in {next} s: ");
        assert_eq!(printed.matches(&text).count(), 2, "{printed}");
    }
    assert_eq!(printed.matches(": good\n").count(), 1, "{printed}");
}

#[test]
fn a_worker_that_is_asked_to_stop_ends_what_it_has_and_takes_no_more() {
    let Some(account) = Account::new() else { return };
    let queues = Queues::deployed(&account, &example());
    let worker = Worker::on(&queues, None);
    queues.send(&[r#"{ "message": "slow", "seconds": 3 }"#]);
    queues.until_work((0, 1));
    worker.terminate();
    queues.send(&[r#"{ "message": "late" }"#]);
    let printed = worker.ends(10);
    assert!(printed.contains(": slow\n"), "{printed}");
    assert!(!printed.contains("late"), "{printed}");
    queues.until_work((1, 0));
}

#[test]
fn a_worker_that_waits_for_messages_stops_at_once() {
    let Some(account) = Account::new() else { return };
    let queues = Queues::deployed(&account, &example());
    let before = Scripted::before(&account);
    let worker = Worker::on(&queues, Some(before.url()));
    crate::support::until("a call that waits", 30, || {
        before.operations().contains(&"ReceiveMessage".to_owned()).then_some(())
    });
    let began = Instant::now();
    worker.terminate();
    worker.ends(5);
    assert!(began.elapsed() < Duration::from_secs(5), "a poll takes 20 s");
}

#[test]
fn messages_come_and_go_in_batches() {
    let Some(account) = Account::new() else { return };
    let queues = Queues::deployed(&account, &example());
    let bodies: Vec<_> = (0..10).map(|number| format!(r#"{{ "message": "m{number}" }}"#)).collect();
    queues.send(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
    let before = Scripted::before(&account);
    let worker = Worker::on(&queues, Some(before.url()));
    worker.prints(": m9\n");
    queues.until_work((0, 0));
    let first = before.calls().into_iter().next().unwrap();
    let asked: serde_json::Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(
        (&asked["MaxNumberOfMessages"], &asked["WaitTimeSeconds"]),
        (&10.into(), &20.into())
    );
    let counts = before.counts();
    assert!(counts["DeleteMessageBatch"] < 10, "{counts:?}");
    assert_eq!(counts.get("DeleteMessage"), None, "{counts:?}");
    worker.terminate();
    worker.ends(5);
}

#[test]
fn the_pauses_between_errors_grow() {
    let Some(account) = Account::new() else { return };
    let queues = Queues::deployed(&account, &example());
    let before = Scripted::before(&account);
    let ill = || Answer::error(500, "InternalFailure", "something is wrong");
    before.script("ReceiveMessage", [ill(), ill(), ill(), Answer::Cut, Answer::Forward]);
    queues.send(&[r#"{ "message": "after all" }"#]);
    let worker = Worker::on(&queues, Some(before.url()));
    worker.prints(": after all\n");
    let calls = before.calls();
    let polls = calls.iter().filter(|call| call.operation == "ReceiveMessage");
    let times: Vec<_> = polls.map(|call| call.at).take(5).collect();
    for (index, least) in [100, 200, 400, 800].into_iter().enumerate() {
        let pause = times[index + 1] - times[index];
        assert!(pause >= Duration::from_millis(least), "pause {index}: {pause:?}");
    }
    let printed = worker.printed();
    assert!(printed.contains("error: sqs:ReceiveMessage: "), "{printed}");
    assert!(printed.contains("something is wrong"), "{printed}");
    // Also in a pause it stops at once.
    before.script("ReceiveMessage", [ill()]);
    worker.terminate();
    worker.ends(5);
}

#[test]
fn what_could_not_be_deleted_is_done_again() {
    let Some(account) = Account::new() else { return };
    let project = example();
    crate::support::change(&project, "VisibilityTimeout = 60", "VisibilityTimeout = 1");
    let queues = Queues::deployed(&account, &project);
    let before = Scripted::before(&account);
    before.script("DeleteMessageBatch", [Answer::Cut, Answer::Forward]);
    queues.send(&[r#"{ "message": "twice" }"#]);
    let worker = Worker::on(&queues, Some(before.url()));
    worker.prints("error: sqs:DeleteMessage: ");
    queues.until_work((0, 0));
    assert_eq!(worker.printed().matches(": twice\n").count(), 2, "{}", worker.printed());
    worker.terminate();
    worker.ends(5);
}
