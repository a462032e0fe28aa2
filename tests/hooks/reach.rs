//! What plugins reach outside their sandbox, when it is granted, and that it is refused otherwise.

use std::os::unix::fs::symlink;

use super::{Service, said_by};
use crate::support::{Given, HOLD_LIFELINE, Lifeline, Project, Server};

/// A service with one plugin, `probe`.
fn probe(guest: &'static str, config: &str, grants: &str, more: &str) -> Project {
    let settings = format!("config = {{ {config} }}\ngrants = {{ {grants} }}\n{more}");
    Service::new().plugin("probe", guest, &settings).project()
}

/// What the plugin logged in a build that goes well.
fn said(project: &Project) -> String {
    let finished = project.phalanx("build").env("SECRET_KEY", "hunter2").env("CI_COMMIT", "abc");
    said_by(&finished.succeeds(), "probe")
}

/// The error of a build that the plugin stops.
fn refused(project: &Project) -> String {
    project.phalanx("build").env("SECRET_KEY", "hunter2").exits(3).error().to_owned()
}

#[test]
fn a_capability_without_a_grant_is_refused_before_any_code_runs() {
    for (guest, config) in [("runner", "run = []"), ("reader", ""), ("environs", "get = []")] {
        let project = probe(guest, config, "", "");
        let error = project.phalanx("build").exits(3).error().to_owned();
        assert!(error.contains("if you trust it with `"), "{guest}: {error}");
    }
    insta::assert_snapshot!(refused(&probe("runner", "run = []", "", "")), @r#"
    error: plugin `probe` cannot be loaded: it needs a capability that the manifest does not grant: `commands`

    hint: if you trust it with `commands`, add `commands = [["git", "rev-parse"]]` to `[plugins.probe.grants]`
    "#);
}

#[test]
fn granted_commands_run_with_arguments_input_and_exit_code() {
    let config = r#"run = [["echo", "one", "two"], ["sh", "-c", "cat; exit 9"], ["sh", "-c", "kill -9 $$"]], stdin = "fed""#;
    let project = probe("runner", config, r#"commands = [["echo", "one"], ["sh"]]"#, "");
    insta::assert_snapshot!(said(&project), @r"
    echo one two: status 0: one two
    sh -c cat; exit 9: status 9: fed
    sh -c kill -9 $$: status 137:
    ");
}

#[test]
fn a_command_is_granted_by_how_it_begins() {
    let grants = r#"commands = [["echo", "one"]]"#;
    for run in [r#"["echo", "onetwo"]"#, r#"["echo"]"#, r#"["/bin/echo", "one"]"#] {
        let error = refused(&probe("runner", &format!("run = [{run}]"), grants, ""));
        assert!(error.contains("is not granted"), "{error}");
    }
    let config = r#"run = [["echo", "two", "three"]]"#;
    insta::assert_snapshot!(refused(&probe("runner", config, grants, "")), @r#"
    error: plugin `probe` failed in `pre-build`: running `echo two three` is not granted: `commands` allows `echo one …`

    hint: add `["echo", "two"]` to `commands` in `[plugins.probe.grants]`
    "#);
}

#[test]
fn commands_run_inside_the_service_only() {
    let runner = |dir: &str| {
        let config = format!("run = [[\"pwd\"]], dir = \"{dir}\"");
        let project = probe("runner", &config, r#"commands = [["pwd"]]"#, "");
        project.write("sub/file", "");
        symlink("/", project.root().join("out")).unwrap();
        project
    };
    insta::assert_snapshot!(said(&runner("sub")), @"pwd: status 0: [SERVICE]/sub");
    insta::assert_snapshot!(refused(&runner("..")), @r"
    error: plugin `probe` failed in `pre-build`: `..` leaves the service's folder

    hint: name a path inside the service's folder, with `/` between its parts
    ");
    insta::assert_snapshot!(refused(&runner("out")), @r"
    error: plugin `probe` failed in `pre-build`: `out` leads through a symbolic link out of the service's folder

    hint: name a path inside the service's folder, with `/` between its parts
    ");
    insta::assert_snapshot!(refused(&runner("nowhere")), @r#"
    error: plugin `probe` failed in `pre-build`: `nowhere` is no folder of the service

    hint: `on-failure = "warn"` in `[plugins.probe]` lets the run go on without what this plugin does here
    "#);
}

#[test]
fn commands_see_no_secrets_of_the_environment() {
    let project = probe("runner", r#"run = [["env"]]"#, r#"commands = [["env"]]"#, "");
    let said = said(&project);
    assert!(said.contains("GREETING=hello") && said.contains("PATH="), "{said}");
    assert!(!said.contains("SECRET_KEY") && !said.contains("CI_COMMIT"), "{said}");
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let project =
        probe("runner", r#"run = [["no-such-tool"]]"#, r#"commands = [["no-such-tool"]]"#, "");
    insta::assert_snapshot!(refused(&project), @r"
    error: plugin `probe` failed in `pre-build`: cannot start `no-such-tool`: No such file or directory (os error 2)

    hint: install `no-such-tool`, or put it on PATH
    ");
}

#[test]
fn a_program_that_prints_without_end_is_stopped() {
    let project = probe("runner", r#"run = [["yes"]]"#, r#"commands = [["yes"]]"#, "");
    insta::assert_snapshot!(refused(&project), @r"
    error: plugin `probe` failed in `pre-build`: `yes` printed more than 16.0 MiB

    hint: raise `host-data` in the plugin's `limits`
    ");
}

#[test]
fn the_time_limit_ends_a_command_with_its_children() {
    let config = format!("run = [[\"sh\", \"-c\", \"{HOLD_LIFELINE}\"]]");
    let grants = r#"commands = [["sh"]]"#;
    let project = probe("runner", &config, grants, "limits = { time = \"2s\" }");
    let lifeline = Lifeline::new(&project);
    let running = project.phalanx("build").start();
    let held = lifeline.held();
    insta::assert_snapshot!(running.exits(3).error(), @r#"
    error: plugin `probe` failed in `pre-build`: it was stopped after 2 s, waiting for `sh -c exec 3>lifeline; sleep 600 & wait`

    hint: if the plugin really needs more, set `time` in `[plugins.probe.limits]`, such as `time = "60s"`
    "#);
    held.let_go();
}

#[test]
fn what_a_command_leaves_running_is_ended() {
    let config =
        r#"run = [["sh", "-c", "exec 3>lifeline; sleep 600 >/dev/null 2>&1 & echo left"]]"#;
    let project = probe("runner", config, r#"commands = [["sh"]]"#, "");
    let lifeline = Lifeline::new(&project);
    let running = project.phalanx("build").start();
    let held = lifeline.held();
    running.exits(0).says("status 0: left");
    held.let_go();
}

#[test]
fn granted_files_are_listed_and_read() {
    let config = r#"list = ["**", "schema/*"], read = ["schema/a.json"]"#;
    let project = probe("reader", config, r#"files = ["schema/*"]"#, "");
    project.write("schema/a.json", "{}");
    project.write("schema/deep/b.json", "{}");
    project.write(".phalanx/schema/c.json", "{}");
    insta::assert_snapshot!(said(&project), @r"
    **: schema/a.json
    schema/*: schema/a.json
    schema/a.json: {}
    ");
}

#[test]
fn other_files_are_refused() {
    let reader = |config: &str| {
        let project = probe("reader", config, r#"files = ["schema/**"]"#, "");
        project.write("secret.txt", "hunter2");
        std::fs::create_dir(project.root().join("schema")).unwrap();
        symlink("/etc", project.root().join("schema/etc")).unwrap();
        refused(&project)
    };
    insta::assert_snapshot!(reader(r#"read = ["secret.txt"]"#), @r#"
    error: plugin `probe` failed in `pre-build`: reading `secret.txt` is not granted: `files` allows `schema/**`

    hint: add `"secret.txt"` to `files` in `[plugins.probe.grants]`
    "#);
    insta::assert_snapshot!(reader(r#"read = ["schema/../secret.txt"]"#), @r#"
    error: plugin `probe` failed in `pre-build`: reading `schema/../secret.txt` is not granted: no grant reaches such a path

    hint: a path goes from the service's folder, with `/` and without `.` and `..`
    "#);
    insta::assert_snapshot!(reader(r#"read = ["schema/etc/passwd"]"#), @r"
    error: plugin `probe` failed in `pre-build`: `schema/etc/passwd` leads through a symbolic link out of the service's folder

    hint: name a path inside the service's folder, with `/` between its parts
    ");
    insta::assert_snapshot!(reader(r#"read = ["schema/none.json"]"#), @r#"
    error: plugin `probe` failed in `pre-build`: cannot read `schema/none.json`: No such file or directory (os error 2)

    hint: `on-failure = "warn"` in `[plugins.probe]` lets the run go on without what this plugin does here
    "#);
    insta::assert_snapshot!(reader(r#"list = ["secret*"]"#), @r#"
    error: plugin `probe` failed in `pre-build`: listing `secret*` is not granted: `files` allows `schema/**`

    hint: add `"secret*"` to `files` in `[plugins.probe.grants]`
    "#);
}

#[test]
fn granted_variables_are_read_and_others_are_not_there() {
    let config = r#"get = ["CI_COMMIT", "CI_NONE", "SECRET_KEY"]"#;
    insta::assert_snapshot!(said(&probe("environs", config, r#"env = ["CI_*"]"#, "")), @r#"
    CI_COMMIT = Some("abc")
    CI_NONE = None
    warning: reading the variable `SECRET_KEY` is not granted: `env` allows `CI_*` (add `"SECRET_KEY"` to `env` in `[plugins.probe.grants]`)
    SECRET_KEY = None
    "#);
}

#[test]
fn http_reaches_granted_hosts_only() {
    let server = Server::start(|_, _| Given::status("418 I'm a teapot", ""));
    let host = server.host();
    let config = format!("authority = \"{host}\", path = \"/status\"");

    // Another port of the same host is another grant.
    for grants in ["", "network = [\"127.0.0.1:9\"]"] {
        let project = probe("caller", &config, grants, "");
        let denied = project.phalanx("build").exits(3);
        denied.says("is not granted: `network` allows").says("HttpRequestDenied");
    }
    assert_eq!(server.asked(), [], "nobody has called");

    let project = probe("caller", &config, &format!("network = [\"{host}\"]"), "");
    assert_eq!(said(&project), format!("{host} answered 418"));
    let [asked] = &server.asked()[..] else { panic!("it was asked once") };
    assert_eq!((&asked.method[..], &asked.path[..]), ("GET", "/status"));
}

#[test]
fn clock_and_dice_are_fixed_unless_granted() {
    let fixed = said(&probe("clockwork", "", "", ""));
    assert_eq!(said(&probe("clockwork", "", "", "")), fixed);
    assert!(fixed.contains("the clock says 1700000000\n"), "{fixed}");

    let clock = said(&probe("clockwork", "", "clock = true", ""));
    let (time, dice) = clock.split_once('\n').unwrap();
    let seconds: u64 = time.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(seconds > 1_700_000_000, "{clock}");
    assert!(fixed.ends_with(dice), "the dice are still fixed: {clock}");

    let random = said(&probe("clockwork", "", "random = true", ""));
    assert!(random.starts_with("the clock says 1700000000\n"), "{random}");
    assert_ne!(random, fixed);
}
