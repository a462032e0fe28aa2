//! Registries and engines that refuse, are away or go away.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::images::orders;
use super::say;
use crate::support::{
    Account, Answer, CREDENTIALS, Engine, Phalanx, Project, Registry, Scripted, until,
};

/// What ECR answers to who asks for a token with this password in it.
fn token(password: &str) -> Answer {
    use base64::Engine as _;
    let token = base64::prelude::BASE64_STANDARD.encode(format!("AWS:{password}"));
    Answer::body(
        200,
        format!(
            r#"{{"authorizationData":[{{"authorizationToken":"{token}","expiresAt":1900000000,"proxyEndpoint":"https://ecr"}}]}}"#
        ),
    )
}

fn push_to(
    registry: &str,
    server: &Scripted,
    engine: &Engine,
    project: &Project,
    words: &str,
) -> Phalanx {
    let [(name, host)] = engine.environment();
    server.phalanx(project, words).env(name, host).env("PHALANX_ECR_REGISTRY", registry)
}

#[test]
fn a_login_that_has_expired_is_renewed_once() {
    let (Some(engine), Some(registry)) = (Engine::start(), Registry::start()) else { return };
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders(&account));
    server.script("GetAuthorizationToken", [token("expired-secret"), token(CREDENTIALS.1)]);
    let run = push_to(&registry.host, &server, &engine, &project, "deploy --events").succeeds();
    assert_eq!(server.counts()["GetAuthorizationToken"], 2);
    assert!(run.stderr.contains("@sha256:"), "{}", run.scene());

    let project = orders(&account);
    project.write("app/bootstrap", "#!/bin/sh\necho other\n");
    server.forget_calls();
    server.script("GetAuthorizationToken", [token("very-wrong-secret")]);
    let run = push_to(&registry.host, &server, &engine, &project, "deploy --events").exits(3);
    assert_eq!(server.counts()["GetAuthorizationToken"], 2, "{}", run.scene());
    let changed = server.operations().iter().any(|call| call.contains("ChangeSet"));
    assert!(!changed, "nothing of the stack was touched\n{}", run.scene());
    for secret in ["expired-secret", "very-wrong-secret", CREDENTIALS.1] {
        let text = format!("{}{}{}", run.stdout, run.stderr, files(&project));
        assert!(!text.contains(secret), "{secret} is shown\n{}", run.scene());
    }
}

/// What the run left in its folder, journal and template included.
fn files(project: &Project) -> String {
    let entries = walkdir::WalkDir::new(project.root()).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned())
        .collect()
}

/// Hands connections on to a registry, once there is one, but cuts the first that uploads.
struct Wire {
    host: String,
    cut: Arc<AtomicUsize>,
}

impl Wire {
    fn before(registry: &str, cuts: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let cut = Arc::new(AtomicUsize::new(0));
        let (registry, count) = (registry.to_owned(), Arc::clone(&cut));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&registry) else { return };
                let count = Arc::clone(&count);
                let (mut up, mut down) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || drop(std::io::copy(&mut { server }, &mut down)));
                std::thread::spawn(move || {
                    let (mut client, mut block) = (client, [0; 16 * 1024]);
                    while let Ok(read @ 1..) = client.read(&mut block) {
                        let uploads = block.starts_with(b"PATCH");
                        if uploads && count.load(Ordering::Relaxed) < cuts {
                            count.fetch_add(1, Ordering::Relaxed);
                            break;
                        }
                        if up.write_all(&block[..read]).is_err() {
                            break;
                        }
                    }
                    let _ = client.shutdown(std::net::Shutdown::Both);
                    let _ = up.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        Self { host, cut }
    }
}

#[test]
fn a_registry_that_is_lost_in_the_middle_is_tried_again() {
    let (Some(engine), Some(registry)) = (Engine::start(), Registry::start()) else { return };
    let Some(account) = Account::new() else { return };
    let wire = Wire::before(&registry.host, 1);
    let (server, project) = (Scripted::before(&account), orders(&account));
    push_to(&wire.host, &server, &engine, &project, "deploy").succeeds().says("@sha256:");
    assert_eq!(wire.cut.load(Ordering::Relaxed), 1, "the upload was cut");
}

#[test]
fn a_registry_that_is_away_is_waited_for_and_then_told() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders(&account));
    // Nothing listens on a port that was just free.
    let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let run = push_to(&host, &server, &engine, &project, "deploy").exits(3);
    assert_eq!(run.stderr.matches("of 4 follows").count(), 3, "{}", run.scene());
    assert!(run.error().contains("connection refused"), "{}", run.scene());
    assert!(run.error().contains("run the same command again"), "{}", run.scene());
}

/// A service whose image takes as long to build as one wants: `/say` waits when it has said its words.
fn slow(account: &Account) -> Project {
    let project = orders(account);
    let folder = say("slow", &["unused"]);
    std::fs::copy(folder.path().join("say"), project.root().join("say")).unwrap();
    project.write(".dockerignore", "*\n!say\n");
    project.write("Dockerfile", "FROM scratch\nCOPY say /say\nRUN [\"/say\", \"building\"]\n");
    project
}

#[test]
fn an_engine_that_dies_is_told_and_nothing_on_aws_was_changed() {
    let Some(engine) = Engine::alone() else { return };
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), slow(&account));
    let running = push_to("127.0.0.1:9", &server, &engine, &project, "deploy").start();
    let running = running.until("| building");
    engine.kill();
    let run = running.exits(3);
    assert!(run.error().contains("was lost while building an image"), "{}", run.scene());
    assert!(!server.operations().iter().any(|call| call.contains("ChangeSet")));
}

#[test]
fn ctrl_c_stops_the_builder() {
    let Some(engine) = Engine::alone() else { return };
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), slow(&account));
    let running = push_to("127.0.0.1:9", &server, &engine, &project, "deploy").start();
    let run = running.until("| building").interrupt().exits(130);
    assert!(run.stderr.contains("image"), "{}", run.scene());
    until("the end of the builder's container", 30, || {
        let left = engine.call("GET", "/containers/json?all=1", "", b"");
        (left.text.trim() == "[]").then_some(())
    });
}
