//! Reads CloudFormation's YAML into the tree, with places: YAML with short tags, and plain scalars as
//! CloudFormation takes them. Stops at the first error.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::Number;

use super::json::duplicate;
use super::{MAX_DEPTH, tags};
use crate::manifest::node::{Content, Entry, Node, Table};
use crate::manifest::problem::{Complaint, Problems, complaint};
use crate::manifest::source::{At, FileId, Sources};

/// Nodes that aliases may add to a file; beyond it they are a "billion laughs" and no template.
const MAX_ALIASED: usize = 100_000;

/// The file's value, or none when its syntax is broken.
pub(super) fn read(sources: &Sources, file: FileId, problems: &mut Problems) -> Option<Node> {
    let text = sources.text(file);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        sources,
        file,
        offsets: Offsets::of(sources.text(file), text),
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        aliased: 0,
        problems,
    };
    reader.document().map_err(|(at, complaint)| reader.problems.add(at, complaint)).ok()
}

struct Reader<'a> {
    sources: &'a Sources,
    file: FileId,
    offsets: Offsets,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Anchor>,
    aliased: usize,
    problems: &'a mut Problems,
}

struct Anchor {
    node: Node,
    /// Nodes in it.
    size: usize,
    /// Levels of nesting in it.
    height: usize,
}

type Read<T> = Result<T, (At, Complaint)>;

impl<'a> Reader<'a> {
    fn at(&self, span: Span) -> At {
        let start = self.offsets.byte(span.start.index());
        At::new(self.file, start, self.offsets.byte(span.end.index()))
    }

    fn next(&mut self) -> Read<(Event<'a>, At)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.at(span))),
            Some(Err(error)) => {
                let start = self.offsets.byte(error.marker().index());
                let at = At::new(self.file, start, start + 1);
                Err((at, format!("this is not YAML: {}", error.info()).into()))
            }
            None => Ok((Event::StreamEnd, At::new(self.file, 0, 0))),
        }
    }

    fn document(&mut self) -> Read<Node> {
        let mut root = None;
        loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                _ if root.is_some() => {
                    let hint = "put the second one into a file of its own";
                    return Err((at, complaint("a file holds only one document", hint)));
                }
                event => root = Some(self.node(event, at, 0)?),
            }
        }
        let empty = || Node::new(self.sources.top(self.file), Content::Null);
        Ok(root.unwrap_or_else(empty))
    }

    fn node(&mut self, event: Event<'a>, at: At, depth: usize) -> Read<Node> {
        if depth > MAX_DEPTH {
            return Err((at, "the values are nested too deeply".into()));
        }
        match event {
            Event::Alias(id) => self.alias(id, at, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let node =
                    self.tagged(tag.as_deref(), at, |core| scalar(&text, plain, core, at))?;
                Ok(self.anchored(anchor, node))
            }
            Event::SequenceStart(anchor, tag) => {
                let mut items = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    if event == Event::SequenceEnd {
                        break;
                    }
                    items.push(self.node(event, at, depth + 1)?);
                }
                let node = Node::new(at, Content::List(items));
                let node = self.tagged(tag.as_deref(), at, |_| Ok(node))?;
                Ok(self.anchored(anchor, node))
            }
            Event::MappingStart(anchor, tag) => {
                let table = self.mapping(depth)?;
                let node = Node::new(at, Content::Table(table));
                let node = self.tagged(tag.as_deref(), at, |_| Ok(node))?;
                Ok(self.anchored(anchor, node))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Err((at, "the file ends too early".into())),
        }
    }

    fn mapping(&mut self, depth: usize) -> Read<Table> {
        let mut table = Table::new();
        loop {
            let (event, key) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok(table),
                Event::Scalar(text, style, _, None) => {
                    if text == "<<" && style == ScalarStyle::Plain {
                        let hint = "write the keys out, or use an alias for a whole value";
                        let message = "merge keys (`<<`) are not part of CloudFormation's YAML";
                        return Err((key, complaint(message, hint)));
                    }
                    text.into_owned()
                }
                _ => return Err((key, "a key must be plain text".into())),
            };
            let (event, at) = self.next()?;
            let node = self.node(event, at, depth + 1)?;
            if let Some(first) = table.get(&name) {
                self.problems.add(key, duplicate(self.sources, &name, first));
            } else {
                table.insert(name, Entry { key, node });
            }
        }
    }

    /// `make` is told the tag of YAML itself, such as `str`, if there is one.
    fn tagged(
        &mut self,
        tag: Option<&Tag>,
        at: At,
        make: impl FnOnce(Option<&str>) -> Result<Node, Complaint>,
    ) -> Read<Node> {
        let made = match tag {
            None => make(None),
            Some(tag) if tag.is_yaml_core_schema() => make(Some(&tag.suffix)),
            // `! text`: surely a string.
            Some(tag) if tag.suffix.is_empty() || tag.suffix == "!" => make(Some("str")),
            Some(tag) if tag.handle == "!" => {
                make(None).and_then(|argument| tags::expand(&tag.suffix, at, argument))
            }
            Some(tag) => Err(format!("unknown tag `{tag}`").into()),
        };
        made.map_err(|complaint| (at, complaint))
    }

    fn anchored(&mut self, id: usize, node: Node) -> Node {
        if id > 0 {
            let (size, height) = extent(&node);
            self.anchors.insert(id, Anchor { node: node.clone(), size, height });
        }
        node
    }

    fn alias(&mut self, id: usize, at: At, depth: usize) -> Read<Node> {
        let Some(anchor) = self.anchors.get(&id) else {
            return Err((at, "the alias stands inside what it names".into()));
        };
        self.aliased += anchor.size;
        if self.aliased > MAX_ALIASED {
            return Err((at, "the file's aliases expand to too much".into()));
        }
        if depth + anchor.height > MAX_DEPTH {
            return Err((at, "the values are nested too deeply".into()));
        }
        Ok(anchor.node.clone())
    }
}

