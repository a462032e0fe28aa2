//! The binary under test, run with nothing of the developer's environment, and what it printed.

use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::project::repository;
use super::{Project, lint};

/// The binary, to be run.
#[must_use = "run it with `succeeds`, `fails` or `finish`"]
pub struct Phalanx {
    command: Command,
    shown: String,
    replacements: Vec<(String, &'static str)>,
    root: PathBuf,
    /// The account whose templates cfn-lint judges.
    linted: Option<String>,
}

impl Phalanx {
    pub(super) fn new<'a>(project: &Project, words: impl Iterator<Item = &'a str>) -> Self {
        let words: Vec<&str> = words.collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
        command
            .args(&words)
            .current_dir(project.root())
            .env_clear()
            .env("HOME", project.home())
            // Compiled plugins are shared by all tests: compiling is the slow part and the cache is
            // content-addressed. Tests of the cache itself set their own.
            .env("PHALANX_CACHE_DIR", repository().join("target/tests/cache"))
            .env("PHALANX_DATA_DIR", repository().join("target/tests/data"))
            // Services in Rust share what cargo compiles for them. Cargo tells copies of a package
            // apart by times only: a test must not edit sources that another test has too.
            .env("CARGO_BUILD_BUILD_DIR", repository().join("target/tests/rust"))
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .stdin(Stdio::null());
        for name in ["PATH", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // Rust's own tools find themselves below the real home.
        if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
            for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                if std::env::var_os(name).is_none() {
                    command.env(name, home.join(folder));
                }
            }
        }
        let replacements = vec![
            (project.root().canonicalize().unwrap().display().to_string(), "[SERVICE]"),
            (project.root().display().to_string(), "[SERVICE]"),
            (project.home().display().to_string(), "[HOME]"),
            // What lies beside the service, for paths that leave it.
            (
                project.root().parent().unwrap().canonicalize().unwrap().display().to_string(),
                "[OUTSIDE]",
            ),
            (repository().display().to_string(), "[REPOSITORY]"),
        ];
        let shown = format!("phalanx {}", words.join(" "));
        Self { command, shown, replacements, root: project.root(), linted: None }
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Has cfn-lint judge the template that a deployment to this account leaves.
    pub(super) fn linted(mut self, account: &str) -> Self {
        self.linted = Some(account.to_owned());
        self
    }

    /// Keeps compiled plugins in the project's own home instead of the folder that tests share.
    pub fn own_cache(mut self) -> Self {
        self.command.env_remove("PHALANX_CACHE_DIR").env_remove("PHALANX_DATA_DIR");
        self
    }

    /// Gives it this on standard input.
    pub fn stdin(mut self, input: impl AsRef<[u8]>) -> Self {
        use std::io::{Seek as _, Write as _};
        // A file and not a pipe: nobody has to write while it runs.
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input.as_ref()).unwrap();
        file.rewind().unwrap();
        self.command.stdin(Stdio::from(file));
        self
    }

    /// The command as it stands, for tests that start, signal or kill it themselves.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    pub fn finish(mut self) -> Finished {
        let output = self.command.output().unwrap();
        self.finished(&output)
    }

    /// Starts it, for tests that do something to it before its end.
    pub fn start(mut self) -> Running {
        let command = self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running { child: command.spawn().unwrap(), phalanx: self }
    }

    fn finished(self, output: &Output) -> Finished {
        let clean = |bytes: &[u8]| {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            for (from, to) in &self.replacements {
                text = text.replace(from, to);
            }
            without_times(&text)
        };
        Finished {
            code: output.status.code(),
            stdout: clean(&output.stdout),
            stderr: clean(&output.stderr),
            shown: self.shown,
            root: self.root,
        }
    }

    /// Runs it; it must exit with code 0.
    pub fn succeeds(self) -> Finished {
        self.exits(0)
    }

    /// Runs it; it must exit with this code.
    pub fn exits(self, code: i32) -> Finished {
        let account = self.linted.clone().filter(|_| self.shown.starts_with("phalanx deploy"));
        let finished = self.finish();
        assert_eq!(finished.code, Some(code), "{}", finished.scene());
        if let Some(account) = account.filter(|_| code == 0) {
            let template =
                std::fs::read_to_string(finished.root.join(".phalanx/template.json")).unwrap();
            // Services that differ only in their account are judged once.
            let findings = lint::findings(template.replace(&account, "123456789012"));
            assert!(findings.is_empty(), "cfn-lint: {findings:#?}\n{}", finished.scene());
        }
        finished
    }
}

