//! Builds the built-in plugins for WebAssembly, makes components of them and writes the table that
//! `src/registry/builtin.rs` includes; and a table of the files that `phalanx plugin new` writes.
//!
//! The nested cargo has a target folder of its own (`<target>/plugins`, so it never waits for the
//! outer one), a clean environment and remapped paths: the same sources give the same bytes in any
//! folder. It runs only when `plugins/` or `wit/` changed.
#![expect(clippy::disallowed_methods, reason = "a build script, not the product")]

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use wasm_metadata::{AddMetadata, AddMetadataField};
use wit_component::ComponentEncoder;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const TARGET: &str = "wasm32-unknown-unknown";

/// The built-in plugins: folders of `plugins/`, sorted.
const PLUGINS: [&str; 6] =
    ["dashboard", "docker-ecr", "ecs-cluster", "error-alarms", "guardrails", "stack-tags"];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=cannot build the built-in plugins: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let manifest_dir = path("CARGO_MANIFEST_DIR")?;
    let repository = manifest_dir.parent().ok_or("the package has no parent folder")?;
    let plugins = repository.join("plugins");
    watch(repository, &plugins)?;
    require_target()?;

    let out_dir = path("OUT_DIR")?;
    let target_dir = target_dir(&out_dir)?.join("plugins");
    compile(repository, &plugins, &target_dir)?;

    let version = env::var("CARGO_PKG_VERSION")?;
    let mut table = String::from("&[\n");
    for name in PLUGINS {
        let module = target_dir.join(TARGET).join("release").join(name.replace('-', "_"));
        let component = component(name, &version, &module.with_extension("wasm"))?;
        fs::write(out_dir.join(name).with_extension("wasm"), component)?;
        writeln!(
            table,
            "    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.wasm\"))),"
        )?;
    }
    table.push_str("]\n");
    fs::write(out_dir.join("builtin.rs"), table)?;

    let templates = manifest_dir.join("src/cli/templates/plugin");
    println!("cargo::rerun-if-changed={}", templates.display());
    fs::write(out_dir.join("templates.rs"), files(&templates)?)?;
    for (language, library) in [
        ("rust", "sdk"),
        ("c", "sdk-c"),
        ("js", "sdk-js/phalanx"),
        ("python", "sdk-python/phalanx"),
        ("go", "sdk-go"),
    ] {
        let table = files(&plugins.join(library))?;
        fs::write(out_dir.join(format!("sdk_{language}.rs")), table)?;
    }
    Ok(())
}

/// A table of all files of a folder: path and text. Links are followed.
fn files(folder: &Path) -> Result<String> {
    let (mut table, mut folders) = (String::from("&[\n"), vec![folder.to_owned()]);
    let mut found = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    for path in found {
        let name = path.strip_prefix(folder)?.to_str().ok_or("a file's name is no text")?;
        writeln!(table, "    ({name:?}, include_str!({path:?})),")?;
    }
    table.push_str("]\n");
    Ok(table)
}

/// Has cargo run this again when a source of the plugins changes.
fn watch(repository: &Path, plugins: &Path) -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", repository.join("wit").display());
    for entry in fs::read_dir(plugins)? {
        let entry = entry?;
        // Someone who tests the plugins natively has a target folder there.
        if entry.file_name() != "target" {
            println!("cargo::rerun-if-changed={}", entry.path().display());
        }
    }
    Ok(())
}

fn require_target() -> Result<()> {
    let rustc = env::var_os("RUSTC").ok_or("cargo sets RUSTC")?;
    let output =
        Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    let libdir = String::from_utf8(output.stdout)?;
    if Path::new(libdir.trim()).is_dir() {
        return Ok(());
    }
    Err(format!("the target `{TARGET}` is not installed; run `rustup target add {TARGET}`").into())
}

fn compile(repository: &Path, plugins: &Path, target_dir: &Path) -> Result<()> {
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("cargo sets CARGO")?);
    cargo.current_dir(plugins).args(["build", "--locked", "--release", "--target", TARGET]);
    cargo.arg("--target-dir").arg(target_dir);
    for name in PLUGINS {
        cargo.args(["--package", name]);
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(leaks) {
            cargo.env_remove(name);
        }
    }
    let mut remap = vec![format!("--remap-path-prefix={}=/phalanx", repository.display())];
    if let Some(home) = cargo_home() {
        remap.push(format!("--remap-path-prefix={}=/cargo", home.display()));
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", remap.join("\u{1f}"));

    let output = cargo.output()?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("`cargo build` in `plugins/` failed\n{reason}")
        .replace('\n', "\ncargo::error=")
        .into())
}

/// What the outer build (or `cargo clippy`, or a user's profile settings) would change in the plugins.
/// Where cargo's home is, how it reaches the network and who hands out jobs stays.
fn leaks(variable: &str) -> bool {
    const STAYS: [&str; 7] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_MAKEFLAGS",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
    ];
    const LEAKS: [&str; 5] =
        ["RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_LINKER", "TARGET"];
    LEAKS.contains(&variable)
        || variable.starts_with("CARGO_") && !STAYS.iter().any(|stays| variable.starts_with(stays))
}

fn cargo_home() -> Option<PathBuf> {
    let default = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(default)
}

/// A component with a name and a version, from the core module that cargo made.
fn component(name: &str, version: &str, module: &Path) -> Result<Vec<u8>> {
    let module = fs::read(module).map_err(|error| format!("{}: {error}", module.display()))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("`{name}` is no component: {error:#}"))?;
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(name.to_owned());
    let mut component = metadata.to_wasm(&component).map_err(|error| format!("{error:#}"))?;
    custom_section(&mut component, "version", version)?;
    Ok(component)
}

/// Appends a custom section: id 0, size, length of the name, name, content.
fn custom_section(component: &mut Vec<u8>, name: &str, content: &str) -> Result<()> {
    // Both sizes fit one LEB128 byte.
    let size = u8::try_from(1 + name.len() + content.len()).ok().filter(|&size| size < 0x80);
    component.extend([
        0,
        size.ok_or("the custom section is too large")?,
        u8::try_from(name.len())?,
    ]);
    component.extend(name.bytes().chain(content.bytes()));
    Ok(())
}

/// The outer target folder: `OUT_DIR` is `<target>[/<triple>]/<profile>/build/<package>/out`.
fn target_dir(out_dir: &Path) -> Result<PathBuf> {
    let dir = out_dir.ancestors().nth(4).ok_or("OUT_DIR is too short")?;
    let triple = env::var("TARGET")?;
    let cross = dir.file_name().is_some_and(|name| name == triple.as_str());
    Ok(if cross { dir.parent().unwrap_or(dir) } else { dir }.to_owned())
}

fn path(variable: &str) -> Result<PathBuf> {
    Ok(env::var_os(variable).ok_or_else(|| format!("cargo sets {variable}"))?.into())
}
