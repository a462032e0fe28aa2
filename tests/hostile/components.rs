//! Files that are no plugin, and components that ask for what there is not or what was not granted.

use super::{Case, without_numbers};
use crate::support::{Project, guests};

fn error(component: &[u8], code: i32) -> String {
    Case::new(component).stops(code).error().to_owned()
}

#[test]
fn a_core_module_is_told_from_a_component() {
    insta::assert_snapshot!(error(guests::component("core-module"), 2), @"
error: plugin `bad` cannot be loaded: it is a core WebAssembly module, not a component

hint: turn it into a component with `wasm-tools component new`, or build it with `phalanx plugin build`
");
}

#[test]
fn text_is_told_from_a_component() {
    insta::assert_snapshot!(error(b";; mine\n(component)\n", 2), @"
error: plugin `bad` cannot be loaded: it is WebAssembly text, not a component in binary form

hint: turn it into binary form with `wasm-tools parse`
");
}

#[test]
fn garbage_is_told_from_a_component() {
    insta::assert_snapshot!(error(b"#!/bin/sh\nrm -rf /\n", 2), @"
error: plugin `bad` cannot be loaded: it is not WebAssembly

hint: it may be damaged or cut short: build or download it again
");
}

#[test]
fn an_empty_file_is_told_from_a_component() {
    insta::assert_snapshot!(error(b"", 2), @"
error: plugin `bad` cannot be loaded: it is empty

hint: it may be damaged or cut short: build or download it again
");
}

#[test]
fn a_component_that_was_cut_short_is_refused() {
    let whole = guests::component("writer");
    insta::assert_snapshot!(without_numbers(&error(&whole[..whole.len() / 2], 2)), @"
error: plugin `bad` cannot be loaded: it is not a valid component: it is cut short: a part goes on to byte #

hint: it may be damaged or cut short: build or download it again
");
    insta::assert_snapshot!(error(&whole[..8], 2), @"
error: plugin `bad` cannot be loaded: it exports no hook

hint: export one of `phalanx:pipeline/pre-build`, `phalanx:pipeline/post-build`, `phalanx:pipeline/template-decorate`, `phalanx:pipeline/template-validate`, `phalanx:pipeline/post-provision`, `phalanx:pipeline/rollback`, `phalanx:pipeline/teardown`
");
}

#[test]
fn a_component_with_a_damaged_part_is_refused() {
    let mut damaged = guests::component("writer").to_vec();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    let error = error(&damaged, 2);
    assert!(
        error.starts_with("error: plugin `bad` cannot be loaded: it is not a valid component: "),
        "{error}"
    );
}

/// What is in the cache is compiled code as the engine writes it, after a magic number and a MAC.
#[test]
fn precompiled_code_is_never_accepted_from_a_path() {
    let good = Project::new(super::GOOD).file("recorder.wasm", guests::component("recorder"));
    good.phalanx("package").own_cache().succeeds();
    let entry = super::cache::entries(&good).remove(0);
    let bytes = std::fs::read(entry).unwrap();
    insta::assert_snapshot!(error(&bytes, 2), @"
error: plugin `bad` cannot be loaded: it is precompiled machine code, which is never accepted from outside

hint: give the component (`.wasm`) itself: Phalanx compiles and caches it
");
}

#[test]
fn a_component_without_a_hook_is_no_plugin() {
    insta::assert_snapshot!(error(guests::component("no-hook"), 2), @"
error: plugin `bad` cannot be loaded: it exports no hook

hint: export one of `phalanx:pipeline/pre-build`, `phalanx:pipeline/post-build`, `phalanx:pipeline/template-decorate`, `phalanx:pipeline/template-validate`, `phalanx:pipeline/post-provision`, `phalanx:pipeline/rollback`, `phalanx:pipeline/teardown`
hint: it exports `example:other/thing@1.0.0`
");
}

#[test]
fn an_unknown_import_is_refused() {
    insta::assert_snapshot!(error(guests::component("unknown-import"), 2), @"
error: plugin `bad` cannot be loaded: it imports `example:teleport/door@1.0.0`, which Phalanx does not offer

hint: a plugin may import `phalanx:pipeline` and WASI 0.2 (`wasi:cli`, `clocks`, `filesystem`, `http`, `io`, `random`, `sockets`)
");
}

#[test]
fn wasi_0_3_is_refused_with_the_flag_of_the_toolchain() {
    insta::assert_snapshot!(error(guests::component("wasi-p3"), 2), @"
error: plugin `bad` cannot be loaded: it imports `wasi:random/random@0.3.0`: WASI 0.3 is not supported, only 0.2

hint: build it for WASI 0.2: `wasm32-wasip2` for Rust, `--backend-qjs-disable-async` for jco, without async exports for componentize-py
");
}

#[test]
fn what_a_newer_contract_has_is_refused_when_it_is_needed() {
    insta::assert_snapshot!(error(guests::component("newer-minor"), 2), @"
error: plugin `bad` cannot be loaded: it calls `moon-phase` of `phalanx:pipeline/run@1.7.0`, which this Phalanx does not have yet

hint: update Phalanx, or use a version of the plugin that was built against `phalanx:pipeline@1.0.0`
");
    let case = Case::new(guests::component("newer-minor-unused"));
    case.write_manifest("");
    case.project.phalanx("package").succeeds();
}

#[test]
fn what_is_not_granted_is_refused_with_the_line_to_add() {
    insta::assert_snapshot!(error(guests::component("reader"), 3), @r#"
error: plugin `bad` cannot be loaded: it needs a capability that the manifest does not grant: `files`

hint: if you trust it with `files`, add `files = ["schema/**"]` to `[plugins.bad.grants]`
"#);
    insta::assert_snapshot!(error(guests::component("runner"), 3), @r#"
error: plugin `bad` cannot be loaded: it needs a capability that the manifest does not grant: `commands`

hint: if you trust it with `commands`, add `commands = [["git", "rev-parse"]]` to `[plugins.bad.grants]`
"#);
    insta::assert_snapshot!(error(guests::component("environs"), 3), @r#"
error: plugin `bad` cannot be loaded: it needs a capability that the manifest does not grant: `environment`

hint: if you trust it with `environment`, add `env = ["CI_*"]` to `[plugins.bad.grants]`
"#);
}

#[test]
fn a_host_that_is_not_granted_is_not_called() {
    let bad = Case::new(guests::component("caller"))
        .keys(r#"config = { authority = "127.0.0.1:9", path = "/" }"#)
        .stops_in_hook();
    let denied =
        bad.stderr.lines().find(|line| line.contains("is not granted")).unwrap_or_default();
    insta::assert_snapshot!(denied, @r#"       bad | warning: calling `127.0.0.1:9` is not granted: `network` allows nothing (add `"127.0.0.1:9"` to `network` in `[plugins.bad.grants]`)"#);
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `pre-build`: no answer from 127.0.0.1:9: ErrorCode::HttpRequestDenied

hint: `on-failure = "warn"` in `[plugins.bad]` lets the run go on without what this plugin does here
"#);
}

#[test]
fn a_component_that_is_too_large_is_refused() {
    let case = Case::new(b"");
    let file = std::fs::File::create(case.project.root().join("bad.wasm")).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    insta::assert_snapshot!(case.stops(2).error(), @"
error: plugin `bad` cannot be loaded: it is larger than the 64.0 MiB that are accepted

hint: strip debug information from it, for instance with `wasm-tools strip`
");
}

#[test]
fn a_source_without_end_is_refused() {
    let case = Case::new(b"");
    std::fs::remove_file(case.project.root().join("bad.wasm")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", case.project.root().join("bad.wasm")).unwrap();
    insta::assert_snapshot!(case.stops(2).error(), @"
error: plugin `bad` cannot be loaded
  caused by: cannot read `[SERVICE]/bad.wasm`
  caused by: it is not a regular file

hint: build the plugin first, or correct `source` of `[plugins.bad]`, at phalanx.toml:13:10
");
}

#[test]
fn a_source_that_is_not_there_or_a_folder_names_the_plugin() {
    let case = Case::new(b"");
    std::fs::remove_file(case.project.root().join("bad.wasm")).unwrap();
    insta::assert_snapshot!(case.stops(2).error(), @"
error: plugin `bad` cannot be loaded
  caused by: cannot read `[SERVICE]/bad.wasm`
  caused by: No such file or directory (os error 2)

hint: build the plugin first, or correct `source` of `[plugins.bad]`, at phalanx.toml:13:10
");
    let case = Case::new(b"");
    std::fs::remove_file(case.project.root().join("bad.wasm")).unwrap();
    std::fs::create_dir(case.project.root().join("bad.wasm")).unwrap();
    insta::assert_snapshot!(case.stops(2).error(), @"
error: plugin `bad` cannot be loaded
  caused by: cannot read `[SERVICE]/bad.wasm`
  caused by: it is not a regular file

hint: build the plugin first, or correct `source` of `[plugins.bad]`, at phalanx.toml:13:10
");
}

#[test]
fn a_builtin_that_is_not_there_is_refused() {
    let project = Project::new(
        "[service]\nname = \"orders\"\n\n[resources.Queue]\nType = \"AWS::SQS::Queue\"\n\n\
         [plugins.tags]\nsource = \"builtin:stack-tag\"\n",
    );
    insta::assert_snapshot!(project.phalanx("package").exits(2).error(), @"
    error: plugin `tags`: there is no built-in plugin `stack-tag`

    hint: did you mean `builtin:stack-tags`?
    hint: built-in plugins: dashboard, docker-ecr, ecs-cluster, error-alarms, guardrails, stack-tags; see phalanx.toml:7:10
    ");
}