/// The binary, running.
pub struct Running {
    child: Child,
    phalanx: Phalanx,
}

impl Running {
    /// Reads standard error up to a line with this text.
    pub fn until(mut self, text: &str) -> Self {
        read_until(self.child.stderr.as_mut().unwrap(), text);
        self
    }

    /// Reads standard output up to a line with this text; gives what was read.
    pub fn prints(&mut self, text: &str) -> String {
        read_until(self.child.stdout.as_mut().unwrap(), text)
    }

    /// Presses Ctrl-C.
    pub fn interrupt(self) -> Self {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self
    }

    /// Waits for its end, with this code.
    pub fn exits(self, code: i32) -> Finished {
        let output = self.child.wait_with_output().unwrap();
        let finished = self.phalanx.finished(&output);
        assert_eq!(finished.code, Some(code), "{}", finished.scene());
        finished
    }
}

/// Byte by byte: what comes after the line stays in the pipe for [`Running::exits`].
fn read_until(pipe: &mut impl Read, text: &str) -> String {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while pipe.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
        if byte[0] == b'\n' && String::from_utf8_lossy(&seen).contains(text) {
            return String::from_utf8(seen).unwrap();
        }
    }
    panic!("the output lacks {text:?}\n{}", String::from_utf8_lossy(&seen));
}

/// What a run printed, with folders and times replaced by placeholders.
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    shown: String,
    root: PathBuf,
}

impl Finished {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is no JSON: {error}\n{}", self.scene()))
    }

    /// From `error:` on: what the person reads last.
    pub fn error(&self) -> &str {
        // Plugins may say `error: ` too, further to the right.
        let start = if self.stderr.starts_with("error: ") {
            0
        } else {
            self.stderr.find("\nerror: ").unwrap_or_else(|| panic!("{}", self.scene())) + 1
        };
        self.stderr[start..].trim_end()
    }

    /// Fails unless standard error has this text.
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "standard error lacks {text:?}\n{}", self.scene());
        self
    }

    /// Everything one needs to understand a failure.
    pub fn scene(&self) -> String {
        let mut scene = format!(
            "$ {}\nexit code {:?}\n--- stdout\n{}\n--- stderr\n{}\n--- files\n",
            self.shown, self.code, self.stdout, self.stderr
        );
        let entries = walkdir::WalkDir::new(&self.root).sort_by_file_name().into_iter();
        let entries = entries.filter_entry(|entry| entry.file_name() != "target");
        for entry in entries.flatten().filter(|entry| entry.file_type().is_file()).take(200) {
            let path = entry.path().strip_prefix(&self.root).unwrap_or(entry.path());
            writeln!(scene, "{}", path.display()).unwrap();
        }
        scene
    }
}

/// Replaces what differs from run to run: `(12 ms)`, `(1.5 s)` become `([TIME])`.
fn without_times(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('(') {
        let (before, after) = rest.split_at(start + 1);
        clean.push_str(before);
        rest = after;
        if let Some(end) = after.find(')') {
            let inside = &after[..end];
            let number = inside.trim_end_matches(" ms").trim_end_matches(" s");
            if number != inside && number.parse::<f64>().is_ok() {
                clean.push_str("[TIME]");
                rest = &after[end..];
            }
        }
    }
    clean + rest
}
