//! `examples/queue-worker`: its program as a function, as a worker and in an image.

/// The image, and the program in a container.
mod image;
/// All of it: deployed, used, changed, broken and deleted.
mod story;
/// The worker against a queue: what it does, what it leaves, how it waits and how it ends.
mod worker;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Account, Project, repository, until};

/// Where the example's build leaves its program.
const PROGRAM: &str = "target/x86_64-unknown-linux-musl/release/queue-worker";

/// The program, compiled once in a test run as the example's manifest says.
fn program() -> &'static Path {
    static PROGRAM_FILE: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM_FILE.get_or_init(|| {
        let target = repository().join("target/tests/queue-worker");
        let output = Command::new("cargo")
            .args(["build", "--release", "--locked"])
            .current_dir(repository().join("examples/queue-worker"))
            .env("CARGO_TARGET_DIR", &target)
            // What `cargo xtask` compiles of it for its own tests and for the demo serves here too.
            .env("CARGO_BUILD_BUILD_DIR", repository().join("target/tests/rust"))
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        target.join(PROGRAM.strip_prefix("target/").unwrap())
    })
}

/// The example with the program in its place, and a build that leaves it as it is.
fn example() -> Project {
    let project = Project::copy_of("examples/queue-worker");
    let place = project.root().join(PROGRAM);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::copy(program(), place).unwrap();
    crate::support::change(&project, "\"cargo build --release\"", "\"true\"");
    project
}

/// The example's queues, as its stack has them.
struct Queues<'a> {
    account: &'a Account,
    work: String,
    dead: String,
}

impl<'a> Queues<'a> {
    /// Deploys the example without its container.
    fn deployed(account: &'a Account, project: &Project) -> Self {
        let manifest = project.read("phalanx.toml");
        let (service, rest) = manifest.split_once("# Builds the image").unwrap();
        assert!(rest.contains("builtin:ecs-cluster"), "the plugins stand last: {rest}");
        project.write("phalanx.toml", service);
        let deployed = account.phalanx(project, "deploy --output json").succeeds().json();
        let output = |name: &str| deployed["outputs"][name].as_str().unwrap().to_owned();
        Self { account, work: output("QueueUrl"), dead: output("DeadLetterQueueUrl") }
    }

    /// Puts messages into the queue.
    fn send(&self, bodies: &[&str]) {
        let entry = |(id, body)| serde_json::json!({ "Id": format!("m{id}"), "MessageBody": body });
        let entries: Vec<_> = bodies.iter().enumerate().map(entry).collect();
        let entries = serde_json::to_string(&entries).unwrap();
        let call = format!("send_message_batch(QueueUrl={:?}, Entries={entries})", self.work);
        let sent = self.account.ask("sqs", &call);
        assert_eq!(sent["Successful"].as_array().unwrap().len(), bodies.len(), "{sent:#}");
    }

    /// How many messages wait, and how many somebody has.
    fn counts(&self, url: &str) -> (u32, u32) {
        let body = format!("Action=GetQueueAttributes&QueueUrl={url}&AttributeName.1=All");
        let text = self.account.wire("sqs", "POST", "/", &body);
        let count = |name: &str| {
            let (_, after) = text.split_once(&format!("<Name>{name}</Name><Value>")).unwrap();
            after.split('<').next().unwrap().parse().unwrap()
        };
        (count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible"))
    }

    /// Waits until the work queue has these counts.
    fn until_work(&self, counts: (u32, u32)) {
        until(&format!("{counts:?} messages"), 30, || {
            (self.counts(&self.work) == counts).then_some(())
        });
    }
}

/// The program as a worker, outside of any container.
struct Worker {
    process: Child,
    printed: Arc<Mutex<String>>,
}

impl Worker {
    /// Starts it on the work queue. `endpoint` is what stands between it and the account, if anything does.
    fn on(queues: &Queues, endpoint: Option<String>) -> Self {
        let mut command = Command::new(program());
        command.arg("worker").env_clear().envs(queues.account.environment());
        command.env("AWS_REGION", "eu-central-1").env("QUEUE_URL", &queues.work);
        command.envs(endpoint.map(|url| ("AWS_ENDPOINT_URL", url)));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let (output, printed) = (process.stdout.take().unwrap(), Arc::<Mutex<String>>::default());
        let into = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                into.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { process, printed }
    }

    /// What it has printed so far.
    fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// Waits until it has printed this.
    fn prints(&self, text: &str) {
        until(&format!("{text:?} of the worker"), 30, || {
            self.printed().contains(text).then_some(())
        });
    }

    /// Asks it to stop, as ECS does.
    fn terminate(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }

    /// Waits for its end, which must be a good one; gives what it has printed.
    fn ends(mut self, seconds: u64) -> String {
        let status = until("the worker's end", seconds, || self.process.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{}", self.printed());
        self.prints("nothing is left half done");
        self.printed()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Only of a test that failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
