//! Holds a tree against the [`keys`](super::keys): types, unknown and missing keys, ranges, formats.
//!
//! Knows nothing of how keys depend on each other across tables; [`super::cross`] does.

use std::fmt;

use super::node::{Content, Node, Table};
use super::problem::{Complaint, Problems, complaint, did_you_mean, quoted, suggest};
use super::shape::{Shape, TableShape, Text};
use super::source::At;

/// How much of a table must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// All of it.
    Full,
    /// A stage's override: any part.
    Override,
    /// A table with a stage's override laid on top; both have been checked alone, so only what is
    /// missing counts.
    Merged,
}

/// Dotted name of a value, for messages.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, name) => {
                if !matches!(parent, Self::Root) {
                    write!(f, "{parent}.")?;
                }
                let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                if !name.is_empty() && name.chars().all(bare) {
                    f.write_str(name)
                } else {
                    write!(f, "\"{}\"", name.escape_debug())
                }
            }
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl Path<'_> {
    /// `` in `functions.hello` ``, or `at the top level`.
    fn inside(&self) -> String {
        match self {
            Self::Root => "at the top level".into(),
            path => format!("in `{path}`"),
        }
    }
}

/// Reports all that is wrong with `node`. What is missing is reported at `here`, the node's key.
pub(super) fn check(
    problems: &mut Problems,
    mode: Mode,
    path: &Path<'_>,
    here: At,
    node: &Node,
    shape: &Shape,
) {
    let mut wrong = |complaint: Complaint| {
        if mode != Mode::Merged {
            problems.add(node.at, named(path, complaint));
        }
    };
    match (shape, &node.content) {
        (Shape::Bool, Content::Bool(_)) | (Shape::ParameterValue, Content::Table(_)) => {}
        (Shape::Integer { min, max }, Content::Number(number)) if !number.is_f64() => {
            if !number.as_i64().is_some_and(|number| (*min..=*max).contains(&number)) {
                wrong(format!("must be between {min} and {max}").into());
            }
        }
        (Shape::Integers(allowed), Content::Number(number)) if !number.is_f64() => {
            if !number.as_i64().is_some_and(|number| allowed.contains(&number)) {
                let list: Vec<_> = allowed.iter().map(i64::to_string).collect();
                let hint = format!("the values are {}", list.join(", "));
                wrong(complaint(format!("cannot be {number}"), hint));
            }
        }
        (Shape::Choice(words), Content::Text(text)) => {
            if !words.contains(&text.as_str()) {
                let hint = suggest(text, "values", words.iter().copied());
                wrong(complaint(format!("cannot be `{text}`"), hint));
            }
        }
        (Shape::Quantity(quantity), Content::Number(number)) if !number.is_f64() => {
            if let Err(complaint) = quantity.parse(node) {
                wrong(complaint);
            }
        }
        (Shape::Quantity(quantity), Content::Text(_)) => {
            if let Err(complaint) = quantity.parse(node) {
                wrong(complaint);
            }
        }
        (Shape::Text(rules) | Shape::Scalar(rules), Content::Text(text)) => {
            if let Err(complaint) = (rules.check)(text) {
                wrong(complaint);
            }
        }
        (Shape::Scalar(_) | Shape::ParameterValue, Content::Bool(_) | Content::Number(_))
        | (Shape::ParameterValue, Content::Text(_)) => {}
        (Shape::ParameterValue, Content::List(items)) => {
            if items.iter().any(|item| item.scalar().is_none()) {
                wrong("must be a list of strings".into());
            }
        }
        // A list comes from one place only, where it has been checked.
        (Shape::List { .. }, Content::List(_)) if mode == Mode::Merged => {}
        (Shape::List { of, min, max }, Content::List(items)) => {
            if items.len() < *min {
                wrong("must not be empty".into());
            } else if items.len() > *max {
                wrong(format!("has {} items, at most {max} are allowed", items.len()).into());
            }
            // A list is replaced as a whole, so its items are complete.
            let mode = if mode == Mode::Override { Mode::Full } else { mode };
            for (index, item) in items.iter().enumerate() {
                check(problems, mode, &Path::Item(path, index), item.at, item, of);
            }
        }
        (Shape::Map { names, values, max }, Content::Table(table)) => {
            if table.len() > *max {
                wrong(format!("has {} entries, at most {max} are allowed", table.len()).into());
            }
            for (name, entry) in table {
                if mode != Mode::Merged
                    && let Err(complaint) = (names.check)(name)
                {
                    problems.add(entry.key, named_key(path, names, complaint));
                }
                check(problems, mode, &Path::Key(path, name), entry.key, &entry.node, values);
            }
        }
        (Shape::Part(whole), _) => check(problems, Mode::Override, path, here, node, whole),
        (Shape::Table(shape), Content::Table(table)) => {
            check_table(problems, mode, path, here, table, shape);
        }
        (Shape::Free(required), Content::Table(table)) => {
            for key in required.iter().filter(|_| mode != Mode::Override) {
                if !table.contains_key(*key) {
                    let hint = did_you_mean(key, table.keys().map(String::as_str));
                    let hint =
                        hint.map(|_| format!("CloudFormation's keys are written like `{key}`"));
                    let message = format!("missing key `{key}` {}", path.inside());
                    problems.add(here, Complaint::from(message).hint(hint));
                }
            }
        }
        (shape, _) => {
            wrong(format!("must be {}, not {}", expected(shape), node.kind()).into());
        }
    }
}

