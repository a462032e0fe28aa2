//! Tests of the whole road from files to a service.
//!
//! Each `testdata/*.toml` is loaded and what comes of it compared with the `.snap` beside it
//! (`INSTA_UPDATE=always cargo test` writes them anew). A first line `# stage: NAME` asks for a stage.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::shape::{Shape, TableShape};
use super::*;
use crate::hint::Explain;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest/testdata")
}

fn options(text: &str) -> LoadOptions {
    let stage = text.lines().next().and_then(|line| line.strip_prefix("# stage: "));
    LoadOptions { stage: stage.map(str::to_owned), region: None }
}

fn load_text(text: &str) -> Result<Service, ManifestError> {
    read(text.as_bytes().to_vec(), FILE_NAME, &testdata(), &options(text))
}

/// As the binary shows it.
fn shown(error: &ManifestError) -> String {
    let mut shown = format!("error: {error}\n");
    if let Some(details) = error.details() {
        write!(shown, "\n{details}\n").unwrap();
    }
    for hint in error.hints() {
        write!(shown, "\nhint: {hint}").unwrap();
    }
    shown
}

#[test]
fn every_file_of_testdata_gives_what_is_beside_it() {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("testdata");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let files = crate::fs::list(&testdata()).unwrap();
    let manifests =
        files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    for path in manifests {
        let text = crate::fs::read_to_string(path).unwrap();
        let shown = match load(path, &options(&text)) {
            Ok(service) => format!("{service:#?}")
                .replace(&format!("{:?}", testdata().canonicalize().unwrap()), "ROOT"),
            Err(error) => shown(&error),
        };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
}

/// Every key there is, as `functions.*.memory`.
fn all_keys(shape: &Shape, path: &str, keys: &mut BTreeSet<String>) {
    match shape {
        Shape::List { of, .. } => all_keys(of, &format!("{path}[]"), keys),
        Shape::Map { values, .. } => all_keys(values, &format!("{path}.*"), keys),
        Shape::Part(whole) => all_keys(whole, path, keys),
        Shape::Table(table) => {
            for key in table.keys {
                let path = format!("{path}.{}", key.name);
                keys.insert(path.clone());
                all_keys(&key.shape, &path, keys);
            }
        }
        _ => {}
    }
}

/// Keys that `value` uses, and a JSON Pointer to each of its tables with fixed keys.
fn used_keys(
    shape: &Shape,
    value: &Value,
    path: &str,
    pointer: &str,
    keys: &mut BTreeSet<String>,
    tables: &mut Vec<(String, &'static TableShape)>,
) {
    match (shape, value) {
        (Shape::List { of, .. }, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                used_keys(
                    of,
                    item,
                    &format!("{path}[]"),
                    &format!("{pointer}/{index}"),
                    keys,
                    tables,
                );
            }
        }
        (Shape::Map { values, .. }, Value::Object(entries)) => {
            for (name, entry) in entries {
                used_keys(
                    values,
                    entry,
                    &format!("{path}.*"),
                    &format!("{pointer}/{name}"),
                    keys,
                    tables,
                );
            }
        }
        (Shape::Part(whole), value) => used_keys(whole, value, path, pointer, keys, tables),
        (Shape::Table(table), Value::Object(entries)) => {
            tables.push((pointer.to_owned(), table));
            for (name, entry) in entries {
                let path = format!("{path}.{name}");
                keys.insert(path.clone());
                let shape = table.key(name).unwrap_or_else(|| panic!("unknown key {path}")).shape;
                used_keys(&shape, entry, &path, &format!("{pointer}/{name}"), keys, tables);
            }
        }
        _ => {}
    }
}

#[test]
fn loader_and_schema_take_every_key_and_refuse_every_other() {
    let root = Shape::Table(&keys::ROOT);
    let text = crate::fs::read_to_string(&testdata().join("complete.toml")).unwrap();
    let complete: Value = toml::from_str(&text).unwrap();
    let schema = jsonschema::draft202012::new(&json_schema(FileKind::Manifest)).unwrap();
    let errors: Vec<_> = schema.iter_errors(&complete).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    load_text(&text).unwrap();

    // Below a stage is the same again, so its own keys are enough.
    let deep_stage = |key: &String| key.starts_with(".stages.*.") && key.matches('.').count() > 3;
    let (mut all, mut used, mut tables) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    all_keys(&root, "", &mut all);
    used_keys(&root, &complete, "", "", &mut used, &mut tables);
    let missing: Vec<_> = all.difference(&used).filter(|key| !deep_stage(key)).collect();
    assert!(missing.is_empty(), "`complete.toml` leaves out {missing:?}");

    for (pointer, _) in tables {
        let mut wrong = complete.clone();
        wrong.pointer_mut(&pointer).unwrap()["unheard-of"] = json!(1);
        assert!(!schema.is_valid(&wrong), "the schema takes an unknown key at `{pointer}`");
        let error = load_text(&toml::to_string(&wrong).unwrap()).unwrap_err();
        let unknown = |problem: &&Problem| problem.message.starts_with("unknown key `unheard-of`");
        assert_eq!(
            error.problems().iter().filter(unknown).count(),
            1,
            "`{pointer}`: {}",
            shown(&error)
        );
    }
}

#[test]
fn every_key_of_a_wrong_type_is_refused_by_loader_and_schema() {
    let text = crate::fs::read_to_string(&testdata().join("complete.toml")).unwrap();
    let complete: Value = toml::from_str(&text).unwrap();
    let schema = jsonschema::draft202012::new(&json_schema(FileKind::Manifest)).unwrap();
    let mut tables = Vec::new();
    used_keys(&Shape::Table(&keys::ROOT), &complete, "", "", &mut BTreeSet::new(), &mut tables);
    for (pointer, shape) in tables {
        for key in shape.keys.iter().filter(|key| !matches!(key.shape, Shape::Part(_))) {
            let mut wrong = complete.clone();
            // No key takes a list of lists of booleans.
            wrong.pointer_mut(&pointer).unwrap()[key.name] = json!([[[true]]]);
            let path = format!("{pointer}/{}", key.name);
            assert!(!schema.is_valid(&wrong), "the schema takes anything at `{path}`");
            assert!(
                load_text(&toml::to_string(&wrong).unwrap()).is_err(),
                "anything goes at `{path}`"
            );
        }
    }
}

#[test]
fn everything_has_its_place() {
    let path = testdata().join("complete.toml");
    let service = load(&path, &LoadOptions { stage: Some("prod".into()), region: None }).unwrap();
    let text = crate::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let line = |pointer: &str| lines[service.locations[pointer].line - 1];
    assert_eq!(line("/Resources/WorkerQueue"), "[resources.WorkerQueue]");
    assert_eq!(
        line("/Resources/WorkerQueue/Properties/VisibilityTimeout"),
        "Properties = { VisibilityTimeout = 60 }"
    );
    assert_eq!(line("#/functions/hello/memory"), "memory = 1024");
    assert_eq!(line("#/functions/hello/code"), "code = \"target/hello\"");
    let included = &service.locations["/Resources/Table/Properties/KeySchema/0"];
    assert_eq!(included.to_string(), "infra/table.yaml:13:11");
    assert_eq!(service.functions["hello"].memory, 1024);
    assert_eq!(service.parameters["Size"], "large");
}

#[test]
fn problems_outside_the_files_say_what_to_do() {
    let missing =
        load(Path::new("/no/such/folder/phalanx.toml"), &LoadOptions::default()).unwrap_err();
    assert!(shown(&missing).contains("phalanx init"));
    let load = |stage: Option<&str>, region: Option<&str>| {
        let options =
            LoadOptions { stage: stage.map(str::to_owned), region: region.map(str::to_owned) };
        let text = "[service]\nname = \"a\"\n[stages.prod]\n[stages.test]\n";
        read(text.into(), FILE_NAME, &testdata(), &options)
    };
    assert_eq!(load(None, Some("eu-west-1")).unwrap().region.as_deref(), Some("eu-west-1"));
    assert_eq!(load(Some("dev"), None).unwrap().stack_name, "a-dev");
    insta::assert_snapshot!(shown(&load(Some("prd"), None).unwrap_err()), @r"
    error: `phalanx.toml` has no stage `prd`

    hint: did you mean `prod`?
    hint: the stages are `prod`, `test`; add `[stages.prd]` for another one
    ");
    insta::assert_snapshot!(shown(&load(Some("a b"), None).unwrap_err()), @r"
    error: `a b` cannot be a stage's name

    hint: a letter, then letters, digits and `-`, at most 32: it ends the stack's name
    ");
    insta::assert_snapshot!(shown(&load(None, Some("Frankfurt")).unwrap_err()), @r"
    error: `Frankfurt` is not an AWS region

    hint: a region looks like `eu-central-1`
    ");
    let error = read(b"a = \"\xff\"".to_vec(), FILE_NAME, &testdata(), &LoadOptions::default());
    assert!(shown(&error.unwrap_err()).contains("phalanx.toml:1:6"));
}

fn is_fine(result: Result<Service, ManifestError>) {
    if let Err(error) = result {
        assert!(!shown(&error).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_give_a_service_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        is_fine(read(bytes, FILE_NAME, &testdata(), &LoadOptions::default()));
    }

    #[test]
    fn a_mutated_manifest_gives_a_service_or_an_error(
        cut in any::<prop::sample::Index>(), length in 0..40_usize, insert in "[\\[\\]{}=\"'.,a-z0-9 \n$é\u{1b}-]{0,6}",
    ) {
        let text = include_str!("testdata/complete.toml");
        is_fine(load_text(&mutate(text, cut.index(text.len()), length, &insert)));
    }

    #[test]
    fn mutated_cloudformation_gives_sections_or_problems(
        cut in any::<prop::sample::Index>(), length in 0..20_usize, insert in "[\\[\\]{}:\"'&*!|>#%@,a-z0-9 \n\r\té-]{0,6}",
        json in any::<bool>(),
    ) {
        let (text, name) = if json {
            (include_str!("testdata/infra/topic.json"), "a.json")
        } else {
            (include_str!("testdata/infra/table.yaml"), "a.yaml")
        };
        drop(include_text(&mutate(text, cut.index(text.len()), length, &insert), name));
    }
}

fn mutate(text: &str, cut: usize, length: usize, insert: &str) -> String {
    let start = text.floor_char_boundary(cut);
    let end = text.floor_char_boundary((cut + length).min(text.len())).max(start);
    format!("{}{insert}{}", &text[..start], &text[end..])
}

/// Loads a service that includes one file with this text.
fn include_text(text: &str, name: &str) -> Result<Service, String> {
    let folder = tempfile::tempdir().unwrap();
    crate::fs::write(&folder.path().join(name), text).unwrap();
    let manifest = format!("include = [\"{name}\"]\n[service]\nname = \"a\"\n");
    crate::fs::write(&folder.path().join(FILE_NAME), manifest).unwrap();
    load(folder.path(), &LoadOptions::default()).map_err(|error| shown(&error))
}

fn yaml(value: &str) -> Value {
    let text = format!("Metadata:\n  x: {value}\n");
    include_text(&text, "a.yaml").unwrap_or_else(|error| panic!("{error}")).sections["Metadata"]["x"].clone()
}

#[test]
fn plain_scalars_are_what_cloudformation_takes_them_for() {
    for (text, value) in [
        ("true", json!(true)),
        ("False", json!(false)),
        ("yes", json!("yes")),
        ("off", json!("off")),
        ("12", json!(12)),
        ("-1.5", json!(-1.5)),
        ("012345678901", json!("012345678901")),
        ("3.10", json!("3.10")),
        ("1e3", json!("1e3")),
        ("0x1f", json!("0x1f")),
        ("99999999999999999999999", json!("99999999999999999999999")),
        ("2012-10-17", json!("2012-10-17")),
        ("'12'", json!("12")),
        ("!!str 12", json!("12")),
        ("! 12", json!("12")),
        ("~", json!(null)),
        ("", json!(null)),
        ("\"${A}\"", json!("${A}")),
        ("|\n    two\n    lines\n", json!("two\nlines\n")),
    ] {
        assert_eq!(yaml(text), value, "{text}");
    }
}

#[test]
fn short_tags_become_functions() {
    for (text, value) in [
        ("!Ref Queue", json!({ "Ref": "Queue" })),
        ("!Condition IsProd", json!({ "Condition": "IsProd" })),
        ("!GetAtt Queue.Arn", json!({ "Fn::GetAtt": ["Queue", "Arn"] })),
        ("!GetAtt Nested.Outputs.Arn", json!({ "Fn::GetAtt": ["Nested", "Outputs.Arn"] })),
        ("!GetAtt [Queue, Arn]", json!({ "Fn::GetAtt": ["Queue", "Arn"] })),
        ("!Sub 'a-${B}'", json!({ "Fn::Sub": "a-${B}" })),
        ("!Join ['-', [a, !Ref B]]", json!({ "Fn::Join": ["-", ["a", { "Ref": "B" }]] })),
        ("!If [A, 1, !Ref AWS::NoValue]", json!({ "Fn::If": ["A", 1, { "Ref": "AWS::NoValue" }] })),
        ("!Base64\n    Fn::Sub: x\n", json!({ "Fn::Base64": { "Fn::Sub": "x" } })),
        ("!GetAZs ''", json!({ "Fn::GetAZs": "" })),
        (
            "!Transform { Name: A, Parameters: { B: 1 } }",
            json!({ "Fn::Transform": { "Name": "A", "Parameters": { "B": 1 } } }),
        ),
        ("[&a [1], *a]", json!([[1], [1]])),
    ] {
        assert_eq!(yaml(text), value, "{text}");
    }
}

#[cfg(unix)]
#[test]
fn included_files_stay_in_the_service_folder() {
    let outside = tempfile::tempdir().unwrap();
    crate::fs::write(&outside.path().join("a.yaml"), "Metadata: {}").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path().join("a.yaml"), folder.path().join("a.yaml"))
        .unwrap();
    for pattern in ["a.yaml", "*.yaml"] {
        let manifest = format!("include = [\"{pattern}\"]\n[service]\nname = \"a\"\n");
        crate::fs::write(&folder.path().join(FILE_NAME), manifest).unwrap();
        let error = load(folder.path(), &LoadOptions::default()).unwrap_err();
        let message = &error.problems()[0].message;
        assert_eq!(message, "`a.yaml` leads through a symbolic link out of the service's folder");
    }
}

#[test]
fn a_stage_replaces_an_intrinsic_function_as_a_whole() {
    let service = load_text(
        "# stage: prod\n[service]\nname = \"a\"\n\
         [resources.Q]\nType = \"AWS::SQS::Queue\"\nProperties = { QueueName = { Ref = \"A\" } }\n\
         [stages.prod.resources.Q.Properties]\nQueueName = { \"Fn::Sub\" = \"b\" }\n",
    )
    .unwrap();
    let name = &service.sections["Resources"]["Q"]["Properties"]["QueueName"];
    assert_eq!(name, &json!({ "Fn::Sub": "b" }));
}

#[test]
fn aliases_that_expand_without_end_are_refused() {
    let mut laughs = String::from("Metadata:\n  a0: &a0 [x, x]\n");
    for level in 1..40 {
        let below = level - 1;
        writeln!(laughs, "  a{level}: &a{level} [*a{below}, *a{below}]").unwrap();
    }
    assert!(include_text(&laughs, "a.yaml").unwrap_err().contains("expand to too much"));

    let mut chain = String::from("Metadata:\n  a0: &a0 [x]\n");
    for level in 1..200 {
        writeln!(chain, "  a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert!(include_text(&chain, "a.yaml").unwrap_err().contains("nested too deeply"));
    for (open, name) in [
        ("[", "a.yaml"),
        ("[", "a.json"),
        ("{\"a\":", "a.json"),
        ("{a: ", "a.yaml"),
        ("- ", "a.yaml"),
    ] {
        assert!(include_text(&open.repeat(5000), name).is_err(), "{name} {open}");
    }
    let toml = format!("a = {}", "[".repeat(5000));
    assert!(load_text(&toml).is_err());
}

#[test]
fn json_and_yaml_files_with_other_line_ends_and_marks_have_right_places() {
    let text = "\u{feff}Metadata:\r\n  é: 1\r\n  ü: !Rev x\r\n";
    let error = include_text(text, "a.yaml").unwrap_err();
    assert!(error.contains("a.yaml:3:"), "{error}");
    let error = include_text("\u{feff}{\r\n \"é\": 1,\r\n  x }", "a.json").unwrap_err();
    assert!(error.contains("a.json:3:3"), "{error}");
}

#[test]
fn a_hundred_functions_load_in_time() {
    let mut text = String::from("[service]\nname = \"many\"\n");
    for index in 0..100 {
        write!(
            text,
            "[functions.f{index}]\ncode = \"target/a\"\nmemory = 256\ntimeout = \"30s\"\n\
             environment = {{ QUEUE_URL = \"${{Queue}}\" }}\n\
             permissions = [{{ actions = [\"sqs:SendMessage\"], resource = \"${{Queue.Arn}}\" }}]\n\
             events = [{{ http = \"GET /f{index}\" }}]\ndepends-on = [\"Queue\"]\n"
        )
        .unwrap();
    }
    text.push_str("[resources.Queue]\nType = \"AWS::SQS::Queue\"\n");
    let start = std::time::Instant::now();
    assert_eq!(load_text(&text).unwrap().functions.len(), 100);
    // Far above what it takes; a step that grows faster than the file would be seen.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
