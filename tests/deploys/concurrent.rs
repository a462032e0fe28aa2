//! Two commands at once. The first is held inside its build, which waits for a line from a named pipe.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use super::{change, orders, zips};
use crate::support::Project;

/// The service, whose build says that it waits and then reads a line from `gate`.
fn gated() -> Project {
    let project = orders();
    change(&project, "command = \"", "command = \"echo waiting; read line < gate; ");
    let made = Command::new("mkfifo").arg(project.root().join("gate")).status().unwrap();
    assert!(made.success());
    project
}

/// A command that runs beside others.
struct Running {
    child: Child,
    events: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(project: &Project, command: &str) -> Self {
        let mut command = project.phalanx(&format!("{command} --events")).into_command();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let events = BufReader::new(child.stderr.take().unwrap());
        Self { child, events }
    }

    /// Reads events up to one that contains `text`.
    fn until(&mut self, text: &str) {
        let mut seen = String::new();
        while self.events.read_line(&mut seen).unwrap() > 0 {
            if seen.lines().last().unwrap().contains(text) {
                return;
            }
        }
        panic!("it ended without {text:?}:\n{seen}");
    }

    /// Its standard output, after it ended well.
    fn succeeds(mut self) -> String {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.events.read_to_string(&mut stderr).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        assert!(self.child.wait().unwrap().success(), "{stderr}");
        stdout
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed must not leave it waiting for ever.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets builds go that wait at the gate, one for each line, while the answer lives.
fn open_gate(project: &Project, builds: usize) -> File {
    let mut gate =
        File::options().write(true).read(true).open(project.root().join("gate")).unwrap();
    gate.write_all("\n".repeat(builds).as_bytes()).unwrap();
    gate
}

#[test]
fn the_second_deployment_of_a_stack_is_told_who_is_at_it() {
    let project = gated();
    let mut first = Running::start(&project, "deploy --local");
    first.until("waiting");
    let pid = first.child.id().to_string();
    let without_pid = |text: &str| text.replace(&pid, "[PID]");

    let second = project.phalanx("deploy --local").exits(1);
    insta::assert_snapshot!(without_pid(second.error()), @r"
    error: stack `orders-dev` is being changed by another run (process [PID], deploy since 22:13:20 UTC)

    hint: wait for it, or stop process [PID]
    ");
    let delete = project.phalanx("delete --local").exits(1);
    assert_eq!(delete.error(), second.error());
    // Who only looks is not in the way.
    project.phalanx("status --local").exits(1).says("there is no stack");

    let gate = open_gate(&project, 1);
    assert!(first.succeeds().starts_with("created stack orders-dev\n"));
    drop(gate);
    let again = project.phalanx("deploy --local").succeeds();
    assert!(again.stdout.starts_with("no changes to stack orders-dev\n"), "{}", again.scene());
}

#[test]
fn a_killed_deployment_holds_nothing_and_leaves_no_build_running() {
    let project = gated();
    let mut first = Running::start(&project, "deploy --local");
    first.until("waiting");
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    // The first one's shell still waits at the gate. It must be gone before the second one builds: of
    // the one line that comes, it would take its part, and of the outputs too.
    let mut second = Running::start(&project, "deploy --local");
    second.until("waiting");
    let gate = open_gate(&project, 1);
    assert!(second.succeeds().starts_with("created stack orders-dev\n"));
    drop(gate);
}

#[test]
fn two_stages_at_once_both_work_and_each_gets_its_own_code() {
    let project = gated();
    let manifest = project.read("phalanx.toml");
    let stage = |name: &str| {
        format!(
            "\n[stages.{name}.build]\ncommand = \"echo waiting; read line < gate; mkdir -p out; \
             {{ cat app/bootstrap; echo '#{name}'; }} > out/bootstrap; chmod +x out/bootstrap\"\n"
        )
    };
    project.write("phalanx.toml", manifest + &stage("blue") + &stage("green"));
    let mut blue = Running::start(&project, "deploy --local --stage blue");
    blue.until("waiting");
    let mut green = Running::start(&project, "deploy --local --stage green");
    green.until("another run builds in this folder; waiting for it");
    let gate = open_gate(&project, 2);
    assert!(blue.succeeds().starts_with("created stack orders-blue\n"));
    assert!(green.succeeds().starts_with("created stack orders-green\n"));
    drop(gate);
    for stage in ["blue", "green"] {
        let status = project.phalanx(&format!("status --local --output json --stage {stage}"));
        let template = status.succeeds().json()["stack"]["template"].clone();
        let key = template["Resources"]["Hello"]["Properties"]["Code"]["S3Key"].as_str().unwrap();
        let stored = super::tree(&project, &format!(".phalanx/local/{key}"));
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&stored[0].1)).unwrap();
        let mut code = String::new();
        archive.by_name("bootstrap").unwrap().read_to_string(&mut code).unwrap();
        assert!(code.ends_with(&format!("#{stage}\n")), "{stage} runs the other's code");
        project.phalanx(&format!("invoke hello --local --stage {stage}")).succeeds();
    }
}

#[test]
fn many_packages_at_once_are_safe() {
    let expected = orders();
    expected.phalanx("package").succeeds();
    let project = orders();
    let commands = ["package", "package --force", "plan --local", "build --force", "package"];
    let running: Vec<Running> =
        commands.iter().map(|command| Running::start(&project, command)).collect();
    for run in running {
        run.succeeds();
    }
    assert_eq!(zips(&project), zips(&expected));
    assert_eq!(project.template(), expected.template());
    project.phalanx("build").succeeds().says("inputs unchanged");
}
