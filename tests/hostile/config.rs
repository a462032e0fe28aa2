//! Configs that do not fit a plugin's schema, and schemas that are none.

use super::Case;
use crate::support::guests;

#[test]
fn all_that_is_wrong_with_a_config_is_told_with_its_place() {
    let bad = Case::new(guests::component("recorder"))
        .keys("config = { fail-in = 5, lable = \"x\" }")
        .stops(2);
    insta::assert_snapshot!(bad.error(), @r#"
error: the configuration of plugin `bad` does not fit its schema
  /fail-in: 5 is not of type "string"
  config: Additional properties are not allowed ('lable' was unexpected)
  config: "label" is a required property

hint: correct `config` of `[plugins.bad]`, at phalanx.toml:13:10
hint: run `phalanx plugin inspect bad` to see the schema
"#);
}

#[test]
fn a_nested_mistake_is_told_with_its_pointer() {
    let case = Case::new(b"").keys("config = { tags = { team = 5, stage = [] } }");
    case.write_manifest("");
    let manifest = case.project.read("phalanx.toml").replace("file:bad.wasm", "builtin:stack-tags");
    case.project.write("phalanx.toml", manifest);
    let bad = case.project.phalanx("package").exits(2).says("recorder ran rollback");
    insta::assert_snapshot!(bad.error(), @r#"
error: the configuration of plugin `bad` does not fit its schema
  /tags/team: 5 is not of type "string"
  /tags/stage: [] is not of type "string"

hint: correct `config` of `[plugins.bad]`, at phalanx.toml:13:10
hint: run `phalanx plugin inspect bad` to see the schema
"#);
}

#[test]
fn a_schema_that_is_none_is_refused() {
    let bad = Case::new(guests::component("bad-schema")).stops(2);
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed to tell its config schema: the schema it gives for its config is not usable: at `/properties`: 3 is not of type "object"

hint: its author must mend `config-schema`; until then use another version
"#);
}

/// A guest without a schema refuses by itself, in its first hook.
#[test]
fn a_config_that_a_plugin_cannot_read_is_its_failure() {
    let bad = Case::new(guests::component("hostile"))
        .keys("config = { mode = \"juggle\" }")
        .stops_in_hook();
    insta::assert_snapshot!(bad.error(), @"
error: plugin `bad` failed in `pre-build`: bad `config` at `mode`: unknown variant `juggle`, expected one of `nothing`, `loop`, `loop-in-host`, `allocate`, `recurse`, `trap`, `panic`, `edit-then-trap`, `edit-then-fail`, `fail`, `fail-with-escapes`, `flood-log`, `escapes`, `not-json`, `context-not-json`, `scalar-parent`, `bad-pointer`, `edit-template`, `read-template`, `huge-string`, `dangling-ref`, `cycle`, `no-type`, `taken-id`, `remove-all`, `replace-by-list`, `odd-finding`, `error-finding`, `flood-findings`

hint: mend the plugin's `config` in the manifest
");
}
