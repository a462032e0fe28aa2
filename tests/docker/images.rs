//! The plugin `docker-ecr`: what it builds, where it pushes, and what it takes back.

use serde_json::{Value, json};

use crate::support::{Account, Engine, Podman, Project, change};

/// A service whose image is made of one file. Its repository is named after its account: the engine is shared.
const ORDERS: &str = r#"
[service]
name = "orders"
region = "eu-central-1"

[functions.hello]
code = "app/bootstrap"

[resources.Queue]
Type = "AWS::SQS::Queue"
Properties = { VisibilityTimeout = 30 }

[plugins.image]
source = "builtin:docker-ecr"
grants = { images = true }
config = { repository = "team/oACCOUNT" }
"#;

/// Makes the update of the queue fail.
const BROKEN: &str = "{ RedrivePolicy = { x = 1 } }";

pub(super) fn orders(account: &Account) -> Project {
    Project::new(&ORDERS.replace("ACCOUNT", &account.id))
        .script("app/bootstrap", "#!/bin/sh\necho hello\n")
        .file("Dockerfile", "FROM scratch\nCOPY app/bootstrap /bootstrap\nCMD [\"/bootstrap\"]\n")
        .file(".dockerignore", "*\n!app/bootstrap\n")
}

/// Digest and tags of each image of the service's repository.
fn images(account: &Account) -> Vec<(String, Vec<Value>)> {
    let asked = format!("describe_images(repositoryName='team/o{}')", account.id);
    let details = account.ask("ecr", &asked)["imageDetails"].as_array().unwrap().clone();
    let image = |image: &Value| {
        let tags = image["imageTags"].as_array().unwrap().clone();
        (image["imageDigest"].as_str().unwrap().to_owned(), tags)
    };
    details.iter().map(image).collect()
}

#[test]
fn an_image_is_pushed_once_for_each_content() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let project = orders(&account);
    let run = |words: &str| account.phalanx(&project, words);

    let planned = run("plan").succeeds().says("would build and push");
    assert!(!planned.stderr.contains("Step 1"), "a plan builds nothing\n{}", planned.scene());
    let first = run("deploy").succeeds().says("| Step 2/3 : COPY").says("made the repository");
    let [(digest, tags)] = &images(&account)[..] else { panic!("one image") };
    let pushed = format!("pushed {}/team/o{}@{digest}", account.registry(), account.id);
    assert!(first.stderr.contains(&pushed), "{}", first.scene());
    let [Value::String(tag)] = &tags[..] else { panic!("one tag: {tags:?}") };
    assert!(tag.starts_with("orders-dev-"), "{tag}");

    let repository = account
        .ask("ecr", &format!("describe_repositories(repositoryNames=['team/o{}'])", account.id));
    let repository = &repository["repositories"][0];
    assert_eq!(repository["imageTagMutability"], "IMMUTABLE");
    assert_eq!(repository["imageScanningConfiguration"], json!({ "scanOnPush": true }));

    for words in ["deploy", "plan"] {
        let again = run(words).succeeds().says("is in ECR already");
        assert!(!again.stderr.contains("Step"), "{}", again.scene());
        assert!(again.stdout.starts_with("no changes"), "{}", again.scene());
    }
    // What the context leaves out makes no other image.
    project.write("notes.txt", "anything");
    run("deploy").succeeds().says("is in ECR already");
    project.write("app/bootstrap", "#!/bin/sh\necho hello again\n");
    run("deploy").succeeds().says("| Step 2/3 : COPY").says("pushed");
    assert_eq!(images(&account).len(), 2);
}

#[test]
fn a_run_that_fails_takes_back_what_it_pushed() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let project = orders(&account);
    let run = |words: &str| account.phalanx(&project, words);
    run("deploy").succeeds();
    let before = images(&account);

    change(&project, "{ VisibilityTimeout = 30 }", BROKEN);
    run("deploy").exits(1).says("`Queue`");
    assert_eq!(images(&account), before, "it was there before, and the stack still runs it");
    project.write("app/bootstrap", "#!/bin/sh\necho hello again\n");
    run("deploy").exits(1).says("back from ECR");
    assert_eq!(images(&account), before);
    change(&project, BROKEN, "{ VisibilityTimeout = 60 }");
    run("deploy").succeeds().says("pushed");
}

#[test]
fn a_deletion_takes_its_own_images_along_when_it_is_told_to() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    // Two services share a repository.
    let (ours, theirs) = (orders(&account), orders(&account));
    change(&theirs, "name = \"orders\"", "name = \"mails\"");
    theirs.write("app/bootstrap", "#!/bin/sh\necho mail\n");
    let run = |project, words: &str| account.phalanx(project, words);
    run(&ours, "deploy").succeeds();
    run(&theirs, "deploy").succeeds();
    assert_eq!(images(&account).len(), 2);

    change(&ours, "\" }\n", "\", remove-images = true }\n");
    run(&ours, "delete").succeeds().says("1");
    let left = images(&account);
    assert_eq!(left.len(), 1);
    assert!(left[0].1[0].as_str().unwrap().starts_with("mails-dev-"), "{left:?}");
    run(&theirs, "delete").succeeds();
    assert_eq!(images(&account), left, "without being told to, images stay");
}

#[test]
fn nothing_is_built_for_the_local_cloud() {
    let Some(account) = Account::new() else { return };
    let project = orders(&account);
    let local = project.phalanx("deploy --local").env("DOCKER_HOST", "unix:///nowhere");
    local.succeeds().says("not built, since nothing runs it here: 000000000000.dkr.ecr.");
    project.phalanx("delete --local").succeeds();
}

#[test]
fn podman_does_as_well() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let Some(podman) = Podman::start(&account.registry()) else { return };
    let project = orders(&account);
    let run = |words: &str| {
        let run = account.phalanx(&project, words);
        podman.environment().into_iter().fold(run, |run, (name, value)| run.env(name, value))
    };
    let first = run("deploy").succeeds();
    assert!(first.stderr.contains("@sha256:"), "{}", first.scene());
    run("deploy").succeeds().says("is in ECR already");
}
