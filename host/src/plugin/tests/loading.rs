//! What is refused before any code runs, and what is not.

use wasmtime::Engine;

use super::*;
use crate::digest::Digest;

fn refusal(component: &[u8]) -> String {
    shown(&Rig::new().load(component).unwrap_err())
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_core_module_is_refused() {
    insta::assert_snapshot!(refusal(&wat("(module)")), @"
plugin `acme` cannot be loaded: it is a core WebAssembly module, not a component [BadInput, plugin-not-a-component]
hint: turn it into a component with `wasm-tools component new`, or build it with `phalanx plugin build`
");
}

#[test]
fn text_is_refused() {
    insta::assert_snapshot!(refusal(b"\n (component)"), @"
plugin `acme` cannot be loaded: it is WebAssembly text, not a component in binary form [BadInput, plugin-not-a-component]
hint: turn it into binary form with `wasm-tools parse`
");
}

#[test]
fn machine_code_is_refused() {
    let engine = Engine::default();
    let code = engine.precompile_component(&wat("(component)")).unwrap();
    insta::assert_snapshot!(refusal(&code), @"
plugin `acme` cannot be loaded: it is precompiled machine code, which is never accepted from outside [BadInput, plugin-not-a-component]
hint: give the component (`.wasm`) itself: Phalanx compiles and caches it
");
}

#[test]
fn rubbish_is_refused() {
    insta::assert_snapshot!(refusal(b"<html>404</html>"), @"
plugin `acme` cannot be loaded: it is not WebAssembly [BadInput, plugin-not-a-component]
hint: it may be damaged or cut short: build or download it again
");
    insta::assert_snapshot!(refusal(b""), @"
plugin `acme` cannot be loaded: it is empty [BadInput, plugin-not-a-component]
hint: it may be damaged or cut short: build or download it again
");
}

#[test]
fn a_component_that_is_cut_short_is_refused() {
    let whole = guests::pre_build("");
    insta::assert_snapshot!(refusal(&whole[..whole.len() / 2]), @"
plugin `acme` cannot be loaded: it is not a valid component: it is cut short: a part goes on to byte 670 [BadInput, plugin-invalid]
hint: it may be damaged or cut short: build or download it again
");
    let rig = Rig::new();
    // Cut between two sections after the last export it is whole still: debug names only are missing.
    let loads = (0..whole.len()).filter(|length| rig.load(&whole[..*length]).is_ok());
    assert!(loads.count() < 8);
}

#[test]
fn damaged_components_never_bring_the_host_down() {
    let whole = guests::pre_build("");
    let rig = Rig::new();
    for position in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x41;
        if let Ok(plugin) = rig.load(&damaged) {
            let _ = rig.call(&plugin, Call::PreBuild);
        }
    }
}

#[test]
fn a_component_that_is_too_large_is_refused() {
    let rig = Rig::new();
    let options = HostOptions { max_component: 100, ..options(&rig.folder, &rig.recorder) };
    let error = Host::new(options).unwrap().load(&usage(), &guests::pre_build("")).unwrap_err();
    insta::assert_snapshot!(error, @"plugin `acme` cannot be loaded: it is larger than the 100 B that are accepted");
}

#[test]
fn a_component_without_hooks_is_refused_with_what_it_exports() {
    let component = wat(r#"(component
            (import "wasi:cli/environment@0.2.6" (instance $e))
            (export "run" (instance $e)))"#);
    insta::assert_snapshot!(refusal(&component), @"
plugin `acme` cannot be loaded: it exports no hook [BadInput, plugin-without-hook]
hint: export one of `phalanx:pipeline/pre-build`, `phalanx:pipeline/post-build`, `phalanx:pipeline/template-decorate`, `phalanx:pipeline/template-validate`, `phalanx:pipeline/post-provision`, `phalanx:pipeline/rollback`, `phalanx:pipeline/teardown`
hint: it exports `run`
");
}

#[test]
fn unknown_imports_are_named() {
    let with = |import: &str| wat(&format!(r#"(component (import "{import}" (instance)))"#));
    insta::assert_snapshot!(refusal(&with("acme:things/thing@1.0.0")), @"
plugin `acme` cannot be loaded: it imports `acme:things/thing@1.0.0`, which Phalanx does not offer [BadInput, plugin-unknown-import]
hint: a plugin may import `phalanx:pipeline` and WASI 0.2 (`wasi:cli`, `clocks`, `filesystem`, `http`, `io`, `random`, `sockets`)
");
    insta::assert_snapshot!(refusal(&with("phalanx:pipeline/template-edits@1.2.0")), @"
plugin `acme` cannot be loaded: it imports `phalanx:pipeline/template-edits@1.2.0`, which Phalanx does not offer [BadInput, plugin-unknown-import]
hint: did you mean `phalanx:pipeline/template-edit`?
hint: it may have been built for a newer Phalanx
");
    insta::assert_snapshot!(refusal(&with("wasi:keyvalue/store@0.2.0")), @"
plugin `acme` cannot be loaded: it imports `wasi:keyvalue/store@0.2.0`, which Phalanx does not offer [BadInput, plugin-unknown-import]
hint: a plugin may import `phalanx:pipeline` and WASI 0.2 (`wasi:cli`, `clocks`, `filesystem`, `http`, `io`, `random`, `sockets`)
");
    insta::assert_snapshot!(refusal(&with("wasi:cli/stdout@0.3.0")), @"
plugin `acme` cannot be loaded: it imports `wasi:cli/stdout@0.3.0`: WASI 0.3 is not supported, only 0.2 [BadInput, plugin-wasi-version]
hint: build it for WASI 0.2: `wasm32-wasip2` for Rust, `--backend-qjs-disable-async` for jco, without async exports for componentize-py
");
    insta::assert_snapshot!(refusal(&with("phalanx:pipeline/run@2.0.0")), @"
plugin `acme` cannot be loaded: it was built for `phalanx:pipeline/run@2.0.0`, and this Phalanx speaks version 1.0.0 of that contract [BadInput, plugin-contract-version]
hint: update Phalanx, or use a version of the plugin that was built against `phalanx:pipeline@1.0.0`
");
    insta::assert_snapshot!(refusal(&with("phalanx:pipeline/run@1.0.0-rc.1")), @"
plugin `acme` cannot be loaded: it was built for `phalanx:pipeline/run@1.0.0-rc.1`, and this Phalanx speaks version 1.0.0 of that contract [BadInput, plugin-contract-version]
hint: update Phalanx, or use a version of the plugin that was built against `phalanx:pipeline@1.0.0`
");
}

/// A plugin that was built against another version of the contract.
fn built_against(change: impl Fn(String) -> String, version: &str, function: &str) -> Vec<u8> {
    let world = format!(
        "import phalanx:pipeline/run@{version}; export phalanx:pipeline/pre-build@{version};"
    );
    let module = format!(
        r#"(module
            (import "phalanx:pipeline/run@{version}" "{function}" (func (param i32)))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "phalanx:pipeline/pre-build@{version}#pre-build") (result i32)
                (i32.const 1024)))"#
    );
    guests::encode(&guests::resolve(change, &world), &wat(&module))
}

#[test]
fn a_newer_minor_version_loads_unless_it_calls_what_is_new() {
    let newer = |wit: String| {
        wit.replace("@1.0.0;", "@1.3.0;").replace(
            "region: func() -> string;",
            "region: func() -> string; quota: func() -> string;",
        )
    };
    let rig = Rig::new();
    let plugin = rig.load(&built_against(newer, "1.3.0", "region")).unwrap();
    assert_eq!(plugin.hooks(), [Hook::PreBuild]);
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    insta::assert_snapshot!(refusal(&built_against(newer, "1.3.0", "quota")), @"
plugin `acme` cannot be loaded: it calls `quota` of `phalanx:pipeline/run@1.3.0`, which this Phalanx does not have yet [BadInput, plugin-contract-version]
hint: update Phalanx, or use a version of the plugin that was built against `phalanx:pipeline@1.0.0`
");
}

#[test]
fn a_hook_of_a_newer_version_is_told_since_it_is_never_called() {
    let newer = |wit: String| {
        wit.replace("@1.0.0;", "@1.3.0;").replace(
            "interface rollback",
            "interface resume { resume: func(); } interface rollback",
        )
    };
    let world = "export phalanx:pipeline/resume@1.3.0; export phalanx:pipeline/pre-build@1.3.0;";
    let module = r#"(module
        (func (export "phalanx:pipeline/resume@1.3.0#resume"))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "phalanx:pipeline/pre-build@1.3.0#pre-build") (result i32) (i32.const 1024)))"#;
    let rig = Rig::new();
    rig.load(&guests::encode(&guests::resolve(newer, world), &wat(module))).unwrap();
    insta::assert_snapshot!(rig.log().join("\n"), @"warning: plugin `acme` exports `phalanx:pipeline/resume@1.3.0`, which is never called: this Phalanx does not know it");
}

#[test]
fn another_major_version_is_refused() {
    let other = |wit: String| wit.replace("@1.0.0;", "@2.0.0;");
    insta::assert_snapshot!(refusal(&built_against(other, "2.0.0", "region")), @"
plugin `acme` cannot be loaded: it was built for `phalanx:pipeline/types@2.0.0`, and this Phalanx speaks version 1.0.0 of that contract [BadInput, plugin-contract-version]
hint: update Phalanx, or use a version of the plugin that was built against `phalanx:pipeline@1.0.0`
");
}

#[test]
fn types_that_differ_are_shown_side_by_side() {
    let other = |wit: String| wit.replace("hint: option<string>,", "hint: string,");
    insta::assert_snapshot!(refusal(&built_against(other, "1.0.0", "region")), @"
plugin `acme` cannot be loaded: `pre-build` of `phalanx:pipeline/pre-build@1.0.0` has the wrong type: expected `func() -> result<_, record { code: string, message: string, hint: option<string> }>`, found `func() -> result<_, record { code: string, message: string, hint: string }>` [BadInput, plugin-wrong-type]
hint: rebuild it against `wit/pipeline.wit` of `phalanx:pipeline@1.0.0`
");
    let other =
        |wit: String| wit.replace("region: func() -> string;", "region: func() -> list<u8>;");
    insta::assert_snapshot!(refusal(&built_against(other, "1.0.0", "region")), @"
plugin `acme` cannot be loaded: `region` of `phalanx:pipeline/run@1.0.0` has the wrong type: expected `func() -> string`, found `func() -> list<u8>` [BadInput, plugin-wrong-type]
hint: rebuild it against `wit/pipeline.wit` of `phalanx:pipeline@1.0.0`
");
}

#[test]
fn capabilities_need_grants_and_all_that_are_missing_are_told() {
    let imports = [
        guests::import("commands", "run", "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)"),
        guests::import("environment", "get", "(param i32 i32 i32)"),
        guests::import("files", "read", "(param i32 i32 i32)"),
    ]
    .concat();
    let component = guests::component(
        "commands environment files +pre-build",
        &imports,
        &guests::hook("pre-build", "pre-build", ""),
    );
    insta::assert_snapshot!(refusal(&component), @r#"
plugin `acme` cannot be loaded: it needs 3 capabilities that the manifest does not grant: `commands`, `environment`, `files` [Refused, plugin-not-granted]
hint: if you trust it with `commands`, add `commands = [["git", "rev-parse"]]` to `[plugins.acme.grants]`
hint: if you trust it with `environment`, add `env = ["CI_*"]` to `[plugins.acme.grants]`
hint: if you trust it with `files`, add `files = ["schema/**"]` to `[plugins.acme.grants]`
"#);
    let rig = Rig::new();
    let plugin = rig.load_with(&component, |usage| {
        usage.grants.commands = vec![vec!["git".into()]];
        usage.grants.files = vec!["**".into()];
        usage.grants.env = vec!["CI".into()];
    });
    assert!(plugin.is_ok());
}

#[test]
fn images_must_be_granted() {
    let component = guests::component(
        "images +pre-build",
        &guests::import("images", "delete-from-ecr", "(param i32 i32 i32 i32 i32)"),
        &guests::hook("pre-build", "pre-build", ""),
    );
    let rig = Rig::new();
    let refused = rig.load_with(&component, |_| {}).unwrap_err();
    insta::assert_snapshot!(shown(&refused), @"
    plugin `acme` cannot be loaded: it needs a capability that the manifest does not grant: `images` [Refused, plugin-not-granted]
    hint: if you trust it with `images`, add `images = true` to `[plugins.acme.grants]`
    ");
    assert!(rig.load_with(&component, |usage| usage.grants.images = true).is_ok());
    // Nor is it loaded because its code is there by now.
    assert!(rig.host.load_kept(&usage(), Digest::of(&component)).is_err());
    let inspection = rig.host.inspect("plugin", &component).unwrap();
    assert_eq!(inspection.capabilities[0].functions, ["delete-from-ecr"]);
}

#[test]
fn inspection_tells_all_that_the_type_tells() {
    let imports = [
        guests::import("template-edit", "remove", "(param i32 i32 i32)"),
        guests::import("files", "read", "(param i32 i32 i32)"),
    ]
    .concat();
    let rest = [
        guests::hook("teardown", "pre-delete", "").replace("$hook", "$a"),
        guests::hook("teardown", "post-delete", "").replace("$hook", "$b"),
        guests::hook("pre-build", "pre-build", "").replace("$hook", "$c"),
    ]
    .concat();
    let component = guests::component("template-edit files +teardown +pre-build", &imports, &rest);
    let mut inspection = Rig::new().host.inspect("plugin", &component).unwrap();
    inspection.size = 0;
    inspection.digest = crate::digest::Digest::of("");
    assert!(inspection.edits_template() && !inspection.uses_http());
    insta::assert_snapshot!(serde_json::to_string_pretty(&inspection).unwrap(), @r#"
{
  "name": null,
  "version": null,
  "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "size": 0,
  "hooks": [
    "pre-build",
    "pre-delete",
    "post-delete"
  ],
  "configurable": false,
  "objects": [
    "template-edit"
  ],
  "capabilities": [
    {
      "interface": "files",
      "functions": [
        "read"
      ],
      "grant": "files"
    }
  ],
  "wasi": [],
  "ignored": []
}
"#);
}

#[test]
fn compiled_code_is_cached_and_a_changed_entry_is_compiled_again_with_a_warning() {
    let rig = Rig::new();
    let component = guests::pre_build("");
    rig.load(&component).unwrap();
    let folder = rig.folder.path().join("cache/components");
    let folder = crate::fs::list(&folder).unwrap().remove(0);
    let entry = crate::fs::list(&folder).unwrap().remove(0);
    let written = crate::fs::metadata(&entry).unwrap().modified().unwrap();
    rig.load(&component).unwrap();
    assert_eq!(crate::fs::metadata(&entry).unwrap().modified().unwrap(), written);
    assert_eq!(rig.log(), [] as [String; 0]);

    let mut bytes = crate::fs::read(&entry).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    crate::fs::private::write(&entry, &[&bytes]).unwrap();
    let plugin = rig.load(&component).unwrap();
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    let warning = rig.log().remove(0);
    assert!(warning.starts_with("warning: the compiled code of plugin `acme` in the cache was thrown away: its contents are not what Phalanx wrote"), "{warning}");
    bytes[last] ^= 1;
    assert_eq!(crate::fs::read(&entry).unwrap()[..40], bytes[..40]);
}

#[test]
fn a_cache_that_cannot_be_used_is_a_warning() {
    let rig = Rig::new();
    let file = rig.folder.path().join("file");
    crate::fs::write(&file, "").unwrap();
    let options = HostOptions { cache_dir: file, ..options(&rig.folder, &rig.recorder) };
    Host::new(options).unwrap().load(&usage(), &guests::pre_build("")).unwrap();
    assert!(
        rig.log()[0].starts_with("warning: compiled plugins are not kept: "),
        "{:?}",
        rig.log()
    );
}

#[test]
fn a_component_s_type_is_told_as_wit() {
    let text = wit("x", &guests::pre_build("")).unwrap();
    assert!(text.contains("export phalanx:pipeline/pre-build@1.0.0;"), "{text}");
    assert!(text.contains("pre-build: func() -> result<_, failure>;"), "{text}");
    assert!(wit("x", b"\0asm").is_err());
}

#[test]
fn what_was_compiled_is_loaded_by_its_digest_alone() {
    let rig = Rig::new();
    let component = guests::pre_build("");
    let digest = Digest::of(&component);
    assert!(rig.host.load_kept(&usage(), digest).unwrap().is_none(), "it is not compiled yet");
    let loaded = rig.load(&component).unwrap();
    let kept = rig.host.load_kept(&usage(), digest).unwrap().unwrap();
    assert_eq!(kept.inspection(), loaded.inspection());
}
