//! What goes wrong inside of plugins, in each language: every plugin in `troubles/` has a mode for each trouble, and
//! what comes of it must be told in plain words, with the place in the source where the toolchain knows it.

use serde_json::Value;

use crate::support::{Project, change_file};

/// How a trouble must be told.
enum Told {
    /// By a failure with this code, and this in its message.
    As(&'static str, &'static str),
    /// By this in the log, and the plugin goes on.
    Logged(&'static str),
}
use Told::{As, Logged};

type Trouble = (&'static str, Told);

const FAILURE: Trouble = ("failure", As("no-topic", "the topic is missing"));
const HOST: Trouble = ("host", As("unknown-section", "a template has no section `Nonsense`"));
const LOOP: Trouble = ("loop", As("plugin-time-limit", "it was stopped after 1 s"));
const FLOOD: Trouble = ("flood", Logged("log limit reached: what follows in this call is dropped"));
const MEMORY: Trouble = ("memory", As("plugin-memory-limit", "it ran out of memory"));

pub(super) fn in_rust(project: &Project) {
    let panic = ("exception", As("plugin-trap", "it panicked or aborted"));
    let recurse = ("recurse", As("plugin-stack-limit", "it ran out of stack"));
    let troubles = [FAILURE, HOST, panic, LOOP, recurse, MEMORY, FLOOD];
    let logs = told(project, "src/lib.rs", include_str!("troubles/lib.rs"), &troubles);
    assert!(logs[2].contains("panicked at src/lib.rs:20: nothing is left"), "{}", logs[2]);
}

pub(super) fn in_c(project: &Project) {
    let abort = ("exception", As("plugin-trap", "it panicked or aborted"));
    let recurse = ("recurse", As("plugin-stack-limit", "it ran out of stack"));
    let troubles = [FAILURE, HOST, abort, LOOP, recurse, MEMORY, FLOOD];
    told(project, "src/plugin.c", include_str!("troubles/plugin.c"), &troubles);
}

pub(super) fn in_javascript(project: &Project) {
    let exception = ("exception", As("exception", "Error: "));
    let recurse = ("recurse", As("plugin-stack-limit", "it ran out of stack"));
    let memory = ("memory", As("exception", "out of memory"));
    let network = ("network", As("exception", "fetch"));
    let time = ("time", As("no-clock", "has no clock"));
    let troubles = [FAILURE, HOST, exception, LOOP, recurse, memory, FLOOD, network, time];
    let logs = told(project, "src/plugin.js", include_str!("troubles/plugin.js"), &troubles);
    assert!(logs[2].contains("at deep (/plugin.js:"), "{}", logs[2]);
}

pub(super) fn in_python(project: &Project) {
    let exception = ("exception", As("exception", "AttributeError: "));
    // Python has a limit of its own.
    let recurse = ("recurse", As("exception", "RecursionError"));
    let memory = ("memory", As("exception", "MemoryError"));
    let file = ("file", As("exception", "FileNotFoundError"));
    let network = ("network", As("exception", "Error"));
    let time = ("time", As("time", "2026-01-01"));
    let print = ("print", Logged("stdout: mode print"));
    let troubles =
        [print, FAILURE, exception, HOST, LOOP, recurse, memory, FLOOD, file, network, time];
    let logs = told(project, "src/plugin.py", include_str!("troubles/plugin.py"), &troubles);
    assert!(logs[2].contains("plugin.py\\\", line 9, in deep"), "{}", logs[2]);

    // Built without WASI it can do less, and what it cannot is told as that.
    change_file(
        project,
        "keep-messages/plugin.toml",
        "componentize -p",
        "componentize --stub-wasi -p",
    );
    let stubbed = |what| As("plugin-wasi-stubbed", what);
    let troubles = [
        FAILURE,
        ("print", stubbed("it asked for standard output")),
        ("exception", As("exception", "AttributeError: ")),
        ("time", stubbed("it asked for the clock")),
        ("file", stubbed("it asked for files")),
    ];
    let logs = told(project, "src/plugin.py", include_str!("troubles/plugin.py"), &troubles);
    assert!(logs[2].contains("plugin.py\\\", line 9, in deep"), "{}", logs[2]);
}

pub(super) fn in_go(project: &Project) {
    let failure = ("failure", As("no-topic", "cannot tell: the topic is missing"));
    let panic = ("exception", As("panic", "assignment to entry in nil map"));
    let memory = ("memory", As("plugin-memory-limit", "it ran out of memory"));
    let recurse = ("recurse", As("plugin-stack-limit", "it ran out of stack"));
    let file = ("file", As("error", "open /etc/passwd"));
    let network = ("network", As("error", "dial tcp 127.0.0.1:9"));
    let time = ("time", As("time", "2026-01-01"));
    let troubles = [failure, HOST, panic, LOOP, recurse, memory, FLOOD, file, network, time];
    let logs = told(project, "plugin/plugin.go", include_str!("troubles/plugin.go"), &troubles);
    assert!(logs[2].contains("stdout: mode exception"), "{}", logs[2]);
    assert!(logs[2].contains("plugin/plugin.go:18"), "{}", logs[2]);
}

/// Replaces the plugin by one that has these troubles, and looks at how each is told. Gives the log of each.
fn told(project: &Project, source: &str, text: &str, troubles: &[Trouble]) -> Vec<String> {
    let name = "keep-messages";
    project.write(&format!("{name}/{source}"), text);
    let path = format!("{name}/wit/plugin.wit");
    if project.has(&path) {
        let world = project.read(&path);
        let only = |line: &&str| !line.contains("export") || line.contains("decorate");
        let world: Vec<_> = world.lines().filter(only).collect();
        project.write(&path, world.join("\n"));
    }
    std::fs::remove_dir_all(project.root().join(name).join("cases")).unwrap();
    for (mode, _) in troubles {
        let case = format!(
            "hook = \"template-decorate\"\nconfig = {{ mode = \"{mode}\" }}\nlimits = {{ time = \"1s\" }}\n"
        );
        project.write(&format!("{name}/cases/{mode}/case.toml"), case);
    }
    project.phalanx("plugin test keep-messages --bless").succeeds();
    let looked_at = troubles.iter().map(|(mode, told)| {
        let path = format!("{name}/cases/{mode}/expected.json");
        let expected: Value = serde_json::from_str(&project.read(&path)).unwrap();
        let (failure, log) = (&expected["failure"], expected["log"].to_string());
        let scene = format!("{mode}: {failure:#}\n{}", log.chars().take(2_000).collect::<String>());
        match told {
            As(code, message) => {
                assert_eq!(failure["code"], *code, "{scene}");
                assert!(failure["message"].as_str().unwrap().contains(message), "{scene}");
            }
            Logged(text) => {
                assert!(failure.is_null(), "{scene}");
                assert!(log.contains(text), "{scene}");
            }
        }
        log
    });
    looked_at.collect()
}
