//! The rig itself: what the other tests take for granted.

use serde_json::json;

use super::say;
use crate::support::{Account, CREDENTIALS, Engine, Lifeline, Project, Registry, until};

#[test]
fn an_image_is_pushed_with_the_right_password_only() {
    let (Some(engine), Some(registry), Some(open)) =
        (Engine::start(), Registry::start(), Registry::open())
    else {
        return;
    };
    let folder = say("password", &["hello"]);
    let name = format!("{}/rig/say:1", registry.host);
    engine.build(folder.path(), &name);
    for who in [None, Some(("AWS", "wrong")), Some(("somebody", CREDENTIALS.1))] {
        let refused = engine.push(&name, who).unwrap_err();
        assert!(
            refused.contains("no basic auth credentials") || refused.contains("unauthorized"),
            "{refused}"
        );
    }
    let digest = engine.push(&name, Some(CREDENTIALS)).unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");

    let name = format!("{}/rig/say:1", open.host);
    engine.build(folder.path(), &name);
    assert_eq!(engine.push(&name, None).unwrap(), digest, "the same image has the same digest");
}

#[test]
fn a_service_of_ecs_runs_a_container_whose_lines_are_in_the_log_group() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    account.ask("ecr", "create_repository(repositoryName='rig/say')");
    let (folder, name) = (say("ecs", &["unused"]), format!("{}/rig/say:1", account.registry()));
    engine.build(folder.path(), &name);
    let digest = engine.push(&name, Some(CREDENTIALS)).unwrap();
    let listed = account.ask("ecr", "list_images(repositoryName='rig/say')");
    assert_eq!(listed["imageIds"][0]["imageDigest"], *digest, "{listed:#}");

    let image = format!("{}/rig/say@{digest}", account.registry());
    let template = template(&image).to_string();
    account.ask(
        "cloudformation",
        &format!("create_stack(StackName='say', TemplateBody={template:?})"),
    );
    until("the container's line", 60, || {
        let found = account.ask("logs", "filter_log_events(logGroupName='say')");
        let events = found["events"].as_array().unwrap().iter();
        events.map(|event| event["message"].clone()).find(|line| line == "hello from ecs")
    });
    let containers = engine.containers(account.label());
    assert_eq!(containers.len(), 1, "{containers:#?}");
    assert_eq!(containers[0]["Image"], *image);

    account.ask("cloudformation", "delete_stack(StackName='say')");
    until("the end of its containers", 60, || {
        engine.containers(account.label()).is_empty().then_some(())
    });
}

#[test]
fn containers_end_with_their_account() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let (folder, name) =
        (say("account", &["unused"]), format!("{}/rig/left:1", account.registry()));
    account.ask("ecr", "create_repository(repositoryName='rig/left')");
    engine.build(folder.path(), &name);
    engine.push(&name, None).unwrap();
    let template = template(&name).to_string();
    account.ask(
        "cloudformation",
        &format!("create_stack(StackName='say', TemplateBody={template:?})"),
    );
    let label = account.label().to_owned();
    until("a container", 60, || (!engine.containers(&label).is_empty()).then_some(()));
    drop(account);
    assert_eq!(engine.containers(&label), Vec::<serde_json::Value>::new());
}

#[test]
fn an_engine_that_is_killed_takes_its_containers_with_it() {
    let Some(engine) = Engine::alone() else { return };
    let project = Project::new("");
    let lifeline = Lifeline::new(&project);
    let folder = say("killed", &["/service/lifeline"]);
    engine.build(folder.path(), "say");
    let host = json!({ "NetworkMode": "none", "Binds": [format!("{}:/service", project.root().display())] });
    let made = json!({ "Image": "say", "HostConfig": host }).to_string();
    let made = engine.call("POST", "/containers/create", "", made.as_bytes()).checked();
    let id = made.find("/Id").unwrap();
    engine.call("POST", &format!("/containers/{id}/start"), "", b"").checked();
    let held = lifeline.held();
    engine.kill();
    held.let_go();
    let [(_, host)] = engine.environment();
    let socket = std::path::Path::new(host.strip_prefix("unix://").unwrap());
    assert!(!socket.parent().unwrap().exists(), "its folder is gone");
}

/// A stack of one service that runs this image.
fn template(image: &str) -> serde_json::Value {
    let logs = json!({
        "awslogs-group": { "Ref": "Logs" },
        "awslogs-region": { "Ref": "AWS::Region" },
        "awslogs-stream-prefix": "say",
    });
    let container = json!({
        "Name": "say",
        "Image": image,
        "Memory": 64,
        "Command": ["hello from ecs"],
        "LogConfiguration": { "LogDriver": "awslogs", "Options": logs },
    });
    json!({ "Resources": {
        "Cluster": { "Type": "AWS::ECS::Cluster" },
        "Logs": { "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": "say" } },
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": "say",
            "NetworkMode": "host",
            "RequiresCompatibilities": ["EC2"],
            "ContainerDefinitions": [container],
        } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "Cluster": { "Ref": "Cluster" },
            "TaskDefinition": { "Ref": "Task" },
            "LaunchType": "EC2",
            "DesiredCount": 1,
        } },
    } })
}
