//! Tells when processes that a run started have begun, and when the last of them has ended.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::Project;

/// What a command of the service runs to hold the lifeline, with a child that holds it as well.
pub const HOLD_LIFELINE: &str = "exec 3>lifeline; sleep 600 & wait";

/// A named pipe in the service's folder. Whoever has opened it for writing holds it until death, and
/// hands it on to its children; so its end shows that all of them are gone.
pub struct Lifeline(Receiver<Receiver<()>>);

impl Lifeline {
    /// Lays the pipe. Times out by itself, so that a test fails instead of hanging.
    pub fn new(project: &Project) -> Self {
        let path = project.root().join("lifeline");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (held, is_held) = channel();
        std::thread::spawn(move || {
            // Waits for the first who writes.
            let mut pipe = File::open(path).unwrap();
            let (ended, has_ended) = channel();
            // The test may have given up already.
            let _ = held.send(has_ended);
            let _ = pipe.read_to_end(&mut Vec::new());
            let _ = ended.send(());
        });
        Self(is_held)
    }

    /// Waits until a process holds it.
    pub fn held(self) -> Held {
        Held(self.0.recv_timeout(Duration::from_secs(60)).expect("nobody took the lifeline"))
    }
}

/// A lifeline that is held.
pub struct Held(Receiver<()>);

impl Held {
    /// Waits until no process holds it; they must be ending already.
    pub fn let_go(self) {
        self.0.recv_timeout(Duration::from_secs(20)).expect("a process is still running");
    }
}
