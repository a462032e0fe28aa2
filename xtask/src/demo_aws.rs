//! `cargo xtask demo --aws`: Lambda and ECS in one service, on a server of the AWS APIs and a Docker
//! Engine of its own. A message goes through the function into the queue, and out of it in a container.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::demo::{phalanx, phalanx_command};
use crate::engine::Engine;
use crate::run::{Outcome, command, root, run, target};
use crate::server::{Server, lead, until};
use crate::setup::{MINISTACK, static_target, tool, wasm_target};
use crate::system::docker;

/// The account: all tasks of the server have the credentials of its default one.
const ACCOUNT: &str = "210000000000";

/// What the worker says of a message, before and after the change of its code.
const EDITIONS: [&str; 2] =
    ["println!(\"message {}: {text}\"", "println!(\"message {}: {text} (done)\""];

/// The worker's service, when its only deployment is complete.
const STEADY: &str = "[[(one['rolloutState'], one['runningCount']) for one in service['deployments']] \
    for cluster in aws('ecs').list_clusters()['clusterArns'] \
    for service in aws('ecs').describe_services(cluster=cluster, \
    services=aws('ecs').list_services(cluster=cluster)['serviceArns'])['services']]";

/// Whatever must not be left of the service.
const LEFT: &str = "[*(one['StackName'] for one in aws('cloudformation').describe_stacks()['Stacks']), \
    *aws('sqs').list_queues().get('QueueUrls', []), \
    *(one['logGroupName'] for one in aws('logs').describe_log_groups()['logGroups']), \
    *(one['imageDigest'] for one in aws('ecr').list_images(repositoryName='queue-worker')['imageIds']), \
    *(one.name for one in docker.from_env().containers.list(all=True, \
    filters={'label': 'ministack.instance=' + os.environ['PHALANX_ECR_REGISTRY']}))]";

/// What it all runs on, and where the service lies.
struct Demo {
    // The server goes first: it stops the containers.
    server: Server,
    engine: Engine,
    service: PathBuf,
}

/// Builds Phalanx and tells the story.
pub(crate) fn demo_aws() -> Outcome {
    wasm_target()?;
    run(&root(), &["cargo", "build", "--package", "phalanx", "--locked"])?;
    tell()
}

/// Sets up, tells the story with the Phalanx that was built, and leaves nothing.
pub(crate) fn tell() -> Outcome {
    static_target()?;
    docker()?;
    tool("ministack", &MINISTACK)?;
    let folder = target().join("demo");
    let service = copy_example(&folder.join("queue-worker"))?;
    let mut engine = Engine::start(&folder.join("engine"))?;
    let environment = [("MINISTACK_ACCOUNT_ID", ACCOUNT), ("DOCKER_HOST", &engine.host)];
    let server = Server::start(&program("ministack"), &folder.join("ministack"), &environment)?;
    engine.tidy_after(&program("python"), &server.address.to_string())?;
    Demo { server, engine, service }.story()
}

impl Demo {
    fn story(&self) -> Outcome {
        self.phalanx(&["plan", "--stage", "local"])?;
        self.phalanx(&["deploy", "--stage", "local", "--yes"])?;
        let first = self.image()?;
        self.steady()?;
        self.send("Hello from Lambda")?;
        self.logged("Hello from Lambda")?;

        eprintln!("\n# other code for the worker, and so another image");
        let file = self.service.join("src/worker.rs");
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let changed = text.replace(EDITIONS[0], EDITIONS[1]);
        fs::write(&file, &changed).map_err(|error| error.to_string())?;
        self.phalanx(&["deploy", "--stage", "local", "--yes"])?;
        if changed == text || self.image()? == first {
            return Err("the image is the same".to_owned());
        }
        self.steady()?;
        self.send("Hello again")?;
        self.logged("Hello again (done)")?;

        self.phalanx(&["delete", "--stage", "local", "--yes"])?;
        let left = self.ask(LEFT)?;
        if left != "[]" {
            return Err(format!("this is left of the service: {left}"));
        }
        eprintln!("\ndone; nothing is left: no stack, queue, log group, image or container");
        Ok(())
    }

