//! Reads TOML into the tree. All syntax errors of the file are reported, not only the first.

use serde_json::Number;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Content, Entry, Node, Table};
use super::problem::{Problems, complaint};
use super::source::{At, FileId, Sources};

/// The file's root table, or none when its syntax is broken.
pub(super) fn read(sources: &Sources, file: FileId, problems: &mut Problems) -> Option<Node> {
    let text = sources.text(file);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        problems.add(At::new(file, span.start, span.end), error.message());
    }
    let table = convert_table(file, root.into_inner(), problems);
    errors.is_empty().then(|| Node::new(sources.top(file), Content::Table(table)))
}

fn convert_table(file: FileId, table: DeTable<'_>, problems: &mut Problems) -> Table {
    let entry = |(key, value): (Spanned<std::borrow::Cow<'_, str>>, Spanned<DeValue<'_>>)| {
        let span = key.span();
        let node = convert(file, value, problems);
        let name = key.into_inner().into_owned();
        (name, Entry { key: At::new(file, span.start, span.end), node })
    };
    table.into_iter().map(entry).collect()
}

fn convert(file: FileId, value: Spanned<DeValue<'_>>, problems: &mut Problems) -> Node {
    let span = value.span();
    let at = At::new(file, span.start, span.end);
    let content = match value.into_inner() {
        DeValue::String(text) => Content::Text(text.into_owned()),
        DeValue::Boolean(bool) => Content::Bool(bool),
        // `Version = 2012-10-17` in a policy: CloudFormation wants the text.
        DeValue::Datetime(datetime) => Content::Text(datetime.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Content::Number(number.into()),
            Err(_) => {
                problems.add(
                    at,
                    complaint(
                        format!("the integer `{integer}` is too large"),
                        "write it as a string",
                    ),
                );
                Content::Null
            }
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Content::Number(number),
            None => {
                problems.add(at, format!("the number `{float}` has no counterpart in JSON"));
                Content::Null
            }
        },
        DeValue::Array(items) => {
            Content::List(items.into_iter().map(|item| convert(file, item, problems)).collect())
        }
        DeValue::Table(table) => Content::Table(convert_table(file, table, problems)),
    };
    Node::new(at, content)
}
