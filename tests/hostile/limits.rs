//! Guests that want too much: time, memory, stack, handles, data, log.

use super::{Case, without_numbers};
use crate::support::{Project, guests};

#[test]
fn a_loop_is_stopped() {
    let bad = Case::hostile("loop", "template-decorate")
        .keys("limits = { time = \"100ms\" }")
        .stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `template-decorate`: it was stopped after 0.1 s
in the plugin's functions, innermost first:
  hostile::Hostile::act

hint: if the plugin really needs more, set `time` in `[plugins.bad.limits]`, such as `time = "60s"`
"#);
}

#[test]
fn a_loop_that_calls_the_host_is_stopped() {
    let bad = Case::hostile("loop-in-host", "pre-build")
        .keys("limits = { time = \"100ms\" }")
        .stops_in_hook();
    let error = bad.error();
    assert!(
        error.starts_with("error: plugin `bad` failed in `pre-build`: it was stopped after 0.1 s"),
        "{error}"
    );
    assert!(
        error.contains(
            "hint: if the plugin really needs more, set `time` in `[plugins.bad.limits]`"
        ),
        "{error}"
    );
}

#[test]
fn allocation_without_end_is_stopped() {
    let bad = Case::hostile("allocate", "template-decorate")
        .keys("limits = { memory = \"8MiB\" }")
        .stops_in_hook();
    assert!(bad.error().contains(", of 8.0 MiB allowed in all its memories"), "{}", bad.scene());
    insta::assert_snapshot!(without_numbers(bad.error()), @r##"
error: plugin `bad` failed in `template-decorate`: it ran out of memory: it had #.# MiB and wanted #.# MiB more, of #.# MiB allowed in all its memories
in the plugin's functions, innermost first:
  hostile::Hostile::act

hint: if the plugin really needs more, set `memory` in `[plugins.bad.limits]`, such as `memory = "#MiB"`
"##);
}

#[test]
fn memories_are_counted_together() {
    let bad = Case::new(guests::component("memories"))
        .keys("limits = { memory = \"16MiB\" }")
        .stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `pre-build`: it ran out of memory: it had 15.2 MiB and wanted 1.0 MiB more, of 16.0 MiB allowed in all its memories

hint: if the plugin really needs more, set `memory` in `[plugins.bad.limits]`, such as `memory = "512MiB"`
"#);
}

#[test]
fn recursion_is_stopped() {
    let bad = Case::hostile("recurse", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-decorate`: it crashed: it recursed until its stack, whose size its toolchain sets, was full
in the plugin's functions, innermost first:
  hostile::recurse (again and again)

hint: this is a bug of the plugin: report it to its author, with what it logged
");
}

/// One engine runs all plugins of a service, so the smallest stack needs a service without others.
#[test]
fn the_stack_of_the_host_is_limited_too() {
    let project = Project::new(
        r#"
[service]
name = "orders"

[resources.Queue]
Type = "AWS::SQS::Queue"

[plugins.bad]
source = "file:bad.wasm"
config = { mode = "recurse" }
limits = { stack = "64KiB" }
"#,
    )
    .file("bad.wasm", guests::component("hostile"));
    insta::assert_snapshot!(project.phalanx("package").exits(3).error(), @r#"
error: plugin `bad` failed in `template-decorate`: it ran out of stack: 64.0 KiB are allowed
in the plugin's functions, innermost first:
  hostile::recurse (again and again)

hint: if the plugin really needs more, set `stack` in `[plugins.bad.limits]`, such as `stack = "4MiB"`
"#);
}

#[test]
fn handles_of_wasi_are_limited() {
    let bad = Case::new(guests::component("handle-bomb")).stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `pre-build`: it opened more than the 4096 handles that are allowed at one time

hint: if the plugin really needs more, set `handles` in `[plugins.bad.limits]`, such as `handles = 16384`
");
}

#[test]
fn as_many_handles_as_were_asked_for_are_given() {
    let case = Case::new(guests::component("handle-bomb")).keys("limits = { handles = 20_000 }");
    case.write_manifest("");
    case.project.phalanx("package").succeeds();
}

#[test]
fn a_text_of_100_mb_is_not_taken() {
    let bad = Case::hostile("huge-string", "template-decorate")
        .keys("limits = { memory = \"1GiB\" }")
        .stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `template-decorate`: it passed more than the 16.0 MiB that are allowed in one call to the host
in the plugin's functions, innermost first:
  hostile::Hostile::act

hint: if the plugin really needs more, set `host-data` in `[plugins.bad.limits]`, such as `host-data = "64MiB"`
"#);
}

#[test]
fn a_flood_of_log_is_cut_and_the_run_goes_on() {
    let case = Case::hostile("flood-log", "pre-build").keys("limits = { log = \"4KiB\" }");
    case.write_manifest("");
    let run = case.project.phalanx("package").succeeds();
    let flood = run.stderr.lines().filter(|line| line.contains("bad | xxx")).count();
    assert_eq!(flood, 4, "{}", run.scene());
    let cut =
        run.stderr.lines().find(|line| line.contains("log limit reached")).unwrap_or_default();
    insta::assert_snapshot!(cut, @"       bad | warning: log limit reached: what follows in this call is dropped (4.0 KiB, `log` in `[plugins.bad.limits]`)");
}

#[test]
fn a_limit_that_is_none_is_told_at_its_line() {
    let case = Case::hostile("nothing", "pre-build")
        .keys("limits = { time = \"1 fortnight\", memory = \"1KiB\", handels = 5 }");
    case.write_manifest("");
    let bad = case.project.phalanx("package").exits(2);
    insta::assert_snapshot!(bad.error(), @r#"
error: `phalanx.toml` has 3 problems
`plugins.bad.limits.time`: `1 fortnight` is not a number with a unit
  --> phalanx.toml:17:19
   |
17 | limits = { time = "1 fortnight", memory = "1KiB", handels = 5 }
   |                   ^^^^^^^^^^^^^
   = help: write a whole number and one of `ms`, `s`, `m`, `h`, such as `"30s"`

`plugins.bad.limits.memory` must be between 1.0 MiB and 4.0 GiB
  --> phalanx.toml:17:43
   |
17 | limits = { time = "1 fortnight", memory = "1KiB", handels = 5 }
   |                                           ^^^^^^

unknown key `handels` in `plugins.bad.limits`
  --> phalanx.toml:17:51
   |
17 | limits = { time = "1 fortnight", memory = "1KiB", handels = 5 }
   |                                                   ^^^^^^^
   = help: did you mean `handles`?
"#);
}