    /// Calls the function.
    fn send(&self, message: &str) -> Outcome {
        let event = format!(r#"{{ "message": "{message}" }}"#);
        self.phalanx(&["invoke", "hello", "--stage", "local", "--data", &event])
    }

    /// Waits until the container has logged this, shows it, and makes sure that the queue is empty.
    fn logged(&self, text: &str) -> Outcome {
        let words = ["logs", "WorkerLogGroup", "--stage", "local"];
        until(&format!("{text:?} in the worker's log"), || {
            let logs = phalanx(&self.service, &words);
            let output = logs.ok().and_then(|mut logs| self.lead(&mut logs).output().ok());
            output.is_some_and(|output| String::from_utf8_lossy(&output.stdout).contains(text))
        })?;
        self.phalanx(&words)?;
        let count = "[aws('sqs').get_queue_attributes(QueueUrl=url, AttributeNames=['All'])['Attributes'][name] \
            for url in aws('sqs').list_queues()['QueueUrls'] \
            for name in ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']]";
        until("the queues to be empty", || {
            self.ask(count).is_ok_and(|counts| counts == "['0', '0', '0', '0']")
        })?;
        eprintln!("# the queue and its dead-letter queue are empty");
        Ok(())
    }

    /// Waits until the only tasks are those of the last deployment.
    fn steady(&self) -> Outcome {
        until("the worker to be steady", || {
            self.ask(STEADY).is_ok_and(|services| services == "[[('COMPLETED', 1)]]")
        })?;
        eprintln!("# the worker runs");
        Ok(())
    }

    /// The image that the last deployment's task definition names, by its digest.
    fn image(&self) -> Result<String, String> {
        let file = self.service.join(".phalanx/template.json");
        let template = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        let (before, after) = template.split_once("@sha256:").ok_or("no image by digest")?;
        let name = before.rsplit('"').next().unwrap_or_default();
        let digest = after.split('"').next().unwrap_or_default();
        let image = format!("{name}@sha256:{digest}");
        eprintln!("# the container's image is {image}");
        Ok(image)
    }

    /// Runs `phalanx`, as a user would type it.
    fn phalanx(&self, words: &[&str]) -> Outcome {
        phalanx_command(&self.service, words, |command| {
            self.lead(command);
        })
    }

    /// The value of an expression in Python, in which `aws` makes a client.
    fn ask(&self, expression: &str) -> Result<String, String> {
        let script = format!("import boto3, docker, os; aws = boto3.client; print({expression})");
        let python = program("python").to_string_lossy().into_owned();
        let mut ask = command(&self.service, &[&python, "-c", &script]);
        let output = self.lead(&mut ask).output().map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Leads a command to the server, which is also the registry, and to the engine.
    fn lead<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        lead(command, self.server.address, ACCOUNT)
            .env("DOCKER_HOST", &self.engine.host)
            .env("PHALANX_ECR_REGISTRY", self.server.address.to_string())
            // What the tests compile of the example serves here, too.
            .env("CARGO_BUILD_BUILD_DIR", target().join("tests/rust"))
    }
}

/// A program of the server's virtual environment.
fn program(name: &str) -> PathBuf {
    target().join("tools/ministack/bin").join(name)
}

/// A copy of the example, whose code the story changes. Nothing of an earlier one is left.
fn copy_example(folder: &PathBuf) -> Result<PathBuf, String> {
    let files = [
        "Cargo.toml",
        "Cargo.lock",
        "Dockerfile",
        ".dockerignore",
        "phalanx.toml",
        ".cargo",
        "src",
    ];
    let shown = |error: std::io::Error| format!("cannot copy examples/queue-worker: {error}");
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(shown)?;
    }
    fs::create_dir_all(folder).map_err(shown)?;
    let mut words = vec!["cp", "-R"];
    words.extend(files);
    let to = folder.to_string_lossy();
    words.push(&to);
    run(&root().join("examples/queue-worker"), &words)?;
    Ok(folder.clone())
}
