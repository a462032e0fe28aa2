//! Transactions, objects and results.

use super::*;
use crate::template::Severity;

/// A decorator that sets `/Outputs/A` for the service and removes the queue for a function; `failing`
/// makes the function's call refuse.
fn decorator(failing: bool) -> Vec<u8> {
    let (pointer, p) = guests::text(2048, "/Outputs/A");
    let (value, v) = guests::text(2100, r#"{"Value":1}"#);
    let (queue, q) = guests::text(2200, "/Resources/Queue");
    let (code, _) = guests::text(2300, "no-queue");
    let (message, _) = guests::text(2320, "the queue\nmust \u{1b}stay");
    // result err { code, message, hint: none }
    let failure = r#"(data (i32.const 2400) "\01\00\00\00\fc\08\00\00\08\00\00\00\10\09\00\00\14\00\00\00\00\00\00\00")"#;
    let result = if failing { 2400 } else { 1024 };
    let rest = [
        pointer,
        value,
        queue,
        code,
        message,
        failure.to_owned(),
        guests::hook(
            "template-decorate",
            "decorate-service",
            &format!("(call $set {p} {v} (i32.const 2600))"),
        ),
        format!(
            "(func (export \"phalanx:pipeline/template-decorate@1.0.0#decorate-function\")
                (param i32 i32 i32 i32) (result i32)
                (call $remove {q} (i32.const 2600)) (i32.const {result}))"
        ),
    ]
    .concat();
    let imports = [
        guests::import("template-edit", "set", "(param i32 i32 i32 i32 i32)"),
        guests::import("template-edit", "remove", "(param i32 i32 i32)"),
    ]
    .concat();
    guests::component("template-edit +template-decorate", &imports, &rest)
}

fn functions() -> Call {
    Call::Decorate { functions: vec![("hello".into(), "Hello".into())] }
}

#[test]
fn service_and_functions_are_decorated_in_one_transaction() {
    let rig = Rig::new();
    let plugin = rig.load(&decorator(false)).unwrap();
    let (world, output) = rig.call(&plugin, functions());
    assert_eq!(output.unwrap().edits, 2);
    assert_eq!(document(&world), json!({"Resources": {}, "Outputs": {"A": {"Value": 1}}}));
    let template = world.template.unwrap();
    assert_eq!(&*template.edits()[0].plugin, "acme");

    let (world, output) = rig.call(&plugin, Call::Decorate { functions: vec![] });
    assert_eq!(output.unwrap().edits, 1);
    assert_eq!(document(&world)["Resources"]["Queue"]["Type"], "AWS::SQS::Queue");
}

