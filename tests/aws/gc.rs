//! Garbage collection removes what nobody needs: no less, and never more.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::{change, later, objects, orders, packages};
use crate::support::{Account, Answer, Project, Scripted, in_parallel};

/// Deploys the service with other code.
fn deploy(account: &Account, project: &Project, version: usize) {
    project.write("app/bootstrap", format!("#!/bin/sh\necho {version}\n"));
    account.phalanx(project, "deploy").succeeds();
}

/// What of an answer is of one kind, by name.
fn named(pieces: &Value, kind: &str) -> Vec<String> {
    let pieces = pieces.as_array().unwrap().iter().filter(|piece| piece["kind"] == kind);
    pieces.map(|piece| piece["name"].as_str().unwrap().to_owned()).collect()
}

fn all(account: &Account) -> BTreeSet<String> {
    objects(account).into_iter().collect()
}

/// The packages that the account's functions were made of, by the stacks' own templates.
fn in_use(account: &Account) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for stack in super::stacks(account) {
        let template = account.ask("cloudformation", &format!("get_template(StackName='{stack}')"));
        let resources = template["TemplateBody"]["Resources"].as_object().unwrap();
        for key in resources.values().filter_map(|one| one["Properties"]["Code"]["S3Key"].as_str())
        {
            keys.insert(key.to_owned());
        }
    }
    assert!(!keys.is_empty());
    keys
}

#[test]
fn what_no_stack_and_no_kept_deployment_needs_goes() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let other = orders();
    change(&other, "\"orders\"", "\"other\"");
    deploy(&account, &other, 100);
    let mut made: Vec<Vec<String>> = Vec::new();
    for version in 1..=4 {
        deploy(&account, &project, version);
        let seen: BTreeSet<String> = all(&account);
        let known: BTreeSet<String> = made.iter().flatten().cloned().collect();
        made.push(seen.difference(&known).cloned().collect::<Vec<String>>());
    }

    // By now, everything is young.
    let young = account.phalanx(&project, "gc --keep 1 --output json").succeeds().json();
    assert_eq!(young["removed"], json!([]), "{young:#}");
    let before = all(&account);
    assert_eq!(before.len(), all(&account).len());

    // Ten deployments are kept unless fewer are asked for.
    let all_kept = later(account.phalanx(&project, "gc --output json")).succeeds().json();
    assert_eq!(
        (&all_kept["removed"], &all_kept["young"]),
        (&json!([]), &json!([])),
        "{all_kept:#}"
    );

    let dry = later(account.phalanx(&project, "gc --keep 2 --dry-run --output json"));
    let dry = dry.succeeds().json();
    assert_eq!(dry["dry-run"], true);
    assert_eq!(all(&account), before, "a dry run removes nothing");
    let text = later(account.phalanx(&project, "gc --keep 2 --dry-run")).succeeds().stdout;
    assert!(text.contains("would remove 6 objects, "), "{text}");

    // The first two versions: a package, a template and a record each.
    let gone = later(account.phalanx(&project, "gc --keep 2 --output json")).succeeds().json();
    assert_eq!(gone["removed"], dry["removed"]);
    for kind in ["package", "template", "record"] {
        assert_eq!(named(&gone["removed"], kind).len(), 2, "{kind}: {gone:#}");
    }
    let removed: BTreeSet<String> = made[1].iter().cloned().collect();
    let left = all(&account);
    assert!(removed.is_disjoint(&left), "the second version is gone");
    assert!(made[2].iter().chain(&made[3]).all(|key| left.contains(key)), "the last two are not");
    assert_eq!(before.len() - left.len(), 6);
    assert!(in_use(&account).iter().all(|key| left.contains(key)));
    let bytes: u64 =
        gone["removed"].as_array().unwrap().iter().map(|one| one["size"].as_u64().unwrap()).sum();
    assert!(bytes > 0 && gone["bytes"] == bytes, "{gone:#}");

    let again = later(account.phalanx(&project, "gc --keep 2 --output json")).succeeds().json();
    assert_eq!(again["removed"], json!([]));
    assert_eq!(all(&account), left);
    // What is kept can be gone back to; what is gone cannot, and is not in the history.
    let history = account.phalanx(&project, "history --output json").succeeds().json();
    assert_eq!(history["deployments"].as_array().unwrap().len(), 2);
    account.phalanx(&project, "rollback").succeeds();

    // Without any deployment kept, what is live stays all the same.
    later(account.phalanx(&project, "gc --keep 0")).succeeds();
    assert_eq!(packages(&account).into_iter().collect::<BTreeSet<_>>(), in_use(&account));
    deploy(&account, &project, 5);

    // A stack that is gone needs nothing.
    account.phalanx(&project, "delete").succeeds();
    later(account.phalanx(&other, "gc")).succeeds();
    assert_eq!(packages(&account).into_iter().collect::<BTreeSet<_>>(), in_use(&account));
    account.phalanx(&other, "delete").succeeds();
    later(account.phalanx(&other, "gc")).succeeds();
    assert_eq!(objects(&account), ["phalanx/bucket-1.json"]);
}

