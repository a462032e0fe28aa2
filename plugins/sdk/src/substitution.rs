//! Texts with `${…}` in them, as `Fn::Sub` reads them.
//!
//! [`Sub`] makes such a text, [`pieces`] takes one apart.

use serde_json::{Map, Value, json};

/// A text for `Fn::Sub`, with values of its own and parts that are taken as they are.
///
/// What a shell script for an instance needs: the template's resources by name, any other value under
/// a name of your own, and the script's own `${…}` left alone. Blank lines stay.
///
/// ```
/// use phalanx_plugin::intrinsics::{Sub, import_value};
/// use phalanx_plugin::json;
///
/// let script = Sub::new("#!/bin/sh\n\necho ECS_CLUSTER=${Cluster} on ${Network}\n")
///     .with("Network", import_value("network"))
///     .literal("echo ${HOME}\n")
///     .value();
/// assert_eq!(
///     script,
///     json!({ "Fn::Sub": [
///         "#!/bin/sh\n\necho ECS_CLUSTER=${Cluster} on ${Network}\necho ${!HOME}\n",
///         { "Network": { "Fn::ImportValue": "network" } },
///     ] })
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sub {
    text: String,
    variables: Map<String, Value>,
}

impl Sub {
    /// A text in which `${Queue}`, `${Queue.Arn}`, `${AWS::Region}` and the names given by
    /// [`with`](Self::with) are replaced, and `${!Name}` stands for `${Name}`.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), variables: Map::new() }
    }

    /// Appends more such text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends text as it is: a `${…}` in it is replaced by nothing.
    #[must_use]
    pub fn literal(mut self, text: &str) -> Self {
        self.text.push_str(&escape(text));
        self
    }

    /// Gives `${name}` a value: a text, a number, or any intrinsic function that makes one. A name has
    /// letters and digits only; one that the text does not use is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The value: plain text when there is nothing to replace, otherwise `Fn::Sub`.
    #[must_use]
    pub fn value(self) -> Value {
        let Self { text, mut variables } = self;
        let used: Vec<&str> = variables_of(&text).collect();
        if used.is_empty() {
            return Value::String(unescape(&text));
        }
        variables.retain(|name, _| used.contains(&name.as_str()));
        if variables.is_empty() {
            json!({ "Fn::Sub": text })
        } else {
            json!({ "Fn::Sub": [text, variables] })
        }
    }
}

/// A piece of a text for `Fn::Sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is; also a `${` that is never closed.
    Text(&'a str),
    /// `${!Name}`, which stands for the text `${Name}`; this is the name.
    Literal(&'a str),
    /// `${Name}`; this is the name, such as `Queue`, `Queue.Arn` or `AWS::Region`.
    Variable(&'a str),
}

/// The pieces of `text`, in order.
///
/// ```
/// use phalanx_plugin::intrinsics::Piece::{Literal, Text, Variable};
/// use phalanx_plugin::intrinsics::pieces;
///
/// let all: Vec<_> = pieces("a ${Queue.Arn} ${!HOME}").collect();
/// assert_eq!(all, [Text("a "), Variable("Queue.Arn"), Text(" "), Literal("HOME")]);
/// ```
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let inner = rest.strip_prefix("${").and_then(|inner| inner.split_once('}'));
        let Some((name, after)) = inner else {
            let end = if rest.starts_with("${") { None } else { rest.find("${") };
            let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            return Some(Piece::Text(text));
        };
        rest = after;
        Some(name.strip_prefix('!').map_or(Piece::Variable(name), Piece::Literal))
    })
}

/// Escapes `text` for use inside `Fn::Sub`: `${` becomes `${!`.
pub(crate) fn escape(text: &str) -> String {
    text.replace("${", "${!")
}

/// What a text without variables says.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("${!", "${")
}

/// The names in `${…}`.
pub(crate) fn variables_of(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) | Piece::Literal(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_all_intrinsics_stay() {
        let value = Sub::new("#!/bin/bash -xe\n\nregion ${AWS::Region}\n\n")
            .text("ami ${Image}\n")
            .with("Image", json!({ "Fn::FindInMap": ["Images", { "Ref": "AWS::Region" }, "Id"] }))
            .value();
        assert_eq!(
            value,
            json!({ "Fn::Sub": [
                "#!/bin/bash -xe\n\nregion ${AWS::Region}\n\nami ${Image}\n",
                { "Image": { "Fn::FindInMap": ["Images", { "Ref": "AWS::Region" }, "Id"] } },
            ] })
        );
    }

    #[test]
    fn what_needs_no_substitution_is_plain_text() {
        assert_eq!(Sub::new("plain\n").with("Unused", 1).value(), json!("plain\n"));
        assert_eq!(Sub::default().literal("echo ${HOME}").value(), json!("echo ${HOME}"));
        assert_eq!(Sub::new("echo ${!HOME}").value(), json!("echo ${HOME}"));
        assert_eq!(Sub::new("open ${end").value(), json!("open ${end"));
    }

    #[test]
    fn a_value_that_is_not_used_is_left_out() {
        let value = Sub::new("${A} ${B}").with("A", 1).with("C", 2).value();
        assert_eq!(value, json!({ "Fn::Sub": ["${A} ${B}", { "A": 1 }] }));
        assert_eq!(Sub::new("${B}").with("C", 2).value(), json!({ "Fn::Sub": "${B}" }));
    }

    #[test]
    fn an_escaped_text_comes_back_as_it_was() {
        for text in ["${A}", "$${A}", "${!A}", "${", "${A", "}$ {"] {
            let value = Sub::new("").literal(text).value();
            assert_eq!(value, json!(text));
            let beside = Sub::new("${Queue}").literal(text).value();
            assert_eq!(beside, json!({ "Fn::Sub": format!("${{Queue}}{}", escape(text)) }));
        }
    }
}
