//! The guests of the tests: components from `tests/guests`, built once in a test run.
//!
//! Rust guests are examples of one crate, made by one nested cargo into `target/guests`; the others
//! are texts in `tests/guests/wat`. Needs nothing but cargo and the WebAssembly target.
#![expect(clippy::disallowed_methods, reason = "a test's set-up, not the product")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// The bytes of a guest: a component, but for `core-module`.
///
/// # Panics
/// When there is no such guest, or the guests cannot be built.
#[must_use]
pub(crate) fn component(name: &str) -> &'static [u8] {
    let guests = all();
    guests.get(name).unwrap_or_else(|| {
        let names = guests.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        panic!("no guest `{name}` in tests/guests; there are: {names}")
    })
}

/// All guests by name.
pub(crate) fn all() -> &'static BTreeMap<String, Vec<u8>> {
    static GUESTS: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    GUESTS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests");
        let mut guests = from_text(&folder.join("wat"));
        guests.extend(from_rust(&folder));
        guests
    })
}

fn from_text(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let guest = |file: PathBuf| {
        let bytes = wat::parse_file(&file).unwrap_or_else(|error| panic!("{error}"));
        (stem(&file), bytes)
    };
    files(folder, "wat").into_iter().map(guest).collect()
}

fn from_rust(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    // `CARGO_TARGET_TMPDIR` is `<target>/tmp`.
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("guests");
    build(folder, &target_dir, &["--examples"]);
    let guest = |file: PathBuf| (stem(&file).replace('_', "-"), encode(&file));
    // Old guests stay in the target folder: only what has a source counts.
    let source = |file: &PathBuf| {
        let source = folder.join("src").join(stem(file).replace('-', "_")).with_extension("rs");
        source.is_file()
    };
    let built = files(&target_dir.join(TARGET).join("release/examples"), "wasm");
    built.into_iter().filter(source).map(guest).collect()
}

/// The plugin of `examples/pipeline-tour`, as `cargo xtask tour` builds it.
pub(crate) fn tour() -> &'static [u8] {
    static TOUR: OnceLock<Vec<u8>> = OnceLock::new();
    TOUR.get_or_init(|| example("pipeline-tour/plugin", "tour", &["--lib"]))
}

/// The plugin of `examples/shared-plugin`: its releases 1.0 and 1.1.
pub(crate) fn house_rules() -> &'static [Vec<u8>; 2] {
    static RULES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    RULES.get_or_init(|| {
        let release = |more: &[&str]| {
            example("shared-plugin/house-rules", "house_rules", &[&["--lib"], more].concat())
        };
        [release(&[]), release(&["--features", "commit"])]
    })
}

/// The component of an example.
fn example(folder: &str, library: &str, what: &[&str]) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(folder);
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(library);
    build(&folder, &target_dir, what);
    encode(&target_dir.join(TARGET).join("release").join(format!("{library}.wasm")))
}

/// The component of a module that cargo has made.
fn encode(module: &Path) -> Vec<u8> {
    let bytes = fs::read(module).expect("cargo has just made it");
    ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode())
        .unwrap_or_else(|error| panic!("{} is no component: {error:#}", module.display()))
}

fn build(folder: &Path, target_dir: &Path, what: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder).args(["build", "--locked", "--release"]).args(what);
    cargo.args(["--target", TARGET, "--target-dir"]).arg(target_dir);
    // What the outer cargo says about its own build is not for this one.
    for (name, _) in env::vars_os() {
        let leaks = |name: &str| {
            ["RUSTFLAGS", "RUSTC", "RUSTC_WORKSPACE_WRAPPER"].contains(&name)
                || ["CARGO_BUILD_", "CARGO_ENCODED_", "CARGO_PROFILE_", "CARGO_TARGET_DIR"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        };
        if name.to_str().is_some_and(leaks) {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().unwrap_or_else(|error| panic!("cannot run `cargo`: {error}"));
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        panic!(
            "cannot build {}; if the target is missing, run `rustup target add {TARGET}`\n{reason}",
            folder.display()
        );
    }
}

/// The files of a folder with this extension, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension() == Some(OsStr::new(extension))).collect();
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem().expect("it has an extension").to_string_lossy().into_owned()
}

#[test]
fn each_guest_imports_what_it_is_about() {
    use wasmtime::component::Component;
    use wasmtime::{Config, Engine};

    let mut config = Config::new();
    config.wasm_multi_memory(true);
    let engine = Engine::new(&config).expect("an engine");
    let imports = |name: &str| -> Vec<String> {
        let component = Component::new(&engine, component(name)).expect(name);
        let component = component.component_type();
        component.imports(&engine).map(|(import, _)| import.to_owned()).collect()
    };
    for name in all().keys().filter(|name| *name != "core-module") {
        let ours = |import: &&String| import.starts_with("phalanx:pipeline/");
        let foreign = imports(name).iter().filter(|import| !ours(import)).count();
        let may = ["caller", "clockwork", "handle-bomb", "unknown-import", "wasi-p3"]
            .contains(&name.as_str());
        assert_eq!(foreign > 0, may, "{name}: {:?}", imports(name));
    }
    for (name, capability) in
        [("reader", "files"), ("runner", "commands"), ("environs", "environment")]
    {
        let capability = format!("phalanx:pipeline/{capability}@1.0.0");
        assert!(imports(name).contains(&capability), "{name}: {:?}", imports(name));
    }
    let edits = "phalanx:pipeline/template-edit@1.0.0".to_owned();
    assert!(imports("hostile").contains(&edits));
    assert!(!imports("packer").contains(&edits));
}
