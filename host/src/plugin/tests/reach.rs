//! Capabilities and WASI: what a granted call reaches and what a denied one is told.

use super::*;

/// Calls `files.list` and `files.read` and gives the result of the last call on as its own, since
/// both results have a failure of the same shape.
fn reader(path: &str) -> Vec<u8> {
    let (data, p) = guests::text(2048, path);
    guests::component(
        "files +pre-build",
        &guests::import("files", "read", "(param i32 i32 i32)"),
        &[
            data,
            guests::hook("pre-build", "pre-build", &format!("(call $read {p} (i32.const 1024))")),
        ]
        .concat(),
    )
}

#[test]
fn files_are_read_where_granted_and_denials_are_logged() {
    let rig = Rig::new();
    let grant = |usage: &mut PluginUse| usage.grants.files = vec!["schema/**".into()];
    let plugin = rig.load_with(&reader("schema/a.sql"), grant).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    assert_eq!(*rig.services.asked.lock().unwrap(), ["read schema/a.sql"]);

    let text = rig.failure(&reader("schema/../secret.txt"), Call::PreBuild, grant);
    insta::assert_snapshot!(text, @"
plugin `acme` failed in `pre-build`: reading `schema/../secret.txt` is not granted: no grant reaches such a path [Refused, plugin-failure]
hint: a path goes from the service's folder, with `/` and without `.` and `..`
");
    insta::assert_snapshot!(rig.log().join("\n"), @"acme warn: reading `schema/../secret.txt` is not granted: no grant reaches such a path (a path goes from the service's folder, with `/` and without `.` and `..`)");
    assert_eq!(rig.services.asked.lock().unwrap().len(), 1, "the denied read must not be made");
}

#[test]
fn variables_that_are_not_granted_are_not_there() {
    let (data, name) = guests::text(2048, "AWS_SECRET_ACCESS_KEY");
    // Traps when there is a value.
    let body = format!(
        "(call $get {name} (i32.const 2600))
        (if (i32.load8_u (i32.const 2600)) (then unreachable))"
    );
    let component = guests::component(
        "environment +pre-build",
        &guests::import("environment", "get", "(param i32 i32 i32)"),
        &[data, guests::hook("pre-build", "pre-build", &body)].concat(),
    );
    let rig = Rig::new();
    let plugin = rig.load_with(&component, |usage| usage.grants.env = vec!["CI_*".into()]).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    assert!(rig.services.asked.lock().unwrap().is_empty());
    insta::assert_snapshot!(rig.log().join("\n"), @r#"acme warn: reading the variable `AWS_SECRET_ACCESS_KEY` is not granted: `env` allows `CI_*` (add `"AWS_SECRET_ACCESS_KEY"` to `env` in `[plugins.acme.grants]`)"#);
}

/// A component that calls WASI functions of plain types: `body` has `$now`, `$exit`,
/// `$stdout` and `$write`, and a text with a line break and an escape at 64.
fn wasi(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
        (import "wasi:clocks/wall-clock@0.2.3" (instance $clock
            (type $d' (record (field "seconds" u64) (field "nanoseconds" u32)))
            (export "datetime" (type $d (eq $d')))
            (export "now" (func (result $d)))))
        (import "wasi:cli/exit@0.2.3" (instance $exit
            (export "exit" (func (param "status" (result))))))
        (import "wasi:io/error@0.2.3" (instance $errors (export "error" (type (sub resource)))))
        (alias export $errors "error" (type $error))
        (import "wasi:io/streams@0.2.3" (instance $streams
            (alias outer 1 $error (type $e'))
            (export "error" (type $e (eq $e')))
            (export "output-stream" (type $s (sub resource)))
            (type $f' (variant (case "last-operation-failed" (own $e)) (case "closed")))
            (export "stream-error" (type $f (eq $f')))
            (export "[method]output-stream.blocking-write-and-flush" (func
                (param "self" (borrow $s)) (param "contents" (list u8)) (result (result (error $f)))))))
        (alias export $streams "output-stream" (type $stream))
        (import "wasi:cli/stdout@0.2.3" (instance $stdout
            (alias outer 1 $stream (type $s'))
            (export "output-stream" (type $s (eq $s')))
            (export "get-stdout" (func (result (own $s))))))
        (core module $mem (memory (export "memory") 1) (data (i32.const 64) "one\0a\1b[2Jtwo"))
        (core instance $mem (instantiate $mem))
        (core func $now (canon lower (func $clock "now") (memory (core memory $mem "memory"))))
        (core func $get (canon lower (func $stdout "get-stdout")))
        (core func $put (canon lower
            (func $streams "[method]output-stream.blocking-write-and-flush")
            (memory (core memory $mem "memory"))))
        (core func $end (canon lower (func $exit "exit")))
        (core module $m
            (import "" "memory" (memory 1))
            (import "" "now" (func $now (param i32)))
            (import "" "exit" (func $exit (param i32)))
            (import "" "stdout" (func $stdout (result i32)))
            (import "" "write" (func $write (param i32 i32 i32 i32)))
            (func (export "run") (result i32) {body} (i32.const 1024)))
        (core instance $i (instantiate $m (with "" (instance
            (export "memory" (memory $mem "memory"))
            (export "now" (func $now))
            (export "exit" (func $end))
            (export "stdout" (func $get))
            (export "write" (func $put))))))
        (import "phalanx:pipeline/types@1.0.0" (instance $types
            (type $t (record (field "code" string) (field "message" string) (field "hint" (option string))))
            (export "failure" (type (eq $t)))))
        (alias export $types "failure" (type $failure))
        (func $run (result (result (error $failure)))
            (canon lift (core func $i "run") (memory (core memory $mem "memory"))))
        (component $c
            (type $f' (record (field "code" string) (field "message" string) (field "hint" (option string))))
            (import "types" (type $f (eq $f')))
            (import "run" (func $run (result (result (error $f)))))
            (export $e "failure" (type $f))
            (export "pre-build" (func $run) (func (result (result (error $e))))))
        (instance $hook (instantiate $c (with "types" (type $failure)) (with "run" (func $run))))
        (export "phalanx:pipeline/pre-build@1.0.0" (instance $hook)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn the_clock_stands_at_the_start_of_the_run_unless_granted() {
    // Traps unless the clock shows the start of the run.
    let clock = wasi(
        "(call $now (i32.const 8)) (if (i64.ne (i64.load (i32.const 8)) (i64.const 1000000)) (then unreachable))",
    );
    let rig = Rig::new();
    let plugin = rig.load(&clock).unwrap();
    assert!(plugin.wasi().contains(&"wasi:clocks/wall-clock@0.2.3".to_owned()));
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    let plugin = rig.load_with(&clock, |usage| usage.grants.clock = true).unwrap();
    assert!(rig.call(&plugin, Call::PreBuild).1.is_err());
}

#[test]
fn exit_is_told_as_such() {
    let rig = Rig::new();
    let text = rig.failure(&wasi("(call $exit (i32.const 1))"), Call::PreBuild, |_| {});
    insta::assert_snapshot!(text, @"
plugin `acme` failed in `pre-build`: it called `exit(1)` instead of returning from the hook [Refused, plugin-exit]
hint: this is a bug of the plugin: report it to its author, with what it logged
");
}

#[test]
fn stdout_goes_to_the_log() {
    let rig = Rig::new();
    let write = "(call $write (call $stdout) (i32.const 64) (i32.const 11) (i32.const 8))";
    let plugin = rig.load(&wasi(write)).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    assert_eq!(rig.log(), ["acme stdout: one", "acme stdout: \\u{1b}[2Jtwo"]);
}

#[test]
fn handles_of_wasi_are_limited() {
    let rig = Rig::new();
    let many = wasi("(loop $l (drop (call $stdout)) (br $l))");
    let text = rig.failure(&many, Call::PreBuild, |_| {});
    insta::assert_snapshot!(text, @"
plugin `acme` failed in `pre-build`: it opened more than the 4096 handles that are allowed at one time [Refused, plugin-handle-limit]
hint: if the plugin really needs more, set `handles` in `[plugins.acme.limits]`, such as `handles = 16384`
");
}

#[test]
fn work_on_images_does_not_count_against_the_time_limit() {
    let (data, repository) = guests::text(2048, "orders");
    let component = guests::component(
        "images +pre-build",
        &guests::import("images", "list-in-ecr", "(param i32 i32 i32)"),
        &[
            data,
            guests::hook(
                "pre-build",
                "pre-build",
                &format!("(call $list-in-ecr {repository} (i32.const 2600))"),
            ),
        ]
        .concat(),
    );
    let rig = Rig::new();
    let plugin = rig
        .load_with(&component, |usage| {
            usage.grants.images = true;
            usage.limits.time_ms = u64::try_from(IMAGE_WORK.as_millis()).unwrap() / 2;
        })
        .unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    assert_eq!(*rig.services.asked.lock().unwrap(), ["images of orders"]);
}

/// Calls `aws.call` with `Action=Publish` for this action, and gives its failure on as its own.
fn publisher(action: &str) -> Vec<u8> {
    let words = ["sns", action, "POST", "/?Action=Publish"];
    let (mut data, mut constants) = (String::new(), String::new());
    for (index, word) in words.iter().enumerate() {
        let (text, place) = guests::text(2048 + 100 * index, word);
        data.push_str(&text);
        constants.push_str(&place);
    }
    // Two empty lists, then where the result goes: its first byte tells success, and a failure begins
    // four bytes later, as in the hook's own result.
    let body = format!(
        "(call $call {constants} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2600))
        (if (i32.load8_u (i32.const 2600)) (then
            (i32.store8 (i32.const 1024) (i32.const 1))
            (memory.copy (i32.const 1028) (i32.const 2604) (i32.const 28))))"
    );
    guests::component(
        "aws +pre-build",
        &guests::import("aws", "call", &format!("(param {})", "i32 ".repeat(13))),
        &[data, guests::hook("pre-build", "pre-build", &body)].concat(),
    )
}

#[test]
fn calls_of_aws_are_checked_and_logged() {
    let rig = Rig::new();
    let grant = |usage: &mut PluginUse| usage.grants.aws = vec!["sns:Publish".into()];
    let plugin = rig.load_with(&publisher("sns:Publish"), grant).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    assert_eq!(*rig.services.asked.lock().unwrap(), ["call sns POST /?Action=Publish"]);
    insta::assert_snapshot!(rig.log().join("\n"), @"acme info: called sns:Publish: 403");

    let text = rig.failure(&publisher("sns:CreateTopic"), Call::PreBuild, grant);
    insta::assert_snapshot!(text, @r#"
    plugin `acme` failed in `pre-build`: calling `sns:CreateTopic` is not granted: `aws` allows `sns:Publish` [Refused, plugin-failure]
    hint: add `"sns:CreateTopic"` to `aws` in `[plugins.acme.grants]`
    "#);
    let lying = |usage: &mut PluginUse| usage.grants.aws = vec!["sns:CreateTopic".into()];
    let text = rig.failure(&publisher("sns:CreateTopic"), Call::PreBuild, lying);
    insta::assert_snapshot!(text, @"
    plugin `acme` failed in `pre-build`: the call names `sns:CreateTopic` and is `Publish` [Refused, plugin-failure]
    hint: this is for the plugin's author: name the action that the call needs
    ");
    assert_eq!(rig.services.asked.lock().unwrap().len(), 1, "denied calls must not be made");

    let plugin = rig.load_with(&publisher("sns:Publish"), grant).unwrap();
    let mut world = rig.world();
    Arc::get_mut(&mut world.facts).unwrap().dry_run = true;
    let (_, result) = block_on(plugin.call(Call::PreBuild, world));
    insta::assert_snapshot!(shown(&result.unwrap_err()), @"
    plugin `acme` failed in `pre-build`: `sns:Publish` may change something, and this is a dry run [Refused, plugin-failure]
    hint: this is for the plugin's author: ask `run::dry_run` first
    ");
}