#[test]
fn change_sets_that_nobody_executes() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    deploy(&account, &project, 1);
    deploy(&account, &project, 2);
    let first = {
        let history = account.phalanx(&project, "history --output json").succeeds().json();
        history["deployments"][1]["artifacts"][0].as_str().unwrap().to_owned()
    };
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    let template = json!({ "Resources": { "F": { "Type": "AWS::Lambda::Function", "Properties": {
        "Code": { "S3Bucket": bucket, "S3Key": first }, "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "bootstrap", "Runtime": "provided.al2023" } } } });
    let make = |name: &str| {
        account.ask(
            "cloudformation",
            &format!("create_change_set(StackName='orders-dev', ChangeSetName='{name}', TemplateBody=json.dumps({template}))"),
        );
    };
    let sets = || {
        let sets = account.ask("cloudformation", "list_change_sets(StackName='orders-dev')");
        let sets = sets["Summaries"].as_array().unwrap().iter();
        let open = sets.filter(|set| set["ExecutionStatus"] == "AVAILABLE");
        let mut names: Vec<String> =
            open.map(|set| set["ChangeSetName"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    make("phalanx-left-behind");
    make("mine");
    let young = account.phalanx(&project, "gc --keep 1 --output json").succeeds().json();
    assert_eq!(named(&young["young"], "change-set"), ["orders-dev/phalanx-left-behind"]);

    // What is not of our making stays, and so does what it needs.
    let gone = later(account.phalanx(&project, "gc --keep 1 --output json")).succeeds().json();
    assert_eq!(named(&gone["removed"], "change-set"), ["orders-dev/phalanx-left-behind"]);
    assert_eq!(named(&gone["removed"], "package"), Vec::<String>::new());
    assert_eq!(sets(), ["mine"]);
    assert!(packages(&account).contains(&first));

    account
        .ask("cloudformation", "delete_change_set(StackName='orders-dev', ChangeSetName='mine')");
    let gone = later(account.phalanx(&project, "gc --keep 1 --output json")).succeeds().json();
    assert_eq!(named(&gone["removed"], "package"), [first]);
}

#[test]
fn only_what_is_of_our_making_is_touched() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    deploy(&account, &project, 1);
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    let foreign = [
        "readme.txt".to_owned(),
        "artifacts/notes.txt".to_owned(),
        format!("artifacts/{}/x.zip", "a".repeat(64)),
        format!("backup/{}.zip", "a".repeat(64)),
        "deployments/999999999999/orders-dev/1.json".to_owned(),
    ];
    let record = {
        let key =
            objects(&account).into_iter().find(|key| key.starts_with("deployments/")).unwrap();
        account.evaluate(
            "s3",
            &format!("client.get_object(Bucket='{bucket}', Key='{key}')['Body'].read().decode()"),
        )
    };
    for key in &foreign {
        account.ask("s3", &format!("put_object(Bucket='{bucket}', Key='{key}', Body={record})"));
    }
    account.phalanx(&project, "delete").succeeds();
    later(account.phalanx(&project, "gc --keep 0")).succeeds();
    let left = all(&account);
    assert!(foreign.iter().all(|key| left.contains(key)), "{left:#?}");
    // Another account's record in the same bucket keeps what it needs.
    assert_eq!(packages(&account).len(), 3, "{left:#?}");
}

#[test]
fn nothing_was_ever_stored() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let answer = later(account.phalanx(&project, "gc")).succeeds();
    assert_eq!(answer.stdout, "removed nothing; 0 in use\n");
    let buckets = account.ask("s3", "list_buckets()");
    assert_eq!(buckets["Buckets"], json!([]), "nor is a bucket made");
}

#[test]
fn a_stack_that_may_go_back_keeps_what_it_would_go_back_to() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    deploy(&account, &project, 1);
    deploy(&account, &project, 2);
    server
        .script("DescribeStacks", [Answer::replaced(">UPDATE_COMPLETE<", ">UPDATE_IN_PROGRESS<")]);
    let gone = later(server.phalanx(&project, "gc --keep 0 --dry-run --output json"));
    let gone = gone.succeeds().json();
    assert_eq!(named(&gone["removed"], "record").len(), 1, "{gone:#}");
    assert_eq!(named(&gone["removed"], "package").len(), 1, "{gone:#}");

    // When nobody knows what that is, nothing is removed that it could be.
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    for key in objects(&account).iter().filter(|key| key.starts_with("deployments/")) {
        account.ask("s3", &format!("delete_object(Bucket='{bucket}', Key='{key}')"));
    }
    let before = all(&account);
    let gone = later(server.phalanx(&project, "gc --keep 0 --output json")).succeeds();
    assert_eq!(gone.json()["removed"], json!([]));
    assert_eq!(gone.json()["unsure"], json!(["orders-dev"]));
    gone.says("stack orders-dev may go back to a template that is not recorded");
    assert_eq!(all(&account), before);
    server.forward_all();
    let gone = later(server.phalanx(&project, "gc --keep 0 --output json")).succeeds().json();
    assert_eq!(named(&gone["removed"], "package").len(), 1, "{gone:#}");
}

#[test]
fn what_cannot_be_removed_is_told_and_all_else_goes() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    for version in 1..=3 {
        deploy(&account, &project, version);
    }
    let first = {
        let history = account.phalanx(&project, "history --output json").succeeds().json();
        history["deployments"][2]["artifacts"][0].as_str().unwrap().to_owned()
    };
    let denied = format!(
        "<DeleteResult><Error><Key>{first}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error></DeleteResult>"
    );
    // The first call is that for the records.
    server.fault("DeleteObjects", 2, Answer::body(200, denied));
    let run = later(server.phalanx(&project, "gc --keep 1 --output json")).exits(1);
    let answer = run.json();
    assert_eq!(answer["failed"], json!([{ "name": first, "why": "Access Denied (AccessDenied)" }]));
    assert_eq!(answer["removed"].as_array().unwrap().len(), 5, "{answer:#}");
    run.says(&format!("warning: `{first}` was not removed: Access Denied (AccessDenied)"));

    // A stack that cannot be read may need anything.
    server.forward_all();
    let denied = Answer::error(403, "AccessDenied", "no");
    server.script("GetTemplate", [denied]);
    let before = all(&account);
    later(server.phalanx(&project, "gc --keep 1")).exits(1).says("`cloudformation:GetTemplate`");
    assert_eq!(all(&account), before);
}

#[test]
fn code_that_was_deployed_alone_is_in_use() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    deploy(&account, &project, 1);
    project.write("app/bootstrap", "#!/bin/sh\necho 2\n");
    account.phalanx(&project, "deploy --code-only").succeeds();
    let gone = later(account.phalanx(&project, "gc --keep 0 --output json")).succeeds().json();
    assert_eq!(named(&gone["removed"], "package"), Vec::<String>::new());
    assert_eq!(packages(&account).len(), 2);
    let note = format!("behind/{}/orders-dev.json", account.id);
    assert!(objects(&account).contains(&note));
    // Whoever deletes the stack by other means leaves the note.
    account.ask("cloudformation", "delete_stack(StackName='orders-dev')");
    let gone = later(account.phalanx(&project, "gc --output json")).succeeds().json();
    assert!(named(&gone["removed"], "record").contains(&note), "{gone:#}");
    assert_eq!(objects(&account), ["phalanx/bucket-1.json"]);
}

#[test]
fn a_collection_that_is_killed_is_done_by_the_next() {
    let Some(_) = Account::new() else { return };
    let moments = [(1, false), (1, true), (2, false), (2, true)];
    in_parallel(
        moments.to_vec(),
        |moment| format!("{moment:?}"),
        |(nth, done)| {
            let account = Account::new().unwrap();
            let (server, project) = (Scripted::before(&account), orders());
            for version in 1..=3 {
                deploy(&account, &project, version);
            }
            server.fault("DeleteObjects", nth, Answer::Stall { done });
            let mut command = later(server.phalanx(&project, "gc --keep 1")).into_command();
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while child.try_wait().unwrap().is_none() && !server.is_stalled() {
                std::thread::sleep(Duration::from_millis(2));
            }
            child.kill().unwrap();
            assert!(!child.wait().unwrap().success(), "it was killed");
            server.forward_all();
            // What the history still tells of is all there.
            let history = account.phalanx(&project, "history --output json").succeeds().json();
            let left = all(&account);
            for deployment in history["deployments"].as_array().unwrap() {
                let artifacts = deployment["artifacts"].as_array().unwrap().iter();
                assert!(
                    artifacts.clone().all(|key| left.contains(key.as_str().unwrap())),
                    "{left:#?}"
                );
            }
            later(account.phalanx(&project, "gc --keep 1")).succeeds();
            let left = all(&account);
            assert_eq!(left.len(), 4, "a package, a template, a record and the mark: {left:#?}");
        },
    );
}

#[test]
fn an_interrupt_ends_it() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    deploy(&account, &project, 1);
    deploy(&account, &project, 2);
    server.fault("DeleteObjects", 1, Answer::Stall { done: false });
    let run = later(server.phalanx(&project, "gc --keep 1")).start();
    let began = std::time::Instant::now();
    while !server.is_stalled() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing is removed");
        std::thread::sleep(Duration::from_millis(2));
    }
    let interrupted = run.interrupt().exits(130);
    insta::assert_snapshot!(interrupted.error(), @r"
    error: interrupted during `gc`

    hint: run the same command again to go on
    ");
}
