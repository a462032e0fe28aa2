//! The little language inside `Fn::Sub`: `${Name}`, `${Name.Attribute}` and the literal `${!Name}`.
//!
//! Shared by whoever looks for references and whoever resolves them, so that both always agree.

/// A piece of a text for `Fn::Sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// `${!Name}`, which stands for the text `${Name}`; this is the name.
    Literal(&'a str),
    /// `${…}` with a name that can be one, such as `Queue`, `Queue.Arn` or `AWS::Region`.
    Variable(&'a str),
    /// `${…}` with something that CloudFormation refuses as a name.
    Invalid(&'a str),
}

/// The pieces of `text`, in order. A `${` that is never closed is text.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((name, after)) = rest.strip_prefix("${").and_then(|inner| inner.split_once('}'))
        else {
            // Behind an opening that is never closed, nothing can be: all is text.
            let end = if rest.starts_with("${") { rest.len() } else { next_opening(rest) };
            let (text, after) = rest.split_at(end);
            rest = after;
            return Some(Piece::Text(text));
        };
        rest = after;
        Some(match name.strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None if is_name(name) => Piece::Variable(name),
            None => Piece::Invalid(name),
        })
    })
}

/// `Queue.Arn` as resource and attribute; an attribute may itself have dots.
pub fn split_attribute(name: &str) -> (&str, Option<&str>) {
    match name.split_once('.') {
        Some((resource, attribute)) => (resource, Some(attribute)),
        None => (name, None),
    }
}

fn next_opening(text: &str) -> usize {
    text.find("${").unwrap_or(text.len())
}

/// CloudFormation: "only alphanumeric characters, underscores, periods, and colons".
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:".contains(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Piece::{Invalid, Literal, Text, Variable};
    use super::*;

    fn all(text: &str) -> Vec<Piece<'_>> {
        pieces(text).collect()
    }

    #[test]
    fn takes_a_text_apart() {
        assert_eq!(
            all("arn:${AWS::Partition}:sqs:${Queue.Arn}$x"),
            [
                Text("arn:"),
                Variable("AWS::Partition"),
                Text(":sqs:"),
                Variable("Queue.Arn"),
                Text("$x")
            ]
        );
        assert_eq!(all("${!Literal}${A}"), [Literal("Literal"), Variable("A")]);
        assert_eq!(all("$${A}$"), [Text("$"), Variable("A"), Text("$")]);
        assert_eq!(all(""), []);
    }

    #[test]
    fn bad_names_are_told_and_open_ends_are_text() {
        assert_eq!(all("${VAR:-default}"), [Invalid("VAR:-default")]);
        assert_eq!(all("${}${ A }"), [Invalid(""), Invalid(" A ")]);
        assert_eq!(all("a${Queue"), [Text("a"), Text("${Queue")]);
        assert_eq!(all("${a${B}"), [Invalid("a${B")]);
    }

    proptest! {
        #[test]
        fn pieces_put_together_are_the_text(text in "[$!{}A-C.: ]{0,24}") {
            let joined: String = pieces(&text).map(|piece| match piece {
                Text(text) => text.to_owned(),
                Literal(name) => format!("${{!{name}}}"),
                Variable(name) | Invalid(name) => format!("${{{name}}}"),
            }).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
