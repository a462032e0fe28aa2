//! Two plugins and one value: who may change what, in the template and in the context.

use super::Service;

/// Two writers, each with settings of its own.
fn writers(first: &str, second: &str) -> Service {
    Service::new().plugin("first", "writer", first).plugin("second", "writer", second)
}

fn set(pointer: &str, value: &str) -> String {
    format!("config = {{ set = {{ \"{pointer}\" = {value} }} }}")
}

#[test]
fn changing_another_plugins_value_names_both() {
    let project =
        writers(&set("/Metadata/Owner", "\"a\""), &set("/Metadata/Owner", "\"b\"")).project();
    insta::assert_snapshot!(project.phalanx("deploy --local").exits(3).error(), @r#"
    error: plugin `second` failed in `template-decorate`: plugin `second` may not change `/Metadata/Owner`: plugin `first` in `template-decorate` wrote it

    hint: if `second` shall win, add `overrides = ["/Metadata/Owner"]` to `[plugins.second]`
    "#);
    project.phalanx("status --local").exits(1);
}

#[test]
fn removing_or_covering_another_plugins_value_conflicts_too() {
    let first = set("/Metadata/Owner", "{ team = \"a\" }");
    let remove = "config = { remove = [\"/Metadata/Owner/team\"] }";
    insta::assert_snapshot!(writers(&first, remove).project().phalanx("package").exits(3).error(), @r#"
    error: plugin `second` failed in `template-decorate`: plugin `second` may not change `/Metadata/Owner/team`: plugin `first` in `template-decorate` wrote it

    hint: if `second` shall win, add `overrides = ["/Metadata/Owner/team"]` to `[plugins.second]`
    "#);
    let first = set("/Resources/Hello/Properties/Tags", "[{ Key = \"a\", Value = \"b\" }]");
    let whole = "config = { remove = [\"/Resources/Hello\"] }";
    insta::assert_snapshot!(writers(&first, whole).project().phalanx("package").exits(3).error(), @r#"
    error: plugin `second` failed in `template-decorate`: plugin `second` may not change `/Resources/Hello/Properties/Tags`: plugin `first` in `template-decorate` wrote it

    hint: if `second` shall win, add `overrides = ["/Resources/Hello/Properties/Tags"]` to `[plugins.second]`
    "#);
}

#[test]
fn overrides_let_the_later_plugin_win() {
    let second = set("/Metadata/Owner", "\"b\"") + "\noverrides = [\"/Metadata/*\"]";
    let project = writers(&set("/Metadata/Owner", "\"a\""), &second).project();
    project.phalanx("package").succeeds();
    assert_eq!(project.template()["Metadata"]["Owner"], "b");
}

#[test]
fn an_override_reaches_what_its_pattern_names_and_no_more() {
    let second = set("/Metadata/Owner", "\"b\"") + "\noverrides = [\"/Metadata/Other\"]";
    let project = writers(&set("/Metadata/Owner", "\"a\""), &second).project();
    project.phalanx("package").exits(3).says("may not change `/Metadata/Owner`");
}

#[test]
fn the_services_own_values_may_be_changed() {
    let memory = "/Resources/Hello/Properties/MemorySize";
    let project = Service::new().plugin("first", "writer", &set(memory, "512")).project();
    project.phalanx("package").succeeds();
    assert_eq!(project.template().pointer(memory).unwrap(), 512);
}

#[test]
fn adding_never_conflicts() {
    let tags = "/Resources/Hello/Properties/Tags";
    let first = format!(
        "config = {{ set = {{ \"{tags}\" = [{{ Key = \"a\", Value = \"1\" }}], \"/Metadata/Owner\" = {{ team = \"a\" }} }} }}"
    );
    let second = format!(
        "config = {{ set = {{ \"{tags}/-\" = {{ Key = \"b\", Value = \"2\" }}, \"/Metadata/Owner/room\" = \"b\" }} }}"
    );
    let project = writers(&first, &second).project();
    project.phalanx("package").succeeds();
    let template = project.template();
    assert_eq!(template.pointer(tags).unwrap().as_array().unwrap().len(), 2);
    assert_eq!(template["Metadata"]["Owner"], serde_json::json!({ "team": "a", "room": "b" }));
}

#[test]
fn equal_values_are_no_conflict() {
    let same = set("/Metadata/Owner", "{ team = \"a\", rooms = [1, 2] }");
    writers(&same, &same).project().phalanx("package").succeeds();
}

#[test]
fn context_keys_follow_the_same_rules() {
    let key = |value: &str| format!("config = {{ context = {{ \"image.tag\" = {value} }} }}");
    let project = writers(&key("\"a\""), &key("\"b\"")).project();
    insta::assert_snapshot!(project.phalanx("package").exits(3).error(), @r#"
    error: plugin `second` failed in `template-decorate`: plugin `second` may not change context key `image.tag`: plugin `first` in `template-decorate` wrote it

    hint: if `second` shall win, add `overrides = ["image.tag"]` to `[plugins.second]`
    "#);
    writers(&key("\"a\""), &key("\"a\"")).project().phalanx("package").succeeds();
    let wins = key("\"b\"") + "\noverrides = [\"image.*\"]";
    writers(&key("\"a\""), &wins).project().phalanx("package").succeeds();
}

#[test]
fn a_key_travels_from_plugin_to_plugin_and_from_hook_to_hook() {
    // Recorders append to one list in the context, and a second one may only with an override.
    let config = "config = { label = \"two\" }";
    let project = Service::new().recorder("one").plugin("two", "recorder", config).project();
    insta::assert_snapshot!(project.phalanx("build").exits(3).error(), @r#"
    error: plugin `two` failed in `pre-build`: plugin `two` may not change context key `order`: plugin `one` in `pre-build` wrote it

    hint: if `two` shall win, add `overrides = ["order"]` to `[plugins.two]`
    "#);
}

#[test]
fn a_resource_added_after_a_plugin_listed_its_kind_is_told() {
    let list = "config = { list = [\"AWS::SQS::Queue\"] }";
    let add = set("/Resources/Late", "{ Type = \"AWS::SQS::Queue\" }");
    let project = writers(list, &add).project();
    let packaged = project.phalanx("package").succeeds();
    let start = packaged.stderr.find("warning: ").unwrap_or_else(|| panic!("{}", packaged.scene()));
    let warning = packaged.stderr[start..].lines().take(2).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(warning, @r"
    warning: plugin `first` looked at the resources of type `AWS::SQS::Queue` before plugin `second` added `Late`
      hint: put the plugins into this order in `phalanx.toml`: second, first
    ");

    // In the order that was suggested, and for another kind, there is nothing to tell.
    for project in [
        Service::new().plugin("second", "writer", &add).plugin("first", "writer", list).project(),
        writers(list, &set("/Resources/Late", "{ Type = \"AWS::SNS::Topic\" }")).project(),
    ] {
        let packaged = project.phalanx("package").succeeds();
        assert!(!packaged.stderr.contains("warning: "), "{}", packaged.scene());
    }
}

#[test]
fn a_function_cannot_name_a_plugin_that_decorates_nothing() {
    let project = Service::without_functions()
        .function("hello", "decorators = [\"packer\"]")
        .plugin("packer", "packer", "config = { function = \"hello\", path = \"a\", text = \"\" }")
        .project();
    insta::assert_snapshot!(project.phalanx("package").exits(2).error(), @r"
    error: function `hello` names plugin `packer` in `decorators`, and it has no `template-decorate` hook

    hint: take `packer` out of `functions.hello.decorators`; it runs at post-build for the whole service
    ");
}

#[test]
fn a_function_cannot_name_a_plugin_that_is_not_there() {
    let project = Service::without_functions()
        .function("hello", "decorators = [\"zebr\"]")
        .recorder("zebra")
        .project();
    insta::assert_snapshot!(project.phalanx("package").exits(2).error(), @r#"
    error: `phalanx.toml` has 1 problem
    `functions.hello.decorators` names `zebr`, which is no plugin of this service
     --> phalanx.toml:6:15
      |
    6 | decorators = ["zebr"]
      |               ^^^^^^
      = help: did you mean `zebra`?
    "#);
}
