//! The texts that a service is read from, and places in them.
//!
//! While a service is read a place is an [`At`]: a file number and byte offsets, cheap to copy into
//! every node. Lines and columns are counted only for what is shown.

use super::Location;

/// A stretch of one file, in bytes. Orders by file, then position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    file: u32,
    start: u32,
    end: u32,
}

impl At {
    pub(super) fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file: file.0, start: clamp(start), end: clamp(end.max(start)) }
    }
}

/// Which file of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u32);

/// All files read so far.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    name: String,
    text: String,
    /// Byte offset of each line's first character.
    lines: Vec<usize>,
    /// Byte offsets inside characters of several bytes.
    inner: Vec<usize>,
}

impl Sources {
    /// Takes a file in; `name` is what people are shown.
    pub(super) fn add(&mut self, name: String, text: String) -> FileId {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(starts.map(|(index, _)| index + 1)).collect();
        let inner = text.bytes().enumerate().filter(|(_, byte)| is_continuation(*byte));
        let inner = inner.map(|(index, _)| index).collect();
        self.0.push(Source { name, text, lines, inner });
        FileId(u32::try_from(self.0.len() - 1).expect("fewer than 2^32 files fit in memory"))
    }

    pub(super) fn name(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].name
    }

    pub(super) fn text(&self, file: FileId) -> &str {
        &self.0[file.0 as usize].text
    }

    /// The file's beginning: where a problem of the file as a whole is shown.
    pub(super) fn top(&self, file: FileId) -> At {
        At::new(file, 0, 0)
    }

    /// Line and column of a place.
    pub(super) fn locate(&self, at: At) -> Location {
        let source = &self.0[at.file as usize];
        let (line, start) = source.line_of(at.start as usize);
        let offset = source.floor(at.start as usize);
        Location {
            file: source.name.clone(),
            line: line + 1,
            column: source.characters(start, offset) + 1,
        }
    }

    /// The line that a place begins in, without its line break, and how many of the line's characters
    /// the place covers, at least one.
    pub(super) fn line(&self, at: At) -> (&str, usize) {
        let source = &self.0[at.file as usize];
        let (line, start) = source.line_of(at.start as usize);
        let end = source.lines.get(line + 1).map_or(source.text.len(), |next| next - 1);
        let text = source.text[start..end.max(start)].trim_end_matches('\r');
        let from = source.floor(at.start as usize).clamp(start, start + text.len());
        let to = source.floor(at.end as usize).clamp(from, start + text.len());
        (text, source.characters(from, to).max(1))
    }
}

impl Source {
    /// Index and first byte of the line that holds `offset`.
    fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset) - 1;
        (line, self.lines[line])
    }

    /// How many characters there are between two boundaries. Counting them each time would take
    /// quadratic time in an included file that is one long line.
    fn characters(&self, from: usize, to: usize) -> usize {
        let inner_before = |offset| self.inner.partition_point(|inner| *inner < offset);
        let to = to.max(from);
        to - from - (inner_before(to) - inner_before(from))
    }

    /// The nearest character boundary at or before `offset`.
    fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset.min(self.text.len()))
    }
}

/// Whether `byte` is inside a character of UTF-8 and does not begin it.
fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_columns_in_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml".into(), "x = 1\r\nnäme = 2\n".into());
        let at = At::new(file, 10, 12);
        assert_eq!(sources.locate(at).to_string(), "a.toml:2:3");
        assert_eq!(sources.line(at), ("näme = 2", 2));
        assert_eq!(sources.line(sources.top(file)), ("x = 1", 1));
        let beyond = At::new(file, 900, 901);
        assert_eq!(sources.locate(beyond).to_string(), "a.toml:3:1");
    }
}
