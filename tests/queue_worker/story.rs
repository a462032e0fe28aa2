//! The story that the example tells, with the real thing at each step: an engine builds and runs the image, a
//! registry keeps it, the function and the queue are ministack's.

use serde_json::Value;

use super::{PROGRAM, Queues, example};
use crate::readme::ELSEWHERE;
use crate::support::{Account, Engine, Project, change, repository, until, words};

/// What the containers of the account's engine run, and whether they do.
fn containers(engine: &Engine, account: &Account) -> Vec<(String, String)> {
    let text = |container: &Value, key: &str| container[key].as_str().unwrap().to_owned();
    let all = engine.containers(account.label());
    all.iter().map(|one| (text(one, "Image"), text(one, "State"))).collect()
}

/// The digests of all images in the example's repository.
fn images(account: &Account) -> Vec<Value> {
    let listed = account.ask("ecr", "list_images(repositoryName='queue-worker')");
    listed["imageIds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["imageDigest"].clone())
        .collect()
}

/// Runs the commands of the README's part about this example: what stands below each must be in what it prints.
fn the_readme_tells_the_truth(account: &Account, project: &Project) {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let part = readme.split(ELSEWHERE).nth(1).unwrap().split("\n## ").next().unwrap();
    let block = part.split("```text\n$ ").nth(1).unwrap().split("```").next().unwrap();
    let commands: Vec<_> = block.split("\n$ ").collect();
    assert_eq!(commands.len(), 2, "{block}");
    for command in commands {
        let (line, shown) = command.split_once('\n').unwrap();
        let line = words(line.strip_prefix("phalanx ").unwrap());
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        until(&format!("what the README says of {line:?}"), 150, || {
            let printed = account.phalanx_with(project, &line).succeeds().stdout;
            plain(&printed).contains(plain(shown).trim_end()).then_some(())
        });
    }
}

/// Without what differs from run to run: ids and times.
fn plain(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z');
    let mut plain = String::new();
    for word in text.split_inclusive(|c: char| !is_part(c)) {
        let rest = word.trim_start_matches(is_part);
        plain.push_str(if word.len() - rest.len() >= 24 {
            "…"
        } else {
            &word[..word.len() - rest.len()]
        });
        plain.push_str(rest);
    }
    plain
}

#[test]
fn a_message_goes_from_the_function_through_the_queue_to_the_container() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let project = example();
    let run = |words: &str| account.phalanx(&project, &format!("{words} --stage local"));
    let say = |message: &str| {
        let event = format!(r#"{{ "message": "{message}" }}"#);
        let words = ["invoke", "hello", "--stage", "local", "-d", &event];
        let answer = account.phalanx_with(&project, &words).succeeds().json();
        assert_eq!(answer["statusCode"], 202, "{answer:#}");
        // A container that ends may have asked for messages and not hear the answer: what was given out to
        // it comes again after the queue's visibility timeout of 25 s.
        until(&format!("the line `{message}` in the log group"), 150, || {
            let logs = run("logs WorkerLogGroup").succeeds().stdout;
            logs.contains(&format!(": {message}\n")).then_some(())
        });
    };
    let running = || {
        until("one container that runs", 60, || match &containers(&engine, &account)[..] {
            [(image, state)] if state == "running" => Some(image.clone()),
            _ => None,
        })
    };

    let deployed = run("deploy --output json").succeeds().json();
    let output = |name: &str| deployed["outputs"][name].as_str().unwrap().to_owned();
    let queues =
        Queues { account: &account, work: output("QueueUrl"), dead: output("DeadLetterQueueUrl") };
    say("hello from the function");
    the_readme_tells_the_truth(&account, &project);
    queues.until_work((0, 0));
    assert_eq!(queues.counts(&queues.dead), (0, 0));
    let [digest] = &images(&account)[..] else { panic!("one image") };
    let first = running();
    assert!(first.ends_with(&format!("/queue-worker@{}", digest.as_str().unwrap())), "{first}");
    let again = run("deploy").succeeds().says("is in ECR already");
    assert!(again.stdout.starts_with("no changes"), "{}", again.scene());

    // Other code is another image, and the service runs it. What follows the end of a program in its file
    // changes nothing of what it does.
    let mut program = std::fs::read(project.root().join(PROGRAM)).unwrap();
    program.extend(b"another build");
    std::fs::write(project.root().join(PROGRAM), program).unwrap();
    let plan = run("plan").succeeds().stdout;
    assert!(plan.contains("WorkerTaskDefinition"), "{plan}");
    run("deploy --allow-destructive").succeeds();
    let second = until("a container of the new image", 60, || {
        Some(running()).filter(|image| *image != first)
    });
    say("hello again");
    assert_eq!(images(&account).len(), 2);

    // A deployment that fails takes its image back, and all is as it was.
    change(&project, "maxReceiveCount = 3", "x = 3");
    project.write(PROGRAM, "#!/bin/sh\nexit 1\n");
    run("deploy --allow-destructive").exits(1).says("back from ECR");
    assert_eq!(images(&account).len(), 2);
    assert_eq!(running(), second);
    queues.until_work((0, 0));

    run("delete").succeeds();
    until("the end of the containers", 60, || {
        containers(&engine, &account).is_empty().then_some(())
    });
    run("status").exits(1);
}
