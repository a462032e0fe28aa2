//! `docs/first-plugin`: each page is gone through as its reader would, with the toolchain of its language. Only the
//! set-up of the tools is not run again; it must be what `plugin new` says.

use std::path::PathBuf;
use std::process::Command;

use crate::support::transcript::{shown, up_to_date};
use crate::support::{Language, Project, golden, words};

#[test]
fn in_rust() {
    follow(Language::Rust);
}

#[test]
fn in_python() {
    follow(Language::Python);
}

#[test]
fn in_javascript() {
    follow(Language::JavaScript);
}

#[test]
fn in_typescript() {
    follow(Language::TypeScript);
}

#[test]
fn in_go() {
    follow(Language::Go);
}

#[test]
fn in_c() {
    follow(Language::C);
}

/// Goes through the page of a language, and holds it to what happens.
fn follow(language: Language) {
    if !language.is_there() {
        return;
    }
    let path = format!("docs/first-plugin/{}.md", language.name());
    let text = super::read(path.as_ref());
    let mut reader = Reader {
        language,
        project: Project::new(""),
        folder: PathBuf::new(),
        set_up: String::new(),
    };
    let mut new = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        if let Some((_, file)) = line.strip_prefix("```").and_then(|info| info.split_once(' ')) {
            let mut block = String::new();
            while let Some(line) = lines.next_if(|line| *line != "```") {
                block.push_str(line);
                block.push('\n');
            }
            reader.file(file, &block);
            new.push_str(&block);
        }
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let shown = shown(&mut lines);
        let printed = reader.run(command);
        new.push_str(&up_to_date(shown, printed));
    }
    golden::assert_file(&path, &new);
}

/// Who follows a page.
struct Reader {
    language: Language,
    project: Project,
    /// Where they are, in the project.
    folder: PathBuf,
    /// What `plugin new` has told them to do.
    set_up: String,
}

impl Reader {
    /// A file that the page shows: the manifest is written, and everything else is quoted from what is there.
    fn file(&self, file: &str, block: &str) {
        let path = self.folder.join(file);
        let path = path.to_str().unwrap();
        if file == "phalanx.toml" {
            return self.project.write(path, block);
        }
        let whole = self.project.read(path);
        assert!(whole.contains(block), "{file} has not\n{block}");
    }

    /// What a command prints.
    fn run(&mut self, command: &str) -> String {
        if let Some(folder) = command.strip_prefix("cd ") {
            match folder {
                ".." => drop(self.folder.pop()),
                folder => self.folder.push(folder),
            }
            return String::new();
        }
        let Some(own) = command.strip_prefix("phalanx ") else {
            assert!(self.set_up.contains(command), "`plugin new` says\n{}", self.set_up);
            return String::new();
        };
        let words = words(own);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let run: Command = self.project.phalanx_with(&words).own_cache().into_command();
        let printed = self.printed(run);
        if own.starts_with("plugin new ") {
            self.set_up.clone_from(&printed);
            self.language.link(&self.project.root().join("keep-messages"), "first-plugin");
        }
        printed
    }

    fn printed(&self, mut run: Command) -> String {
        let output = run.current_dir(self.project.root().join(&self.folder)).output().unwrap();
        let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        let said = said.replace(self.project.root().to_str().unwrap(), "…");
        // What the toolchain says is its own affair.
        let lines = said.lines().filter(|line| !line.starts_with("build plugin |"));
        lines.map(|line| line.to_owned() + "\n").collect()
    }
}
