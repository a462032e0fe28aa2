//! A hook call is a transaction: when it fails, template, context and packages are as before.

use super::{Service, said_by};

/// What a deployment to be would be made of, whatever the plugins before it did.
fn made(service: Service) -> (serde_json::Value, String) {
    let project = service.project();
    project.phalanx("package").succeeds();
    let mut template = project.template();
    // Both name all plugins of the service.
    template["Metadata"]["Phalanx"] = serde_json::Value::Null;
    (template, project.phalanx("package").succeeds().stdout)
}

#[test]
fn a_failing_decorator_leaves_the_template_as_it_was() {
    let (plain, _) = made(Service::new());
    for mode in ["edit-then-fail", "edit-then-trap"] {
        let settings = format!("config = {{ mode = \"{mode}\" }}\non-failure = \"warn\"");
        let (template, _) = made(Service::new().plugin("bad", "hostile", &settings));
        // Byte for byte: the order of keys counts as well.
        assert_eq!(template.to_string(), plain.to_string(), "{mode}");
    }
}

#[test]
fn a_failing_decorator_leaves_the_context_as_it_was() {
    let project = Service::new()
        .plugin("bad", "hostile", "config = { mode = \"edit-then-fail\" }\non-failure = \"warn\"")
        // It would conflict if the failed call's key were still there.
        .plugin("good", "writer", "config = { context = { \"hostile.was-here\" = false } }")
        .project();
    project.phalanx("package").succeeds().says("changed its mind after editing");

    let kept = Service::new()
        .plugin("early", "writer", "config = { context = { \"hostile.was-here\" = true } }")
        .plugin("late", "writer", "config = { context = { \"hostile.was-here\" = false } }")
        .project();
    kept.phalanx("package")
        .exits(3)
        .says("plugin `late` may not change context key `hostile.was-here`");
}

#[test]
fn a_failing_post_build_leaves_the_packages_as_they_were() {
    let packer = |fail: bool| {
        let config = format!(
            "config = {{ function = \"hello\", path = \"a.txt\", text = \"x\", then_fail = {fail} }}\non-failure = \"warn\""
        );
        Service::new().plugin("packer", "packer", &config)
    };
    let digest = |service: Service| {
        let project = service.project();
        let packaged = project.phalanx("package --output json").succeeds();
        packaged.json()["packages"][0]["digest"].as_str().unwrap().to_owned()
    };
    let plain = digest(Service::new());
    assert_eq!(digest(packer(true)), plain);
    assert_ne!(digest(packer(false)), plain);
}

#[test]
fn nothing_of_a_call_outlives_it_but_context_and_edits() {
    // `order` is the recorder's own note in the context; a fresh run begins without it.
    let project = Service::new().recorder("one").project();
    for _ in 0..2 {
        let packaged = project.phalanx("package").succeeds();
        let ran = said_by(&packaged, "one");
        assert_eq!(ran.matches("ran pre-build").count(), 1, "{}", packaged.scene());
    }
}