#[test]
fn a_refusal_undoes_the_whole_call_and_is_shown_safely() {
    let rig = Rig::new();
    insta::assert_snapshot!(rig.failure(&decorator(true), functions(), |_| {}), @r#"
plugin `acme` failed in `template-decorate`: the queue must \u{1b}stay [Refused, plugin-failure]
hint: `on-failure = "warn"` in `[plugins.acme]` lets the run go on without what this plugin does here
"#);
}

#[test]
fn a_hook_that_is_not_there_is_left_alone() {
    let rig = Rig::new();
    let plugin = rig.load(&decorator(false)).unwrap();
    assert_eq!(rig.call(&plugin, Call::PreBuild).1.unwrap(), Output::default());
}

#[test]
fn objects_of_other_hooks_trap_with_where_they_are() {
    let (pointer, p) = guests::text(2048, "/Outputs");
    let edit = |interface: &str, function: &str| {
        guests::component(
            &format!("template-edit +{interface}"),
            &guests::import("template-edit", "remove", "(param i32 i32 i32)"),
            &[
                pointer.clone(),
                guests::hook(interface, function, &format!("(call $remove {p} (i32.const 2600))")),
            ]
            .concat(),
        )
    };
    let rig = Rig::new();
    insta::assert_snapshot!(rig.failure(&edit("pre-build", "pre-build"), Call::PreBuild, |_| {}), @"
plugin `acme` failed in `pre-build`: it called `remove` of `template-edit`, which `pre-build` does not have [Refused, plugin-misuse]
| in the plugin's functions, innermost first:
|   hook
hint: this is a bug of the plugin: `template-edit` can be used in `template-decorate`
");
    insta::assert_snapshot!(rig.failure(&edit("template-validate", "validate"), Call::Validate, |_| {}), @"
plugin `acme` failed in `template-validate`: it called `remove` of `template-edit`, which `template-validate` does not have [Refused, plugin-misuse]
| in the plugin's functions, innermost first:
|   hook
hint: this is a bug of the plugin: `template-edit` can be used in `template-decorate`
");
}

#[test]
fn findings_are_made_safe_and_an_unknown_severity_is_an_error() {
    let texts = [
        (3000, "warning"),
        (3020, "a-rule"),
        (3040, "/Resources/Queue"),
        (3060, "be\u{7}ep"),
        (3080, "Warn"),
        (3100, "not a pointer"),
    ];
    let data: String = texts.iter().map(|(at, text)| guests::text(*at, text).0).collect();
    let part = |index: usize| {
        let (at, text) = texts[index];
        [at as u32, text.len() as u32]
    };
    // finding: four texts and an option, 44 bytes
    let mut words = Vec::new();
    words.extend([part(0), part(1), part(2), part(3)].concat());
    words.extend([0, 0, 0]);
    words.extend([part(4), part(1), part(5), part(3)].concat());
    words.extend([1, 3020, 6]);
    let bytes = |words: &[u32]| -> String {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .map(|byte| format!("\\{byte:02x}"))
            .collect()
    };
    let rest = format!(
        "{data} (data (i32.const 3200) \"{}\") (data (i32.const 3400) \"{}\")
        (func (export \"phalanx:pipeline/template-validate@1.0.0#validate\") (result i32) (i32.const 3400))",
        bytes(&words),
        bytes(&[0, 3200, 2]),
    );
    let rig = Rig::new();
    let plugin = rig.load(&guests::component("+template-validate", "", &rest)).unwrap();
    let findings = rig.call(&plugin, Call::Validate).1.unwrap().findings;
    assert_eq!(findings.len(), 2);
    assert_eq!(
        (findings[0].severity, findings[0].at.as_str()),
        (Severity::Warning, "/Resources/Queue")
    );
    assert_eq!(findings[0].message, "be\\u{7}ep");
    assert_eq!((findings[1].severity, findings[1].at.as_str()), (Severity::Error, ""));
    assert_eq!(
        (findings[1].hint.as_deref(), findings[1].found_by.as_deref()),
        (Some("a-rule"), Some("acme"))
    );
    insta::assert_snapshot!(rig.log().join("\n"), @"
acme warn: severity `warn` is unknown and counts as `error`
acme warn: place of a finding: `not a pointer` is not a JSON Pointer: it must begin with `/`
");
}

fn schema(text: &str, body: &str) -> Vec<u8> {
    let (data, _) = guests::text(2048, text);
    let rest = format!(
        "{data} (data (i32.const 2040) \"\\00\\08\\00\\00\\{:02x}\\{:02x}\\00\\00\")
        (func (export \"phalanx:pipeline/configurable@1.0.0#config-schema\") (result i32)
            {body} (i32.const 2040)) {}",
        text.len() & 255,
        text.len() >> 8,
        guests::hook("pre-build", "pre-build", ""),
    );
    let imports = guests::import("run", "stage", "(param i32)");
    guests::component("run +configurable +pre-build", &imports, &rest)
}

#[test]
fn a_config_schema_is_asked_for_with_nothing_in_scope() {
    let rig = Rig::new();
    let plugin = rig.load(&schema(r#"{"required": ["topics"]}"#, "")).unwrap();
    let found = block_on(plugin.config_schema()).unwrap().unwrap();
    assert_eq!(check_config(&found, &usage().config).len(), 1);

    let plugin = rig.load(&schema("[]", "")).unwrap();
    insta::assert_snapshot!(shown(&block_on(plugin.config_schema()).unwrap_err()), @"
plugin `acme` failed to tell its config schema: the schema it gives for its config is not usable: it is not a JSON object [BadInput, plugin-bad-schema]
hint: its author must mend `config-schema`; until then use another version
");
    let plugin = rig.load(&schema("{}", "(call $stage (i32.const 3000))")).unwrap();
    insta::assert_snapshot!(shown(&block_on(plugin.config_schema()).unwrap_err()), @"
plugin `acme` failed to tell its config schema: it called `stage` of `run`, which is not there while the config schema is asked for [Refused, plugin-misuse]
hint: this is a bug of the plugin: `run` can be used in `pre-build`, `post-build`, `template-decorate`, `template-validate`, `post-provision`, `rollback`, `pre-delete`, `post-delete`
");
    let plugin = rig.load(&guests::pre_build("")).unwrap();
    assert_eq!(block_on(plugin.config_schema()).unwrap(), None);
}

#[test]
fn what_a_failed_hook_put_into_the_context_is_gone() {
    let (key, k) = guests::text(2048, "image");
    let (value, v) = guests::text(2100, "{}");
    let (bad, b) = guests::text(2120, "{");
    let component = |end: &str| {
        guests::component(
            "context +pre-build",
            &guests::import("context", "set", "(param i32 i32 i32 i32 i32)"),
            &[
                key.clone(),
                value.clone(),
                bad.clone(),
                guests::hook(
                    "pre-build",
                    "pre-build",
                    &format!("(call $set {k} {v} (i32.const 2600)) {end}"),
                ),
            ]
            .concat(),
        )
    };
    let rig = Rig::new();
    let plugin = rig.load(&component("")).unwrap();
    assert_eq!(rig.call(&plugin, Call::PreBuild).0.context.get("image"), Some(&json!({})));
    let plugin = rig.load(&component("unreachable")).unwrap();
    assert_eq!(rig.call(&plugin, Call::PreBuild).0.context.get("image"), None);

    // What is not JSON comes back as a failure, whose code the guest gives on as its result.
    let plugin = rig.load(&component(&format!("(call $set {k} {b} (i32.const 1024))"))).unwrap();
    let (world, result) = rig.call(&plugin, Call::PreBuild);
    assert_eq!(world.context.get("image"), None);
    insta::assert_snapshot!(result.unwrap_err(), @"plugin `acme` failed in `pre-build`: the value for `image` is not JSON: EOF while parsing an object at line 1 column 1");
}

#[test]
fn calls_can_be_spawned_on_other_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let rig = Rig::new();
    let plugin = rig.load(&guests::pre_build("")).unwrap();
    let world = rig.world();
    let _: &(dyn Send + Sync) = &rig.host;
    let future = sendable(plugin.call(Call::PreBuild, world));
    block_on(future).1.unwrap();
}
