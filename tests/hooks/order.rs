//! In which order hooks run: hook after hook, and in each the plugins as the manifest has them.

use super::{Service, logged, ran};

#[test]
fn a_deployment_runs_every_hook_in_manifest_order() {
    let service = Service::without_functions()
        .function("hello", "decorators = [\"zebra\"]")
        .function("other", "decorators = [\"zebra\", \"ant\"]");
    // Not in the order of the alphabet.
    let project = service.recorder("zebra").recorder("ant").recorder("mule").project();

    let deployed = project.phalanx("deploy --local").succeeds();
    insta::assert_snapshot!(ran(&deployed), @r"
    zebra pre-build
    ant pre-build
    mule pre-build
    zebra post-build
    ant post-build
    mule post-build
    zebra template-decorate
    zebra template-decorate of hello as Hello
    zebra template-decorate of other as Other
    ant template-decorate
    ant template-decorate of other as Other
    mule template-decorate
    zebra template-validate
    ant template-validate
    mule template-validate
    zebra post-provision
    ant post-provision
    mule post-provision
    ");

    let deleted = project.phalanx("delete --local").succeeds();
    insta::assert_snapshot!(ran(&deleted), @r"
    zebra pre-delete
    ant pre-delete
    mule pre-delete
    zebra post-delete
    ant post-delete
    mule post-delete
    ");
}

#[test]
fn each_command_runs_the_hooks_of_its_steps() {
    let project = Service::new().recorder("one").project();
    let hooks = |words: &str| ran(&project.phalanx(words).succeeds()).replace("one ", "");
    let hooks = |words: &str| hooks(words).replace('\n', ", ");
    assert_eq!(hooks("build"), "pre-build");
    let template = "pre-build, post-build, template-decorate, template-validate";
    for words in ["package", "plan --local", "explain Hello", "deploy --local --dry-run"] {
        assert_eq!(hooks(words), template, "{words}");
    }
    for words in ["status --local", "outputs --local"] {
        assert_eq!(ran(&project.phalanx(words).finish()), "", "{words}");
    }
    // Nothing has been deployed: there is nothing to tear down.
    assert_eq!(hooks("delete --local"), "");
}

#[test]
fn post_provision_is_told_what_became_of_the_stack() {
    let service = Service::new().with("[outputs.Arn]\nValue = \"${Hello.Arn}\"");
    let project = service.recorder("one").project();
    let told = || {
        let finished = project.phalanx("deploy --local").succeeds();
        logged(&finished, "one: ")
    };
    insta::assert_snapshot!(told(), @r"
    one: package of hello
    one: created true, unchanged false
    one: output Arn = arn:aws:lambda:eu-central-1:000000000000:function:orders-dev-hello
    ");
    insta::assert_snapshot!(told(), @r"
    one: package of hello
    one: created false, unchanged true
    one: output Arn = arn:aws:lambda:eu-central-1:000000000000:function:orders-dev-hello
    ");
}

#[test]
fn plugins_of_several_kinds_keep_the_order_of_the_manifest() {
    let config = r#"config = { set = { "/Metadata/First" = 1 } }"#;
    let project =
        Service::new().recorder("one").plugin("two", "writer", config).recorder("three").project();
    let plan = project.phalanx("plan --local --verbose").succeeds();
    let hooks = plan.stderr.lines().filter(|line| line.contains("hook  "));
    let hooks = hooks.map(|line| line.trim().split(" (").next().unwrap()).collect::<Vec<_>>();
    insta::assert_snapshot!(hooks.join("\n"), @r"
    hook  one pre-build: 0 edits
    hook  three pre-build: 0 edits
    hook  one post-build: 0 edits
    hook  three post-build: 0 edits
    hook  one template-decorate: 1 edits
    hook  two template-decorate: 1 edits
    hook  three template-decorate: 1 edits
    hook  one template-validate: 0 edits
    hook  three template-validate: 0 edits
    ");
}
