//! `phalanx plugin build`: a toolchain's module, or component, becomes a plugin. What real toolchains make is built
//! where the docs tell of it, by [`crate::registry`].

use phalanx::registry::builtin;

use crate::support::transcript::without_digests;
use crate::support::{Project, repository};

const PROJECT: &str = "\
name = \"audit\"
version = \"1.2.0\"
description = \"Looks at queues\"
authors = [\"The platform team\"]
license = \"MIT\"
source = \"https://example.com/audit\"
module = \"out/audit.wasm\"

[build]
command = \"mkdir -p out && cp made.wasm out/audit.wasm\"
inputs = [\"made.wasm\"]
";

/// A project whose toolchain has made a component already.
fn project() -> Project {
    let project = Project::new(
        "[service]\nname = \"orders\"\nregion = \"eu-central-1\"\n\n[resources.Q]\nType = \"AWS::SQS::Queue\"\n",
    );
    project.write("plugin.toml", PROJECT);
    project.write("made.wasm", builtin::get("guardrails").unwrap());
    project
}

#[test]
fn a_component_says_who_it_is_and_is_compiled_for_the_deployment() {
    let project = project();
    let run = |words: &str| project.phalanx(words).own_cache();
    let built = run("plugin build").succeeds();
    insta::assert_snapshot!(without_digests(&built.stdout), @"
    plugin audit 1.2.0
      file          [SERVICE]/audit.wasm
      component     sha256:[DIGEST] (171.0 KiB)
      size          code 116.6 KiB, data 31.8 KiB, names 18.9 KiB, rest 3.6 KiB
      hooks         template-validate
      capabilities  none
    ");
    let first = std::fs::read(project.root().join("audit.wasm")).unwrap();
    let again = run("plugin build").succeeds().stdout;
    assert!(again.contains("skipped: its inputs are unchanged"), "{again}");
    run("plugin build --force").succeeds();
    assert!(std::fs::read(project.root().join("audit.wasm")).unwrap() == first, "the same bytes");
    let inspected = run("plugin inspect audit.wasm --output json").succeeds().json();
    assert_eq!((&inspected["name"], &inspected["version"]), (&"audit".into(), &"1.2.0".into()));

    // What the build has compiled, no run compiles again.
    run("plugin add file:audit.wasm").succeeds();
    let plan = run("plan --local --verbose").succeeds();
    assert!(!plan.stderr.contains("compil"), "{}", plan.scene());
}

#[test]
fn what_goes_wrong_is_told() {
    let project = project();
    let told = |code: i32| project.phalanx("plugin build").exits(code).error().to_owned();
    change_project(
        &project,
        "cp made.wasm out/audit.wasm",
        "echo 'made.c:3: no such thing' >&2; exit 1",
    );
    insta::assert_snapshot!(told(1), @"
    error: build `plugin` failed: `mkdir -p out && echo 'made.c:3: no such thing' >&2; exit 1` exited with code 1
    made.c:3: no such thing
    ");
    change_project(&project, "cp made.wasm out/audit.wasm", "true");
    insta::assert_snapshot!(told(1), @"
    error: build `plugin` did not make `out/audit.wasm`, which `module` names

    hint: change `module`, or make the build command write there
    ");
    change_project(&project, "cp made.wasm", "echo text >");
    insta::assert_snapshot!(told(2), @"
    error: what the build has made is not WebAssembly

    hint: correct `module` in `plugin.toml`: it names the file that the build makes
    ");
    let module = wat::parse_str("(module (func (export \"run\")))").unwrap();
    project.write("made.wasm", module);
    project.write("plugin.toml", PROJECT);
    insta::assert_snapshot!(told(2), @"
    error: plugin `audit` cannot be loaded: it exports no hook

    hint: export one of `phalanx:pipeline/pre-build`, `phalanx:pipeline/post-build`, `phalanx:pipeline/template-decorate`, `phalanx:pipeline/template-validate`, `phalanx:pipeline/post-provision`, `phalanx:pipeline/rollback`, `phalanx:pipeline/teardown`
    ");
    project.write("made.wasm", wat::parse_str("(component)").unwrap());
    insta::assert_snapshot!(told(2), @"
    error: plugin `audit` cannot be loaded: it exports no hook

    hint: export one of `phalanx:pipeline/pre-build`, `phalanx:pipeline/post-build`, `phalanx:pipeline/template-decorate`, `phalanx:pipeline/template-validate`, `phalanx:pipeline/post-provision`, `phalanx:pipeline/rollback`, `phalanx:pipeline/teardown`
    ");
    assert!(!project.has("audit.wasm"), "what is no plugin is not written");
    std::fs::remove_file(project.root().join("plugin.toml")).unwrap();
    insta::assert_snapshot!(told(2), @"
    error: there is no `plugin.toml` in `[SERVICE]`

    hint: start one: `phalanx plugin new NAME`
    ");
}

#[test]
fn the_page_shows_the_example_s_project() {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
    let project = read("examples/shared-plugin/house-rules/plugin.toml");
    assert!(read("docs/writing-plugins.md").contains(&format!("```toml\n{project}```\n")));
}

/// The project with another build.
fn change_project(project: &Project, from: &str, to: &str) {
    assert!(PROJECT.contains(from));
    project.write("plugin.toml", PROJECT.replace(from, to));
}