fn check_table(
    problems: &mut Problems,
    mode: Mode,
    path: &Path<'_>,
    here: At,
    table: &Table,
    shape: &'static TableShape,
) {
    for (name, entry) in table {
        let here = Path::Key(path, name);
        match shape.key(name) {
            Some(key) => {
                check(problems, mode, &here, entry.key, &entry.node, &key.shape);
                let lonely = !key.beside.is_empty()
                    && !key.beside.iter().any(|other| table.contains_key(*other));
                if lonely && mode != Mode::Override {
                    let others = quoted(key.beside.iter().copied()).replace(", ", " or ");
                    problems.add(entry.key, format!("`{here}` needs {others} beside it"));
                }
            }
            None if mode != Mode::Merged => {
                let hint = suggest(name, "keys here", shape.keys.iter().map(|key| key.name));
                let name = name.escape_debug();
                let message = format!("unknown key `{name}` {}", path.inside());
                problems.add(entry.key, complaint(message, hint));
            }
            None => {}
        }
    }
    if mode == Mode::Override {
        return;
    }
    for key in shape.keys {
        if key.required && !table.contains_key(key.name) {
            let message = format!("missing key `{}` {}", key.name, path.inside());
            problems.add(here, complaint(message, format!("`{}`: {}", key.name, key.about)));
        }
    }
    for group in shape.one_of {
        let mut present = group.iter().filter_map(|name| Some((*name, table.get(*name)?)));
        match (present.next(), present.next()) {
            (None, _) => {
                let message =
                    format!("missing one of {} {}", quoted(group.iter().copied()), path.inside());
                problems.add(here, message);
            }
            (Some((first, _)), Some((second, entry))) => {
                let message =
                    format!("`{first}` and `{second}` cannot both stand {}", path.inside());
                problems.add(entry.key, message);
            }
            (Some(_), None) => {}
        }
    }
}

/// A complaint that begins with a verb gets the value's name in front.
fn named(path: &Path<'_>, mut complaint: Complaint) -> Complaint {
    complaint.message = if complaint.message.starts_with('`') {
        format!("`{path}`: {}", complaint.message)
    } else if ["must ", "cannot ", "is ", "has "]
        .iter()
        .any(|verb| complaint.message.starts_with(verb))
    {
        format!("`{path}` {}", complaint.message)
    } else {
        format!("`{path}`: {}", complaint.message)
    };
    complaint
}

fn named_key(path: &Path<'_>, names: &Text, mut complaint: Complaint) -> Complaint {
    if !complaint.message.starts_with('`') {
        complaint.message = format!("{} in `{path}` {}", names.what, complaint.message);
    }
    complaint
}

/// What a shape takes, with an article.
fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "true or false".into(),
        Shape::Integer { .. } | Shape::Integers(_) => "an integer".into(),
        Shape::Choice(words) => format!("one of {}", quoted(words.iter().copied())),
        Shape::Quantity(quantity) => {
            format!("an integer in {} or a string with a unit", quantity.bare_unit)
        }
        Shape::Text(text) | Shape::Scalar(text) if text.what.starts_with("a string") => {
            text.what.into()
        }
        Shape::Text(text) | Shape::Scalar(text) => format!("a string ({})", text.what),
        Shape::List { .. } => "a list".into(),
        Shape::Map { .. } | Shape::Table(_) | Shape::Free(_) => "a table".into(),
        Shape::Part(whole) => expected(whole),
        Shape::ParameterValue => "a parameter's value".into(),
    }
}
