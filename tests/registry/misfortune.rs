//! What befalls a run while it fetches a plugin or writes the lock file: another run, its own end, a full disk.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use phalanx::digest::Digest;
use phalanx::registry::LockFile;

use super::{add, hostile, orders, publish};
use crate::support::{Given, Project, Registry, Server, change, until};

/// A service whose plugin is pinned and not on this machine, as after a fresh clone.
fn cloned() -> Option<(Registry, Project)> {
    let registry = Registry::open()?;
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    assert_eq!(add(&project, &registry, "--yes").code, Some(0));
    std::fs::remove_dir_all(project.home().join(".cache")).unwrap();
    Some((registry, project))
}

/// The files of the store, each of which must be what its name says.
fn stored(project: &Project) -> usize {
    let store = project.home().join(".cache/phalanx/blobs/sha256");
    let files = std::fs::read_dir(store).into_iter().flatten().map(|file| file.unwrap().path());
    let whole = |file: &std::path::PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy();
        // What a killed process left has another name, and nobody reads it.
        let is_blob = name.len() == 64;
        assert!(!is_blob || Digest::of(std::fs::read(file).unwrap()).to_string() == name);
        is_blob
    };
    files.filter(whole).count()
}

#[test]
fn runs_side_by_side_fetch_the_same_plugin() {
    let Some((_registry, project)) = cloned() else { return };
    let runs: Vec<_> =
        (0..4).map(|_| project.phalanx("plugin verify").own_cache().start()).collect();
    for run in runs {
        run.exits(0);
    }
    assert_eq!(stored(&project), 2, "the manifest and the component");
}

#[test]
fn a_run_that_was_killed_while_it_fetched_is_simply_run_again() {
    static SLOW: AtomicBool = AtomicBool::new(false);
    let server = Server::start(|asked, _| {
        let given = hostile::honest(asked);
        match SLOW.load(Ordering::Relaxed) && hostile::is_component(asked) {
            true => Given::drip(hostile::component(), Duration::from_millis(50)),
            false => given,
        }
    });
    let project = orders();
    assert_eq!(hostile::add(&project, &server.host()).code, Some(0));
    std::fs::remove_dir_all(project.home().join(".cache")).unwrap();
    SLOW.store(true, Ordering::Relaxed);
    let mut run = project.phalanx("plan --local").own_cache().into_command();
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let fetched =
        || server.asked().iter().filter(|asked| hostile::is_component(asked)).count() == 2;
    until("the run fetches the component", 30, || fetched().then_some(()));
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(stored(&project), 1, "the manifest");
    SLOW.store(false, Ordering::Relaxed);
    project.phalanx("plan --local").own_cache().succeeds();
}

#[test]
fn a_lock_file_is_the_old_one_or_the_new_one_whenever_a_run_is_killed() {
    let Some(registry) = Registry::open() else { return };
    let project = orders();
    publish(&project, &registry, "dashboard", "1.0.0");
    publish(&project, &registry, "error-alarms", "1.1.0");
    assert_eq!(add(&project, &registry, "--version =1.0.0 --yes").code, Some(0));
    let read = || LockFile::read(&project.root()).unwrap();
    let mut states = vec![read()];
    let mut killed = 0;
    for round in 0..24_u64 {
        let (from, to) = match round % 2 {
            0 => ("=1.0.0", "=1.1.0"),
            _ => ("=1.1.0", "=1.0.0"),
        };
        change(&project, from, to);
        let mut run = project.phalanx("plugin update --allow").own_cache().into_command();
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 * round));
        run.kill().unwrap();
        killed += usize::from(!run.wait().unwrap().success());
        let state = read();
        if !states.contains(&state) {
            states.push(state);
        }
    }
    assert!(killed > 0 && states.len() <= 2, "{killed} were killed, {states:#?}");
    project.phalanx("plugin update --allow").own_cache().succeeds();
    project.phalanx("plan --local --locked").own_cache().succeeds();
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let Some((_registry, project)) = cloned() else { return };
    let phalanx = project.phalanx("plan --local").own_cache().into_command();
    let environment = phalanx.get_envs().filter_map(|(name, value)| Some((name, value?)));
    // No file may grow beyond 32 KiB, which is what a full disk is to whoever writes one.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(phalanx.get_program())
        .args(phalanx.get_args())
        .env_clear()
        .envs(environment)
        .current_dir(project.root())
        .process_group(0)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("File too large") && error.contains("cannot write"), "{error}");
    assert_eq!(stored(&project), 1, "the manifest");
    project.phalanx("plan --local").own_cache().succeeds();
}
