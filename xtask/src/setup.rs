//! What a bare machine lacks: targets of the compiler, and for the tests cfn-lint and ministack in folders
//! of ours, and a Docker Engine and a registry from the system's packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::languages::languages;
use crate::peers::peers;
use crate::run::{Outcome, command, read, root, run, run_command, target};
use crate::system::docker;

/// The workspace of phalanx itself.
pub(crate) const HOST: &str = ".";

/// Plugins are compiled for it.
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Every template that a test produces must pass it.
const CFN_LINT: &str = "cfn-lint==1.58.0";

/// Makes the book of `docs`; neither searched nor served here.
const MDBOOK: [&str; 2] = ["mdbook@0.5.4", "--no-default-features"];

/// Serves the AWS APIs on loopback. boto3 is there to look at what phalanx made by other means; with
/// `docker` the tasks of ECS are containers, without it nothing runs. This one speaks to engines from
/// Debian 12's 20.10 on.
pub(crate) const MINISTACK: [&str; 4] =
    ["ministack==1.5.33", "boto3==1.43.106", "docker==7.2.0", "cryptography==50.0.2"];

/// `examples/queue-worker` is compiled for it.
const STATIC_TARGET: &str = "x86_64-unknown-linux-musl";

/// Sets up everything that the tests need.
pub(crate) fn setup() -> Outcome {
    wasm_target()?;
    static_target()?;
    tool("cfn-lint", &[CFN_LINT])?;
    tool("ministack", &MINISTACK)?;
    mdbook()?;
    peers()?;
    languages()?;
    docker()
}

/// Installs what makes the book.
pub(crate) fn mdbook() -> Outcome {
    cargo_tool("mdbook", &MDBOOK)
}

/// Makes sure that the wasm target is installed.
pub(crate) fn wasm_target() -> Outcome {
    rust_target(WASM_TARGET)
}

/// Makes sure that the target of static programs is installed.
pub(crate) fn static_target() -> Outcome {
    rust_target(STATIC_TARGET)
}

fn rust_target(target: &str) -> Outcome {
    let installed = read(&root(), &["rustup", "target", "list", "--installed"]);
    if installed.is_some_and(|list| list.lines().any(|line| line == target)) {
        return Ok(());
    }
    // Without rustup the target may still be there: a distribution's package puts it beside rustc.
    let sysroot = read(&root(), &["rustc", "--print", "sysroot"]);
    let library =
        sysroot.map(|path| PathBuf::from(path.trim()).join("lib/rustlib").join(target).join("lib"));
    if library.is_some_and(|path| path.is_dir()) {
        return Ok(());
    }
    run(&root(), &["rustup", "target", "add", target]).map_err(|error| {
        format!("{error}\nhint: install the Rust target `{target}` by hand, then run this again")
    })
}

/// Installs a program of the Python package index into `target/tools`.
pub(crate) fn tool(name: &str, packages: &[&str]) -> Outcome {
    install(name, packages, |folder| {
        let venv = folder.to_string_lossy().into_owned();
        run(&root(), &["python3", "-m", "venv", "--clear", &venv])?;
        let pip = folder.join("bin/pip").to_string_lossy().into_owned();
        let install = [&pip, "install", "--quiet", "--disable-pip-version-check"];
        run(&root(), &[&install[..], packages].concat())
    })
}

/// Installs a program of the npm registry into `target/tools`.
pub(crate) fn npm_tool(name: &str, packages: &[&str]) -> Outcome {
    install(name, packages, |folder| {
        npm_install(folder, "{ \"private\": true }", &[&["--save-exact"], packages].concat())
    })
}

/// Installs what a project of npm names, and these packages.
pub(crate) fn npm_install(folder: &Path, manifest: &str, packages: &[&str]) -> Outcome {
    // npm looks for a project upwards from where it is, and takes the first that it finds.
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join("package.json"), manifest))
        .map_err(|error| format!("cannot write to {}: {error}", folder.display()))?;
    run(folder, &[&["npm", "install", "--no-audit", "--no-fund"], packages].concat())
}

/// Installs a program in Rust into `target/tools`, built without optimisation: what the tests have for it is small.
pub(crate) fn cargo_tool(name: &str, words: &[&str]) -> Outcome {
    install(name, words, |folder| {
        let folder = folder.to_string_lossy();
        let install = ["cargo", "install", "--locked", "--debug", "--root", &folder];
        let mut cargo = command(&root(), &[&install[..], words].concat());
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env_remove("CARGO_TARGET_DIR");
        run_command(&mut cargo)
    })
}

/// Installs a program into its folder, once for each list of versions.
pub(crate) fn install(
    name: &str,
    packages: &[&str],
    make: impl FnOnce(&Path) -> Outcome,
) -> Outcome {
    let folder = target().join("tools").join(name);
    let marker = folder.join("installed");
    // A virtual environment knows its own path: in a folder that was moved it must be made again.
    let wanted = format!("{} in {}", packages.join(" "), folder.display());
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    make(&folder)?;
    fs::write(&marker, wanted)
        .map_err(|error| format!("cannot write {}: {error}", marker.display()))
}

/// A cargo command in one of the repository's workspaces. Those of guests and examples share a target
/// folder, since they share most dependencies.
pub(crate) fn cargo(workspace: &str, words: &[&str]) -> Command {
    let mut all = vec!["cargo"];
    all.extend(words);
    let mut cargo = command(&root().join(workspace), &all);
    if workspace != HOST {
        cargo.env("CARGO_TARGET_DIR", target().join("workspaces"));
    }
    cargo
}
