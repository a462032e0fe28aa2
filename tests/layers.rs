//! The shape of the source tree, held by tests: layers point one way, files stay small and say what
//! they are for.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::repository;

/// Each module of `host/src` with its layer; a module uses only lower layers, or what
/// [`SIBLINGS`] names.
const LAYERS: [(&str, u8); 18] = [
    ("digest", 0),
    ("fs", 0),
    ("hint", 0),
    ("report", 0),
    ("settings", 0),
    ("text", 0),
    ("manifest", 1),
    ("template", 1),
    ("context", 1),
    ("build", 2),
    ("package", 2),
    ("registry", 2),
    ("docker", 2),
    ("cloud", 2),
    ("invoke", 2),
    ("plugin", 3),
    ("pipeline", 4),
    ("cli", 5),
];

/// Uses within one layer that are meant: from, to.
const SIBLINGS: [(&str, &str); 6] = [
    ("hint", "text"),
    ("fs", "hint"),
    ("report", "text"),
    ("template", "manifest"),
    ("context", "template"),
    ("template", "context"),
];

/// Lines of one file at most, without its tests.
const MAX_LINES: usize = 500;

/// The text without its unit tests, which stand at the end.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = repository().join("host/src");
    walkdir::WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.path().strip_prefix(&root).unwrap().to_owned(), text)
        })
        .collect()
}

/// The module that a file belongs to: the first part of its path.
fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Every `crate::x` and, in the binary, `phalanx::x`, with its line. Unit tests may use what they like.
fn uses(own: &str, text: &str) -> Vec<(usize, String)> {
    // In the library, `phalanx::` is the package of the plugin contract.
    let markers = if own == "cli" { ["crate::", " phalanx::"] } else { ["crate::"; 2] };
    let mut found = Vec::new();
    for (index, line) in product(text).lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for marker in markers {
            for (start, _) in line.match_indices(marker) {
                let name: String = line[start + marker.len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                found.push((index + 1, name));
            }
        }
    }
    found
}

#[test]
fn modules_use_only_lower_layers() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = module_of(&path);
        if ["lib", "main"].contains(&own.as_str()) {
            continue;
        }
        let own_layer = layer(&own).unwrap_or_else(|| panic!("`{own}` has no layer in this test"));
        for (line, used) in uses(&own, &text) {
            let Some(used_layer) = layer(&used).filter(|_| used != own) else { continue };
            let meant = SIBLINGS.contains(&(own.as_str(), used.as_str())) || own_layer == 0;
            if used_layer > own_layer || (used_layer == own_layer && !meant) {
                wrong.push(format!("{}:{line}: `{own}` must not use `{used}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn foreign_types_stay_in_their_folder() {
    let owners = [
        ("wasmtime", "plugin"),
        ("wasmtime_wasi", "plugin"),
        ("aws_config", "cloud"),
        ("aws_sdk_cloudformation", "cloud"),
        ("aws_sdk_s3", "cloud"),
        ("aws_sdk_ecr", "cloud"),
        ("aws_sigv4", "cloud"),
        ("bollard", "docker"),
        ("clap", "cli"),
        ("indicatif", "cli"),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (library, owner) in owners {
            let used = product(&text).contains(&format!(" {library}::"));
            if used && module_of(&path) != owner {
                wrong.push(format!("{}: `{library}` belongs to `{owner}/`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let shown = path.display();
        if !text.starts_with("//!") && !text.starts_with("#![doc") {
            wrong.push(format!("{shown}: no prologue"));
        }
        let lines = product(&text).lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{shown}: {lines} lines; is it two rooms?"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