/// Nodes and levels of nesting.
fn extent(node: &Node) -> (usize, usize) {
    let children: Vec<_> = match &node.content {
        Content::List(items) => items.iter().map(extent).collect(),
        Content::Table(table) => table.values().map(|entry| extent(&entry.node)).collect(),
        Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => Vec::new(),
    };
    children
        .into_iter()
        .fold((1, 0), |(size, height), (nodes, levels)| (size + nodes, height.max(levels + 1)))
}

fn scalar(text: &str, plain: bool, tag: Option<&str>, at: At) -> Result<Node, Complaint> {
    let content = match tag {
        None if plain => resolve(text),
        None | Some("str") => Content::Text(text.to_owned()),
        Some("bool" | "int" | "float" | "null") => resolve(text),
        Some(other) => return Err(format!("unknown tag `!!{other}`").into()),
    };
    Ok(Node::new(at, content))
}

/// What a scalar without quotes is. Only what JSON would write the same way is a number: `0123` is an
/// account, `3.10` a version and `2012-10-17` a policy's version, and CloudFormation takes numbers
/// as strings anyway. `yes` and `on` are text, as in CloudFormation.
fn resolve(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" => return Content::Bool(true),
        "false" | "False" | "FALSE" => return Content::Bool(false),
        _ => {}
    }
    let numeric = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    match text.parse::<Number>().ok().filter(|_| numeric) {
        Some(number) if number.to_string() == text => Content::Number(number),
        _ => Content::Text(text.to_owned()),
    }
}

/// From characters, which the YAML parser counts, to bytes.
struct Offsets {
    /// Byte of each character, when they are not the same.
    bytes: Option<Vec<usize>>,
    /// Bytes before the text: a byte order mark.
    before: usize,
}

impl Offsets {
    fn of(whole: &str, text: &str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
        Self { bytes, before: whole.len() - text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        let byte = match &self.bytes {
            None => character,
            Some(bytes) => bytes.get(character).or(bytes.last()).copied().unwrap_or(0),
        };
        byte + self.before
    }
}
