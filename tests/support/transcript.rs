//! Commands and what they print, as on a terminal, for snapshots.

use std::fmt::Write as _;
use std::iter::Peekable;

use super::{Finished, Project};

/// A session in a project's folder.
pub struct Transcript<'a> {
    project: &'a Project,
    text: String,
}

impl<'a> Transcript<'a> {
    /// An empty session.
    pub fn new(project: &'a Project) -> Self {
        Self { project, text: String::new() }
    }

    /// Runs `phalanx LINE`, which must exit with `code`, and notes all that it prints: progress and
    /// errors first, as they come, and the result below.
    pub fn run(&mut self, code: i32, line: &str) -> Finished {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let finished = self.project.phalanx_with(&words).exits(code);
        let end = if code == 0 { String::new() } else { format!("[exit code {code}]\n") };
        let (stderr, stdout) =
            (without_digests(&finished.stderr), without_digests(&finished.stdout));
        writeln!(self.text, "$ phalanx {line}\n{stderr}{stdout}{end}").unwrap();
        finished
    }

    /// All that was noted.
    pub fn text(&self) -> &str {
        self.text.trim_end()
    }
}

/// The words of a command line, with quotes as in a shell.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (character, quote) {
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, Some(open)) if open == character => quote = None,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Replaces digests, which differ when a compiler does: 12 hexadecimal digits or more. An account's
/// number is none.
pub fn without_digests(text: &str) -> String {
    let is_hex = |character: char| matches!(character, '0'..='9' | 'a'..='f');
    let (mut clean, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(is_hex) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|character| !is_hex(character)).unwrap_or(from.len());
        clean.push_str(before);
        let digits = &from[..length];
        let digest = length >= 12 && digits.contains(|character: char| character.is_alphabetic());
        clean.push_str(if digest { "[DIGEST]" } else { digits });
        rest = &from[length..];
    }
    clean + rest
}

#[test]
fn digests_and_quotes() {
    assert_eq!(without_digests("sha256:0123456789abcdef, dead beef"), "sha256:[DIGEST], dead beef");
    assert_eq!(words(r#"invoke a -d '{ "x": 1 }' """#), ["invoke", "a", "-d", r#"{ "x": 1 }"#, ""]);
}

/// What a page shows below a command, up to the next one or the end of the block.
pub fn shown<'a>(lines: &mut Peekable<impl Iterator<Item = &'a str>>) -> String {
    let mut shown = String::new();
    while let Some(line) = lines.next_if(|line| !line.starts_with("$ ") && *line != "```") {
        shown.push_str(line);
        shown.push('\n');
    }
    shown
}

/// What a page shall show: what it shows, unless something else is printed by now. Times, sizes and digests differ
/// from machine to machine: they are shown, not compared.
pub fn up_to_date(shown: String, printed: String) -> String {
    if comparable(&shown) == comparable(&printed) { shown } else { printed }
}

/// The text with `…` for every digest, time, size and address.
fn comparable(text: &str) -> String {
    let text = without_digests(text).replace("[DIGEST]", "…");
    let mut words = Vec::new();
    for line in text.lines() {
        let mut line: Vec<&str> = line.trim_end().split(' ').collect();
        for word in &mut line {
            if word.contains(".execute-api.") {
                *word = "…";
            }
        }
        for index in 1..line.len() {
            let unit = line[index].trim_end_matches([')', ',']);
            let number = line[index - 1].trim_start_matches('(');
            if ["ms", "s", "B", "KiB", "MiB"].contains(&unit) && number.parse::<f64>().is_ok() {
                (line[index - 1], line[index]) = ("…", "…");
            }
        }
        words.push(line.join(" "));
    }
    words.join("\n")
}
