//! Makes the reference pages from the program itself, so that they are never out of date.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::support::{Project, golden};

#[test]
fn the_page_of_commands() {
    let project = Project::new("");
    let help = |words: &[&str]| {
        let words = [words, &["--help"]].concat();
        project
            .phalanx_with(&words)
            .succeeds()
            .stdout
            .lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let main = help(&[]);
    let mut page = format!(
        "# Commands\n\nMade from the program's own help by `tests/reference.rs`.\n\n\
         ```text\n{main}\n```\n"
    );
    let mut section = |words: &[&str], about: &str| {
        // Options of every command are told once, above.
        let own = about.split("\nGlobal options:").next().unwrap().trim_end();
        write!(page, "\n## phalanx {}\n\n```text\n{own}\n```\n", words.join(" ")).unwrap();
    };
    for command in commands(&main) {
        let about = help(&[command]);
        section(&[command], &about);
        for below in commands(&about) {
            section(&[command, below], &help(&[command, below]));
        }
    }
    golden::assert_file("docs/reference/cli.md", &page);
}

/// The names in the list of commands of a help text.
fn commands(help: &str) -> impl Iterator<Item = &str> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let list = list.split("\n\n").next().unwrap_or_default();
    // What goes on in a second line is indented further.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help")
}

#[test]
fn the_page_of_manifest_keys() {
    let schema = Project::new("").phalanx("schema").succeeds().json();
    let mut page =
        "# The manifest: `phalanx.toml`\n\nMade from `phalanx schema` by `tests/reference.rs`. \
                    `NAME` stands for a name of yours; unknown keys are errors.\n"
            .to_owned();
    tables(&mut page, "", &schema);
    golden::assert_file("docs/reference/manifest.md", &page);
}

#[test]
fn the_pages_of_other_files() {
    let files = [
        ("policy", "Policies", "docs/reference/policy.md"),
        ("plugin", "A plugin's project: `plugin.toml`", "docs/reference/plugin.md"),
        ("case", "A case of a plugin's tests: `case.toml`", "docs/reference/case.md"),
    ];
    for (file, title, path) in files {
        let schema = Project::new("").phalanx(&format!("schema {file}")).succeeds().json();
        let made = "by `tests/reference.rs`; unknown keys are errors.";
        let mut page = format!("# {title}\n\nMade from `phalanx schema {file}` {made}\n");
        tables(&mut page, "", &schema);
        golden::assert_file(path, &page);
    }
}

/// A section for a table, then one for each table in it.
fn tables(page: &mut String, path: &str, schema: &Value) {
    // A stage repeats every key with the same meaning.
    if path.starts_with("stages.NAME.") {
        return;
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let title = if path.is_empty() { "The file".to_owned() } else { format!("`{path}`") };
    write!(page, "\n## {title}\n\n| key | type | default | |\n|---|---|---|---|\n").unwrap();
    for (key, property) in properties {
        let default = property.get("default").map(|value| format!("`{value}`"));
        let required =
            schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
        let default = if required { "required".to_owned() } else { default.unwrap_or_default() };
        let about = property["description"].as_str().unwrap_or_default().replace('|', "\\|");
        writeln!(page, "| `{key}` | {} | {default} | {about} |", kind(property)).unwrap();
    }
    for (key, property) in properties {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        tables(page, &path, property);
        tables(page, &format!("{path}.NAME"), &property["additionalProperties"]);
        tables(page, &format!("{path}[]"), &property["items"]);
    }
}

/// A schema's type, for people.
fn kind(schema: &Value) -> String {
    let choice = |values: &[Value]| {
        values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
    };
    if let Some(values) = schema["enum"].as_array() {
        return choice(values);
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        let units = kinds.iter().find_map(|kind| kind["pattern"].as_str());
        let units = units.and_then(|pattern| pattern.split('(').nth(1)?.split(')').next());
        return format!("number, or text with {}", units.unwrap_or_default().replace('|', ", "));
    }
    let empty = Map::new();
    match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        Value::String(list) if list == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(object) if object == "object" => {
            let object = schema.as_object().unwrap_or(&empty);
            match object.get("additionalProperties") {
                Some(values @ Value::Object(_)) => format!("table of {}", kind(values)),
                _ => "table".to_owned(),
            }
        }
        Value::String(number) if number == "integer" => {
            match (&schema["minimum"], &schema["maximum"]) {
                (Value::Null, _) | (_, Value::Null) => "integer".to_owned(),
                (min, max) => format!("{min} to {max}"),
            }
        }
        Value::String(kind) => kind.clone(),
        _ => "any".to_owned(),
    }
}
