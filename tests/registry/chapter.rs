//! `docs/sharing-plugins.md` is true: each of its commands is run in a copy of `examples/shared-plugin`, and what is
//! printed is what stands below it. What the commands make is what the example has.

use std::path::Path;
use std::process::Command;

use super::signatures::pair;
use crate::support::transcript::{shown, up_to_date};
use crate::support::{Project, Registry, change_file, golden, guests, repository, words};

const PAGE: &str = "docs/sharing-plugins.md";
/// The registry that page and example name.
const HOST: &str = "localhost:5000";

/// The example with its plugin built, and this registry in the place of the one that it names.
fn example(registry: &Registry) -> Project {
    let project = Project::copy_of("examples/shared-plugin");
    // The guest crate is where it was.
    let sdk = repository().join("plugins/sdk");
    change_file(&project, "house-rules/Cargo.toml", "../../../plugins/sdk", sdk.to_str().unwrap());
    for file in ["orders/phalanx.toml", "orders/plugins.policy.toml", "billing/phalanx.toml"] {
        change_file(&project, file, HOST, &registry.host);
    }
    git(&project, "init --quiet");
    git(
        &project,
        "-c user.name=team -c user.email=team@example.com commit --quiet --allow-empty -m begin",
    );
    std::fs::create_dir_all(project.root().join("orders/keys")).unwrap();
    project
}

fn git(project: &Project, words: &str) {
    let mut git = Command::new("git");
    // The same commit on every machine, whatever its owner has configured.
    let fixed = [
        ("GIT_AUTHOR_DATE", "@0 +0000"),
        ("GIT_COMMITTER_DATE", "@0 +0000"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ];
    let status = git.args(words.split(' ')).current_dir(project.root()).envs(fixed).status();
    assert!(status.unwrap().success(), "git {words}");
}

#[test]
fn the_story_is_true() {
    let Some(registry) = Registry::open() else { return };
    let project = example(&registry);
    let text = std::fs::read_to_string(repository().join(PAGE)).unwrap();
    // The services as they were before the plugin came.
    let manifests = ["orders/phalanx.toml", "billing/phalanx.toml"].map(|file| {
        let whole = project.read(file);
        project.write(file, whole.split("\n[plugins.").next().unwrap());
        (file, whole)
    });
    let mut folder = project.root();
    let mut new = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        if line == "```toml" {
            while lines.next_if(|line| *line != "```").is_some() {}
            new.push_str(&project.read("orders/plugins.policy.toml").replace(&registry.host, HOST));
        }
        if line == "## A release that wants more" {
            assert_eq!(project.read(manifests[0].0), manifests[0].1, "the example's manifest");
        }
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let shown = shown(&mut lines);
        if let Some(name) = command.strip_prefix("cd ") {
            folder = std::fs::canonicalize(folder.join(name)).unwrap();
            continue;
        }
        let printed = run(&project, &registry, &folder, command);
        new.push_str(&up_to_date(shown, printed));
    }
    golden::assert_file(PAGE, &new);
    assert_eq!(project.read(manifests[1].0), manifests[1].1, "the example's manifest");
}

/// What a command prints; the shell runs what is none of ours.
fn run(project: &Project, registry: &Registry, folder: &Path, command: &str) -> String {
    let command = command.replace(HOST, &registry.host);
    let mut run = match command.strip_prefix("phalanx ") {
        Some(command) => {
            let words = words(command);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            project.phalanx_with(&words).own_cache().into_command()
        }
        None => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &command]);
            shell
        }
    };
    let output = run.current_dir(folder).output().unwrap();
    let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
    let said = said.replace(project.root().to_str().unwrap(), "…").replace(&registry.host, HOST);
    let lines = said.lines().filter(|line| !line.starts_with("build plugin |"));
    lines.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn two_services_pin_different_versions_of_one_plugin() {
    let Some(registry) = Registry::open() else { return };
    let project = example(&registry);
    pair(&project, "platform");
    std::fs::rename(
        project.root().join("keys/platform.pub"),
        project.root().join("orders/keys/platform.pub"),
    )
    .unwrap();
    for (release, component) in ["1.0", "1.1"].iter().zip(guests::house_rules()) {
        project.write(&format!("house-rules-{release}.wasm"), component);
    }
    let publish = |release: &str, more: &str| {
        let to = format!("oci://{}/platform/house-rules", registry.host);
        let words =
            format!("plugin publish house-rules-{release}.wasm {to} --version {release}.0 {more}");
        project.phalanx(&words).own_cache().succeeds();
    };
    let run = |service: &str, words: &str| {
        project.phalanx(&format!("{words} --manifest {service}")).own_cache()
    };
    publish("1.0", "");
    publish("1.1", "");
    // Unsigned will do for one of them.
    run("billing", "plugin update --allow").succeeds();
    run("orders", "plugin update --allow").exits(3).says("is not signed as policy");
    publish("1.0", "--sign platform.pem");
    run("orders", "plugin update --allow").succeeds();
    for (service, version, commit) in [("orders", "1.0.0", false), ("billing", "1.1.0", true)] {
        let lock = project.read(&format!("{service}/phalanx.lock"));
        assert!(lock.contains(&format!("version = \"{version}\"")), "{lock}");
        run(service, "plugin verify --locked").succeeds();
        run(service, "deploy --local --locked --offline").succeeds();
        let template = project.read(&format!("{service}/.phalanx/template.json"));
        assert!(template.contains("\"SqsManagedSseEnabled\": true"), "{template}");
        assert_eq!(template.contains("\"Commit\""), commit, "{template}");
    }
}
