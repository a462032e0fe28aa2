//! Edits that cannot be: text that is no JSON, pointers that lead nowhere, what another plugin wrote.

use super::Case;
use crate::support::{Project, guests};

#[test]
fn a_value_that_is_not_json_is_refused() {
    let bad = Case::hostile("not-json", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `template-decorate`: the value for `/Metadata` is not JSON: key must be a string at line 1 column 2

hint: `on-failure = "warn"` in `[plugins.bad]` lets the run go on without what this plugin does here
"#);
    let bad = Case::hostile("context-not-json", "pre-build").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `pre-build`: the value for `hostile` is not JSON: key must be a string at line 1 column 2

hint: `on-failure = "warn"` in `[plugins.bad]` lets the run go on without what this plugin does here
"#);
}

#[test]
fn a_pointer_into_a_scalar_is_refused() {
    let bad = Case::hostile("scalar-parent", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-decorate`: cannot set `/AWSTemplateFormatVersion/x/y`: the value at `/AWSTemplateFormatVersion` is a string and has nothing below it

hint: replace the value at `/AWSTemplateFormatVersion` by an object first
");
}

#[test]
fn a_pointer_that_is_none_is_refused() {
    let bad = Case::hostile("bad-pointer", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-decorate`: `Resources/X` is not a JSON Pointer: it must begin with `/`

hint: write it like `/Resources/Queue/Properties/QueueName`
");
}

#[test]
fn a_logical_id_that_is_taken_is_refused() {
    let bad = Case::hostile("taken-id", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `template-decorate`: cannot add `Queue` to `Resources`: it is there already, written by the service

hint: choose another id, or `set` `/Resources/Queue` to change what is there
");
}

#[test]
fn a_document_that_is_no_object_is_refused() {
    let bad = Case::hostile("replace-by-list", "template-decorate").stops_in_hook();
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `template-decorate`: the template must be an object, not a list

hint: `on-failure = "warn"` in `[plugins.bad]` lets the run go on without what this plugin does here
"#);
}

/// Two plugins that write one path, and one context key.
fn rivals(second: &str) -> Project {
    let manifest = format!(
        r#"
[service]
name = "orders"

[resources.Queue]
Type = "AWS::SQS::Queue"

[plugins.first]
source = "file:writer.wasm"
config = {{ set = {{ "/Metadata/Owner" = "first" }}, context = {{ owner = "first" }} }}

[plugins.second]
source = "file:writer.wasm"
{second}

[plugins.recorder]
source = "file:recorder.wasm"
config = {{ label = "recorder" }}
"#
    );
    Project::new(&manifest)
        .file("writer.wasm", guests::component("writer"))
        .file("recorder.wasm", guests::component("recorder"))
}

#[test]
fn two_plugins_that_write_one_path_are_both_named_and_overrides_settle_it() {
    let set = r#"config = { set = { "/Metadata/Owner" = "second" } }"#;
    let project = rivals(set);
    let bad = project.phalanx("package").exits(3).says("recorder ran rollback");
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `second` failed in `template-decorate`: plugin `second` may not change `/Metadata/Owner`: plugin `first` in `template-decorate` wrote it

hint: if `second` shall win, add `overrides = ["/Metadata/Owner"]` to `[plugins.second]`
"#);
    assert!(!project.has(".phalanx/template.json"));

    let project = rivals(&format!("overrides = [\"/Metadata/Owner\"]\n{set}"));
    project.phalanx("package").succeeds();
    assert_eq!(project.template()["Metadata"]["Owner"], "second");
}

#[test]
fn two_plugins_that_write_one_context_key_are_both_named_and_overrides_settle_it() {
    let set = r#"config = { context = { owner = "second" } }"#;
    let bad = rivals(set).phalanx("package").exits(3).says("recorder ran rollback");
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `second` failed in `template-decorate`: plugin `second` may not change context key `owner`: plugin `first` in `template-decorate` wrote it

hint: if `second` shall win, add `overrides = ["owner"]` to `[plugins.second]`
"#);
    rivals(&format!("overrides = [\"owner\"]\n{set}")).phalanx("package").succeeds();
}

#[test]
fn removing_what_another_plugin_wrote_is_refused() {
    let bad = rivals(r#"config = { remove = ["/Metadata/Owner"] }"#).phalanx("package").exits(3);
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `second` failed in `template-decorate`: plugin `second` may not change `/Metadata/Owner`: plugin `first` in `template-decorate` wrote it

hint: if `second` shall win, add `overrides = ["/Metadata/Owner"]` to `[plugins.second]`
"#);
}

#[test]
fn equal_values_are_no_conflict() {
    rivals(r#"config = { set = { "/Metadata/Owner" = "first" } }"#).phalanx("package").succeeds();
}
