//! What is refused before any code runs, and what is not.

use wasmtime::Engine;

use super::*;

fn refusal(component: &[u8]) -> String {
    shown(&Rig::new().load(component).unwrap_err())
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_core_module_is_refused() {
    insta::assert_snapshot!(refusal(&wat("(module)")), @"");
}

#[test]
fn text_is_refused() {
    insta::assert_snapshot!(refusal(b"\n (component)"), @"");
}

#[test]
fn machine_code_is_refused() {
    let engine = Engine::default();
    let code = engine.precompile_component(&wat("(component)")).unwrap();
    insta::assert_snapshot!(refusal(&code), @"");
}

#[test]
fn rubbish_is_refused() {
    insta::assert_snapshot!(refusal(b"<html>404</html>"), @"");
    insta::assert_snapshot!(refusal(b""), @"");
}

#[test]
fn a_component_that_is_cut_short_is_refused_wherever_it_was_cut() {
    let whole = guests::pre_build("");
    insta::assert_snapshot!(refusal(&whole[..whole.len() / 2]), @"");
    let rig = Rig::new();
    for length in 0..whole.len() {
        assert!(rig.load(&whole[..length]).is_err(), "{length} of {}", whole.len());
    }
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
    assert_eq!(error.problem().to_string(), format!("it has {} B, and at most 100 B are accepted", guests::pre_build("").len()));
}

#[test]
fn a_component_without_hooks_is_refused_with_what_it_exports() {
    let component = wat(
        r#"(component
            (import "wasi:cli/environment@0.2.6" (instance $e))
            (export "run" (instance $e)))"#,
    );
    insta::assert_snapshot!(refusal(&component), @"");
}

#[test]
fn unknown_imports_are_named() {
    let with = |import: &str| wat(&format!(r#"(component (import "{import}" (instance)))"#));
    insta::assert_snapshot!(refusal(&with("acme:things/thing@1.0.0")), @"");
    insta::assert_snapshot!(refusal(&with("phalanx:pipeline/template-edits@1.2.0")), @"");
    insta::assert_snapshot!(refusal(&with("wasi:keyvalue/store@0.2.0")), @"");
    insta::assert_snapshot!(refusal(&with("wasi:cli/stdout@0.3.0")), @"");
    insta::assert_snapshot!(refusal(&with("phalanx:pipeline/run@2.0.0")), @"");
    insta::assert_snapshot!(refusal(&with("phalanx:pipeline/run@1.0.0-rc.1")), @"");
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
        wit.replace("@1.0.0;", "@1.3.0;")
            .replace("region: func() -> string;", "region: func() -> string; quota: func() -> string;")
    };
    let rig = Rig::new();
    let plugin = rig.load(&built_against(newer, "1.3.0", "region")).unwrap();
    assert_eq!(plugin.hooks(), [Hook::PreBuild]);
    rig.call(&plugin, Call::PreBuild).1.unwrap();
    insta::assert_snapshot!(refusal(&built_against(newer, "1.3.0", "quota")), @"");
}

#[test]
fn another_major_version_is_refused() {
    let other = |wit: String| wit.replace("@1.0.0;", "@2.0.0;");
    insta::assert_snapshot!(refusal(&built_against(other, "2.0.0", "region")), @"");
}

#[test]
fn types_that_differ_are_shown_side_by_side() {
    let other = |wit: String| wit.replace("hint: option<string>,", "hint: string,");
    insta::assert_snapshot!(refusal(&built_against(other, "1.0.0", "region")), @"");
    let other = |wit: String| wit.replace("region: func() -> string;", "region: func() -> list<u8>;");
    insta::assert_snapshot!(refusal(&built_against(other, "1.0.0", "region")), @"");
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
    insta::assert_snapshot!(refusal(&component), @"");
    let rig = Rig::new();
    let plugin = rig.load_with(&component, |usage| {
        usage.grants.commands = vec![vec!["git".into()]];
        usage.grants.files = vec!["**".into()];
        usage.grants.env = vec!["CI".into()];
    });
    assert!(plugin.is_ok());
}

#[test]
fn capabilities_of_later_versions_are_refused_and_still_inspected() {
    let component = guests::component(
        "images +pre-build",
        &guests::import("images", "delete-from-ecr", "(param i32 i32 i32 i32 i32)"),
        &guests::hook("pre-build", "pre-build", ""),
    );
    let rig = Rig::new();
    let refused = rig.load_with(&component, |usage| usage.grants.images = true).unwrap_err();
    insta::assert_snapshot!(shown(&refused), @"");
    let inspection = rig.host.inspect(&component).unwrap();
    assert!(!inspection.capabilities[0].offered);
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
    let mut inspection = Rig::new().host.inspect(&component).unwrap();
    inspection.size = 0;
    inspection.digest = crate::digest::Digest::of("");
    assert!(inspection.edits_template() && !inspection.uses_http());
    insta::assert_snapshot!(serde_json::to_string_pretty(&inspection).unwrap(), @"");
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
    assert!(rig.log()[0].starts_with("warning: compiled plugins are not kept: "), "{:?}", rig.log());
}
