//! Makes the page of hooks, objects and capabilities from the comments of `wit/pipeline.wit`.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::golden;

#[test]
fn the_page_of_the_contract() {
    let wit = super::read(Path::new("wit/pipeline.wit"));
    let mut page = Page { text: String::new(), about: Vec::new() };
    let mut lines = wit.lines().map(str::trim);
    while let Some(line) = lines.next() {
        page.line(line, &mut lines);
    }
    golden::assert_file("docs/reference/contract.md", &page.text.replace("\n\n\n", "\n\n"));
}

struct Page<'a> {
    text: String,
    /// The comment that belongs to what comes next.
    about: Vec<&'a str>,
}

impl<'a> Page<'a> {
    /// One line of the WIT, and those that belong to it.
    fn line(&mut self, line: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
        if let Some(comment) = line.strip_prefix("///") {
            self.about.push(comment.trim());
        } else if let Some(comment) = line.strip_prefix("// ---- ") {
            self.part(comment);
        } else if let Some(package) = line.strip_prefix("package ") {
            let about = self.about();
            let package = package.trim_end_matches(';');
            self.add(format_args!(
                "# Hooks, objects and capabilities\n\nMade from `wit/pipeline.wit`, the contract \
                 `{package}`, by `tests/book/contract.rs`.\n\n{about}\n\n## Values\n"
            ));
        } else if let Some(name) = opens(line, "interface") {
            let about = self.about();
            self.add(format_args!("\n### `{name}`\n\n{about}\n"));
        } else if let Some(name) = opens(line, "record") {
            self.record(name, rest);
        } else if let Some(name) = opens(line, "world") {
            self.world(name, rest);
        } else if let Some(alias) = line.strip_prefix("type ") {
            let (name, of) = alias.trim_end_matches(';').split_once(" = ").unwrap();
            let about = self.about();
            self.add(format_args!("\n- `{name}`, a `{of}`: {about}"));
        } else if let Some((name, signature)) = line.split_once(": func") {
            let (name, signature) = (name.trim_start_matches('%'), signature.trim_end_matches(';'));
            assert!(line.ends_with(';'), "a function is told in one line: {line}");
            let about = self.about();
            let colon = if about.is_empty() { "" } else { ": " };
            let about = about.replace('\n', "\n  ");
            self.add(format_args!("\n- `{name}{signature}`{colon}{about}"));
        } else {
            let is_known = matches!(line, "" | "}") || line.starts_with("use ");
            assert!(is_known, "what is `{line}`?");
            if line == "}" {
                self.text.push('\n');
            }
        }
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).unwrap();
    }

    /// The comment, which is used up.
    fn about(&mut self) -> String {
        let lines = std::mem::take(&mut self.about);
        let paragraphs = lines.split(|line| line.is_empty()).map(|lines| lines.join("\n"));
        paragraphs.collect::<Vec<_>>().join("\n\n")
    }

    /// `Hooks. A plugin exports any of these; …` begins a part, and is gone on with in the next line.
    fn part(&mut self, comment: &str) {
        match comment.split_once(". ").filter(|(title, _)| !title.contains(' ')) {
            Some((title, rest)) => self.add(format_args!("\n## {title}\n\n{rest}\n")),
            None => self.add(format_args!("{comment}\n")),
        }
    }

    /// A table of fields.
    fn record(&mut self, name: &str, rest: &mut impl Iterator<Item = &'a str>) {
        let about = self.about();
        let space = if about.is_empty() { "" } else { ": " };
        self.add(format_args!(
            "\n\nRecord `{name}`{space}{about}\n\n| field | type | |\n|---|---|---|\n"
        ));
        for line in rest.take_while(|line| *line != "}") {
            if let Some(comment) = line.strip_prefix("///") {
                self.about.push(comment.trim());
                continue;
            }
            let (field, kind) = line.trim_end_matches(',').split_once(": ").unwrap();
            let about = self.about().replace('\n', " ").replace('|', "\\|");
            self.add(format_args!(
                "| `{}` | `{kind}` | {about} |\n",
                field.trim_start_matches('%')
            ));
        }
    }

    fn world(&mut self, name: &str, rest: &mut impl Iterator<Item = &'a str>) {
        if !self.text.contains("\n## Worlds\n") {
            self.text.push_str("\n## Worlds\n");
        }
        let about = self.about();
        let lines: Vec<_> = rest.take_while(|line| *line != "}").collect();
        let list = |word: &str| {
            let names = lines.iter().filter_map(|line| line.strip_prefix(word));
            let names = names.map(|name| format!("`{}`", name.trim_end_matches(';')));
            names.collect::<Vec<_>>().join(", ")
        };
        let (imports, exports) = (list("import "), list("export "));
        self.add(format_args!(
            "\n### `{name}`\n\n{about}\n\n- imports {imports}\n- exports {exports}\n"
        ));
    }
}

/// `interface run {`
fn opens<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix(word)?.strip_prefix(' ')?.strip_suffix(" {")
}
