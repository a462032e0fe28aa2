//! Guests that want too much. After each, the next call works.

use std::time::Instant;

use super::*;

fn stopped(component: &[u8], change: impl FnOnce(&mut Limits)) -> String {
    let rig = Rig::new();
    let text = rig.failure(component, Call::PreBuild, |usage| change(&mut usage.limits));
    let plugin = rig.load(&guests::pre_build("")).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    text
}

#[test]
fn a_loop_is_stopped_with_the_functions_it_was_in() {
    let started = Instant::now();
    let text = stopped(&guests::pre_build("(loop $l (br $l))"), |limits| limits.time_ms = 60);
    assert!(started.elapsed() < Duration::from_secs(5));
    insta::assert_snapshot!(text, @r#"
plugin `acme` failed in `pre-build`: it was stopped after 0.06 s [Refused, plugin-time-limit]
| in the plugin's functions, innermost first:
|   hook
hint: if the plugin really needs more, set `time` in `[plugins.acme.limits]`, such as `time = "60s"`
"#);
}

#[test]
fn other_work_goes_on_beside_a_loop() {
    let rig = Rig::new();
    let component = guests::pre_build("(loop $l (br $l))");
    let plugin = rig.load_with(&component, |usage| usage.limits.time_ms = 200).unwrap();
    let beside = async {
        let mut turns = 0;
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            turns += 1;
        }
        turns
    };
    let ((_, result), turns) =
        block_on(async { tokio::join!(plugin.call(Call::PreBuild, rig.world()), beside) });
    assert!(result.is_err());
    assert_eq!(turns, 5);
}

