//! The READMEs are true: each `$ phalanx …` line of their console blocks is run in a copy of
//! `examples/hello`, and what it prints is what stands below it. What stands below the headline `AWS`
//! is run against a server of the AWS APIs on loopback. What tells of Lambda and ECS is run where that
//! story is: by [`crate::queue_worker`].

use std::fs;

use crate::support::transcript::{shown, up_to_date};
use crate::support::{Account, Project, golden, repository, words};

/// The headline of what is run elsewhere.
pub(crate) const ELSEWHERE: &str = "## Lambda and ECS in one service";

#[test]
fn the_readmes_tell_the_truth() {
    check("README.md");
    check("examples/hello/README.md");
}

#[test]
fn the_readme_quotes_what_is_compiled() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    let readme = read("README.md");
    let block = |start: &str| {
        let from = &readme[readme.find(start).unwrap() + start.len()..];
        from[..from.find("```").unwrap()].to_owned()
    };
    assert_eq!(block("```toml\n"), read("examples/hello/phalanx.toml"));
    // The guest crate's README is its documentation, whose examples are compiled and run.
    assert!(read("plugins/sdk/README.md").contains(&block("```rust\n")));
    assert!(
        read("examples/pipeline-tour/phalanx.toml")
            .contains("grants = { files = [\"notes/*.md\"], env = [\"CI_*\"] }")
    );
}

/// Runs the blocks of one page, in order, in one folder.
fn check(page: &str) {
    let text = fs::read_to_string(repository().join(page)).unwrap();
    let project = Project::copy_of("examples/hello");
    let mut new = String::new();
    let mut lines = text.lines().peekable();
    let mut commands = 0;
    let mut account = None;
    let mut told_elsewhere = false;
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        if line.starts_with("## ") {
            told_elsewhere = line == ELSEWHERE;
        }
        if told_elsewhere {
            continue;
        }
        if line == "## AWS" {
            let Some(found) = Account::alone() else { return };
            account = Some(found);
        }
        let Some(command) = line.strip_prefix("$ phalanx ") else { continue };
        commands += 1;
        let shown = shown(&mut lines);
        let actual = run(&project, command, account.as_ref());
        new.push_str(&up_to_date(shown, actual));
    }
    assert!(commands > 0, "{page} has no command to run");
    golden::assert_file(page, &new);
}

/// What a command prints on a terminal, without the lines of cargo.
fn run(project: &Project, command: &str, account: Option<&Account>) -> String {
    // `# …` behind a command is for the reader.
    let words = words(command.split(" # ").next().unwrap());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut phalanx = project.phalanx_with(&words);
    for (name, value) in account.iter().flat_map(|account| account.environment()) {
        phalanx = phalanx.env(name, value);
    }
    let output = phalanx.into_command().output().unwrap();
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8(said).unwrap().replace(project.root().to_str().unwrap(), "…");
    let lines = said.lines().filter(|line| !line.starts_with("build service |"));
    lines.map(|line| line.to_owned() + "\n").collect()
}
