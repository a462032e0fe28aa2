//! Builds run by the real shell.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::hint::Explain as _;
use crate::report::{Event, Recorder};

struct Scene {
    folder: tempfile::TempDir,
    build: Build,
    environment: BTreeMap<String, String>,
    outputs: Vec<Output>,
    recorder: Arc<Recorder>,
}

impl Scene {
    fn new(command: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(&folder.path().join("src/main.rs"), "fn main() {}").unwrap();
        Self {
            folder,
            build: Build {
                command: command.to_owned(),
                inputs: vec!["src/**".to_owned()],
                environment: Default::default(),
            },
            environment: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
            outputs: vec![Output { key: "functions.hello.code".into(), path: "out/hello".into() }],
            recorder: Arc::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, force: bool) -> Result<Outcome, BuildError> {
        let request = Request {
            name: "service",
            build: &self.build,
            root: self.folder.path(),
            state_dir: &self.path(".phalanx"),
            environment: &self.environment,
            outputs: &self.outputs,
            force,
        };
        run(request, self.recorder.clone()).await
    }

    fn lines(&self) -> Vec<String> {
        let line = |event| match event {
            Event::Output { line, .. } => Some(line),
            _ => None,
        };
        self.recorder.events().into_iter().filter_map(line).collect()
    }
}

/// A runtime such as the binary's.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

const MAKE: &str = "mkdir -p out && cat src/* > out/hello";

#[test]
fn a_build_runs_once_until_something_changes() {
    block_on(async {
        let mut scene = Scene::new(MAKE);
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built);
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Skipped { inputs: 1 });
        assert_eq!(scene.run(true).await.unwrap(), Outcome::Built, "forced");

        fs::write(&scene.path("src/main.rs"), "fn main(){ }").unwrap();
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built, "same size, same second");
        fs::write(&scene.path("src/more.rs"), "").unwrap();
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built, "a new file");
        fs::remove_file(&scene.path("out/hello")).unwrap();
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built, "no output");
        scene.build.environment.insert("MODE".into(), "fast".into());
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built, "its environment");
        scene.build.command.push(' ');
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built, "its command");
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Skipped { inputs: 2 });
        scene.build.inputs.clear();
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built);
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built, "without inputs");
    });
}

#[test]
fn a_failed_build_runs_again_and_shows_its_last_lines() {
    block_on(async {
        let mut scene = Scene::new(MAKE);
        scene.run(false).await.unwrap();
        scene.build.command =
            "for i in $(seq 30); do echo line $i; done; echo oops >&2; exit 3".into();
        let error = scene.run(false).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "build `service` failed: `for i in $(seq 30); do echo line $i; done; echo oops >&2; exit 3` exited with code 3"
        );
        let details = error.details().unwrap();
        assert!(
            details.starts_with("line 12\n") && details.ends_with("line 30\noops"),
            "{details}"
        );
        assert_eq!(scene.lines().len(), 31);

        scene.build.command = MAKE.into();
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built);
        scene.build.command = "kill -9 $$".into();
        let error = scene.run(false).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "build `service` failed: `kill -9 $$` was killed by signal 9"
        );
    });
}

#[test]
fn output_is_safe_complete_and_in_order() {
    block_on(async {
        let mut scene = Scene::new(
            "printf 'a\\033[1m\\n'; printf '1%%\\r2%%\\n' >&2; printf 'é\\377'; echo $HOME",
        );
        scene.outputs.clear();
        scene.build.environment.insert("HOME".into(), "/nowhere".into());
        scene.run(false).await.unwrap();
        assert_eq!(scene.lines(), ["a\\u{1b}[1m", "2%", "é\u{fffd}/nowhere"]);
    });
}

#[test]
fn a_missing_output_names_key_path_and_likely_file() {
    block_on(async {
        let scene = Scene::new("mkdir -p out && touch out/helo");
        let error = scene.run(false).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "build `service` did not make `out/hello`, which `functions.hello.code` names"
        );
        assert_eq!(error.hints(), ["did you mean `out/helo`? change `functions.hello.code`"]);
    });
}

#[test]
fn a_glob_of_folders_only_is_an_error_with_the_way_out() {
    block_on(async {
        let mut scene = Scene::new(MAKE);
        scene.build.inputs = vec!["sr*".into()];
        let error = scene.run(false).await.unwrap_err();
        assert_eq!(
            error.hints(),
            ["it matches folders only: write `sr*/**` for the files in them"]
        );
        scene.build.inputs = vec!["src/[".into()];
        let error = scene.run(false).await.unwrap_err();
        assert_eq!(error.to_string(), "input `src/[` of build `service` is not a valid glob");
    });
}

#[test]
fn a_cancelled_build_ends_its_children_and_runs_again() {
    block_on(async {
        let mut scene = Scene::new(MAKE);
        scene.run(false).await.unwrap();
        scene.build.command = "sleep 600 & echo $! > pid; wait".into();
        let pid_file = scene.path("pid");
        let started = async {
            while fs::read_if_present(&pid_file).unwrap().is_none_or(|pid| pid.is_empty()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            ended = scene.run(false) => panic!("{ended:?}"),
            () = started => {}
        }
        let pid: i32 = fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        // An orphan is gone when init has waited for it.
        let mut polls = 0;
        while rustix::process::test_kill_process(pid).is_ok() {
            polls += 1;
            let stat =
                fs::read_to_string(Path::new(&format!("/proc/{}/stat", pid.as_raw_nonzero())));
            if stat.is_ok_and(|stat| stat.contains(") Z ")) {
                break;
            }
            assert!(polls < 400, "the child still runs");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        scene.build.command = MAKE.into();
        assert_eq!(scene.run(false).await.unwrap(), Outcome::Built);
    });
}

#[test]
fn a_daemon_left_behind_does_not_hold_up_the_run() {
    block_on(async {
        let mut scene = Scene::new("sleep 5 & echo done");
        scene.outputs.clear();
        let run = tokio::time::timeout(Duration::from_secs(4), scene.run(false));
        assert_eq!(run.await.expect("the run waited").unwrap(), Outcome::Built);
    });
}