#[test]
fn a_host_call_that_waits_is_stopped_too() {
    let (argv, _) = guests::text(2048, "sleepforever");
    // The list [("sleep"), ("forever")] at 2100.
    let words = r#"(data (i32.const 2100) "\00\08\00\00\05\00\00\00\05\08\00\00\07\00\00\00")"#;
    let component = guests::component(
        "commands +pre-build",
        &guests::import("commands", "run", "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)"),
        &[
            argv.as_str(),
            words,
            &guests::hook(
                "pre-build",
                "pre-build",
                "(call $run (i32.const 2100) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2200))",
            ),
        ]
        .concat(),
    );
    let rig = Rig::new();
    let text = rig.failure(&component, Call::PreBuild, |usage| {
        usage.grants.commands = vec![vec!["sleep".into()]];
        usage.limits.time_ms = 50;
    });
    insta::assert_snapshot!(text, @r#"
plugin `acme` failed in `pre-build`: it was stopped after 0.05 s, waiting for `sleep forever` [Refused, plugin-time-limit]
hint: if the plugin really needs more, set `time` in `[plugins.acme.limits]`, such as `time = "60s"`
"#);
}

#[test]
fn memory_is_limited_when_the_guest_aborts_without_it() {
    let body = "(loop $l (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable)) (br $l))";
    let text = stopped(&guests::pre_build(body), |limits| limits.memory = 8 << 20);
    insta::assert_snapshot!(text, @r#"
plugin `acme` failed in `pre-build`: it ran out of memory: it had 7.1 MiB and wanted 1.0 MiB more, of 8.0 MiB allowed in all its memories [Refused, plugin-memory-limit]
| in the plugin's functions, innermost first:
|   hook
hint: if the plugin really needs more, set `memory` in `[plugins.acme.limits]`, such as `memory = "512MiB"`
"#);
}

#[test]
fn memory_is_limited_at_instantiation() {
    let component = guests::component(
        "+pre-build",
        "",
        &format!("(table 100000 funcref) {}", guests::hook("pre-build", "pre-build", "")),
    );
    let text = stopped(&component, |limits| limits.memory = 1 << 20);
    insta::assert_snapshot!(text, @r#"
plugin `acme` failed in `pre-build`: it ran out of memory: it had 64.0 KiB and wanted 1.5 MiB more, of 1.0 MiB allowed in all its memories [Refused, plugin-memory-limit]
hint: if the plugin really needs more, set `memory` in `[plugins.acme.limits]`, such as `memory = "512MiB"`
"#);
}

#[test]
fn a_guest_that_lives_without_the_memory_is_left_alone() {
    let rig = Rig::new();
    let body = "(drop (memory.grow (i32.const 60000)))";
    let plugin = rig.load(&guests::pre_build(body)).unwrap();
    let output = rig.call(&plugin, Call::PreBuild).1.unwrap();
    assert_eq!(output.memory_peak, 65_536);
}

#[test]
fn recursion_is_limited() {
    let text = stopped(&guests::pre_build("(drop (call $hook))"), |_| {});
    insta::assert_snapshot!(text, @r#"
plugin `acme` failed in `pre-build`: it ran out of stack: 1.0 MiB are allowed [Refused, plugin-stack-limit]
| in the plugin's functions, innermost first:
|   hook (again and again)
hint: if the plugin really needs more, set `stack` in `[plugins.acme.limits]`, such as `stack = "4MiB"`
"#);
}

#[test]
fn traps_are_told_in_words() {
    insta::assert_snapshot!(stopped(&guests::pre_build("unreachable"), |_| {}), @"
plugin `acme` failed in `pre-build`: it crashed: it panicked or aborted (`unreachable`); it may have logged why [Refused, plugin-trap]
| in the plugin's functions, innermost first:
|   hook
hint: this is a bug of the plugin: report it to its author, with what it logged
");
    let body = "(drop (i32.load (i32.const -1)))";
    insta::assert_snapshot!(stopped(&guests::pre_build(body), |_| {}), @"
plugin `acme` failed in `pre-build`: it crashed: out of bounds memory access [Refused, plugin-trap]
| in the plugin's functions, innermost first:
|   hook
hint: this is a bug of the plugin: report it to its author, with what it logged
");
}

#[test]
fn text_that_is_not_utf8_is_a_crash() {
    let component = guests::component(
        "log +pre-build",
        &guests::import("log", "log", "(param i32 i32 i32 i32)"),
        &[
            r#"(data (i32.const 2048) "\ff\fe")"#,
            &guests::hook(
                "pre-build",
                "pre-build",
                "(call $log (i32.const 2048) (i32.const 2) (i32.const 2048) (i32.const 2))",
            ),
        ]
        .concat(),
    );
    insta::assert_snapshot!(stopped(&component, |_| {}), @"
plugin `acme` failed in `pre-build`: it crashed: it passed text that is not UTF-8 [Refused, plugin-trap]
| in the plugin's functions, innermost first:
|   hook
hint: this is a bug of the plugin: report it to its author, with what it logged
");
}

fn logger(body: &str) -> Vec<u8> {
    let (level, _) = guests::text(2048, "info");
    let (message, _) = guests::text(2100, "\u{1b}[31mhello\nworld");
    guests::component(
        "log +pre-build",
        &guests::import("log", "log", "(param i32 i32 i32 i32)"),
        &[level.as_str(), &message, &guests::hook("pre-build", "pre-build", body)].concat(),
    )
}

#[test]
fn data_of_one_host_call_is_limited() {
    let body = "(drop (memory.grow (i32.const 320)))
        (call $log (i32.const 2048) (i32.const 4) (i32.const 0) (i32.const 20971520))";
    insta::assert_snapshot!(stopped(&logger(body), |_| {}), @r#"
plugin `acme` failed in `pre-build`: it passed more than the 16.0 MiB that are allowed in one call to the host [Refused, plugin-data-limit]
| in the plugin's functions, innermost first:
|   hook
hint: if the plugin really needs more, set `host-data` in `[plugins.acme.limits]`, such as `host-data = "64MiB"`
"#);
}

#[test]
fn a_flood_of_log_lines_ends_with_a_warning_and_no_failure() {
    let body = "(local $i i32) (loop $l
        (call $log (i32.const 2048) (i32.const 4) (i32.const 2100) (i32.const 16))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 10000))))";
    let rig = Rig::new();
    let plugin = rig.load_with(&logger(body), |usage| usage.limits.log = 64).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    insta::assert_snapshot!(rig.log().join("\n"), @r"
acme info: \u{1b}[31mhello
acme info: world
acme info: \u{1b}[31mhello
acme info: world
acme warn: log limit reached: what follows in this call is dropped (64 B, `log` in `[plugins.acme.limits]`)
");
}

#[test]
fn handles_are_limited() {
    // Handles that the component makes by itself, and handles of WASI.
    let own = r#"(component
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "run") (result i32)
                (loop $l (drop (call $new (i32.const 1))) (br $l))
                (i32.const 0)))
        (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (type $failure' (record (field "code" string) (field "message" string) (field "hint" (option string))))
        (component $c
            (type $f' (record (field "code" string) (field "message" string) (field "hint" (option string))))
            (import "types" (type $f (eq $f')))
            (import "run" (func $run (result (result (error $f)))))
            (export $e "failure" (type $f))
            (export "pre-build" (func $run) (func (result (result (error $e))))))
        (import "phalanx:pipeline/types@1.0.0" (instance $types
            (type $t (record (field "code" string) (field "message" string) (field "hint" (option string))))
            (export "failure" (type (eq $t)))))
        (alias export $types "failure" (type $failure))
        (func $run (result (result (error $failure)))
            (canon lift (core func $i "run") (memory (core memory $i "memory"))))
        (instance $hook (instantiate $c (with "types" (type $failure)) (with "run" (func $run))))
        (export "phalanx:pipeline/pre-build@1.0.0" (instance $hook)))"#;
    insta::assert_snapshot!(stopped(&wat::parse_str(own).unwrap(), |_| {}), @"
plugin `acme` failed in `pre-build`: it opened more than the 4096 handles that are allowed at one time [Refused, plugin-handle-limit]
hint: if the plugin really needs more, set `handles` in `[plugins.acme.limits]`, such as `handles = 16384`
");
}
