//! The image, and the program in a container that has nothing else.

use serde_json::json;

use super::{Queues, example, program};
use crate::support::{Account, Engine, until};

/// The image of the example that Phalanx follows: 16.66 MB.
const LARGEST: u64 = 16_660_000;

#[test]
fn the_image_is_small_and_holds_the_program_alone() {
    let Some(engine) = Engine::start() else { return };
    engine.build(&example().root(), "queue-worker-size");
    let image = engine.call("GET", "/images/queue-worker-size/json", "", b"").checked();
    let image: serde_json::Value = serde_json::from_str(&image.text).unwrap();
    let (size, program) = (image["Size"].as_u64().unwrap(), std::fs::metadata(program()).unwrap());
    assert!(size <= LARGEST, "{size}");
    assert_eq!(size, program.len(), "nothing but the program");
    assert_eq!(image["RootFS"]["Layers"].as_array().unwrap().len(), 1, "{image:#}");
}

#[test]
fn a_container_reaches_the_queue_by_name_and_drains() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::new() else { return };
    let project = example();
    let queues = Queues::deployed(&account, &project);
    engine.build(&project.root(), "queue-worker-name");
    // By name, which the program must resolve with nothing of a system round it.
    let url = |url: &str| url.replace("127.0.0.1", "localhost");
    let mut environment: Vec<_> =
        account.environment().map(|(name, value)| format!("{name}={}", url(value))).into();
    environment.push(format!("QUEUE_URL={}", url(&queues.work)));
    environment.push("AWS_REGION=eu-central-1".to_owned());
    let made = json!({
        "Image": "queue-worker-name",
        "Env": environment,
        "HostConfig": { "NetworkMode": "host" },
    });
    let made = engine.call("POST", "/containers/create", "", made.to_string().as_bytes()).checked();
    let id = made.find("/Id").unwrap();
    engine.call("POST", &format!("/containers/{id}/start"), "", b"").checked();
    queues.send(&[r#"{ "message": "in a container" }"#]);
    let log = || engine.call("GET", &format!("/containers/{id}/logs?stdout=1"), "", b"").text;
    until("the container's line", 30, || log().contains(": in a container\n").then_some(()));
    queues.until_work((0, 0));
    engine.call("POST", &format!("/containers/{id}/stop?t=30"), "", b"").checked();
    let ended = engine.call("GET", &format!("/containers/{id}/json"), "", b"").checked();
    let ended: serde_json::Value = serde_json::from_str(&ended.text).unwrap();
    assert_eq!(ended["State"]["ExitCode"], 0, "{}", log());
    assert!(log().contains("nothing is left half done"), "{}", log());
    engine.call("DELETE", &format!("/containers/{id}?force=1"), "", b"").checked();
}
