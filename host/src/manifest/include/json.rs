//! Reads JSON (RFC 8259) into the tree, with places. Stops at the first error.

use serde_json::Number;

use super::MAX_DEPTH;
use crate::manifest::node::{Content, Entry, Node, Table};
use crate::manifest::problem::{Complaint, Problems, complaint};
use crate::manifest::source::{At, FileId, Sources};

/// The file's value, or none when its syntax is broken.
pub(super) fn read(sources: &Sources, file: FileId, problems: &mut Problems) -> Option<Node> {
    let text = sources.text(file);
    // Some editors begin a file with a byte order mark.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { sources, file, text, position: start, problems };
    let value = reader.value(0).and_then(|value| {
        reader.skip_space();
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.error("expected the end of the file")),
        }
    });
    value.map_err(|(at, complaint)| reader.problems.add(at, complaint)).ok()
}

struct Reader<'a> {
    sources: &'a Sources,
    file: FileId,
    text: &'a str,
    position: usize,
    problems: &'a mut Problems,
}

type Read<T> = Result<T, (At, Complaint)>;

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn at(&self, start: usize) -> At {
        At::new(self.file, start, self.position)
    }

    fn error(&self, message: &str) -> (At, Complaint) {
        let at = At::new(self.file, self.position, self.position + 1);
        if self.position >= self.text.len() {
            return (at, format!("the file ends too early: {message}").into());
        }
        (at, message.into())
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        self.skip_space();
        if depth > MAX_DEPTH {
            return Err(self.error("the values are nested too deeply"));
        }
        let start = self.position;
        let content = match self.peek() {
            Some(b'{') => Content::Table(self.table(depth)?),
            Some(b'[') => Content::List(self.list(depth)?),
            Some(b'"') => Content::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Content::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Node::new(self.at(start), content))
    }

    fn table(&mut self, depth: usize) -> Read<Table> {
        let mut table = Table::new();
        self.position += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.position += 1;
            return Ok(table);
        }
        loop {
            self.skip_space();
            let start = self.position;
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let name = self.string()?;
            let key = self.at(start);
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.error("expected `:` after the key"));
            }
            self.position += 1;
            let node = self.value(depth + 1)?;
            if let Some(first) = table.get(&name) {
                self.problems.add(key, duplicate(self.sources, &name, first));
            } else {
                table.insert(name, Entry { key, node });
            }
            if self.ends(b'}', "expected `,` or `}`")? {
                return Ok(table);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Read<Vec<Node>> {
        let mut items = Vec::new();
        self.position += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.position += 1;
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']', "expected `,` or `]`")? {
                return Ok(items);
            }
        }
    }

    /// Takes a comma or the closing mark; true for the latter.
    fn ends(&mut self, close: u8, message: &str) -> Read<bool> {
        self.skip_space();
        let next = self.peek();
        if next != Some(b',') && next != Some(close) {
            return Err(self.error(message));
        }
        self.position += 1;
        Ok(next == Some(close))
    }

    fn string(&mut self) -> Read<String> {
        let start = self.position;
        self.position += 1;
        loop {
            match self.peek() {
                None => return Err(self.error("expected the string's closing `\"`")),
                Some(b'"') => break,
                Some(b'\\') => self.position += 2,
                Some(0..=0x1f) => {
                    return Err(self.error("a control character in a string must be escaped"));
                }
                Some(_) => self.position += 1,
            }
        }
        self.position += 1;
        let raw = &self.text[start..self.position];
        if !raw.contains('\\') {
            return Ok(raw[1..raw.len() - 1].to_owned());
        }
        serde_json::from_str(raw)
            .map_err(|_| (self.at(start), "the string holds a bad escape".into()))
    }

    fn number(&mut self) -> Read<Number> {
        let start = self.position;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.position += 1;
        }
        let raw = &self.text[start..self.position];
        raw.parse().map_err(|_| (self.at(start), format!("`{raw}` is not a number").into()))
    }

    fn word(&mut self) -> Read<Content> {
        for (word, content) in [
            ("true", Content::Bool(true)),
            ("false", Content::Bool(false)),
            ("null", Content::Null),
        ] {
            if self.text[self.position..].starts_with(word) {
                self.position += word.len();
                return Ok(content);
            }
        }
        Err(self.error("expected a value"))
    }
}

/// A key that is there twice.
pub(super) fn duplicate(sources: &Sources, name: &str, first: &Entry) -> Complaint {
    let name = name.escape_debug();
    complaint(
        format!("the key `{name}` is there twice"),
        format!("the first is at {}", sources.locate(first.key)),
    )
}
