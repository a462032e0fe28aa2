//! JSON Pointers (RFC 6901): the names of places in a template.
//!
//! A [`Pointer`] is always well-formed. It is kept as its text, so that cloning and comparing one is
//! cheap; tokens are unescaped as they are read. Patterns for `overrides` are matched here too.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place in a JSON document. The empty pointer is the whole document.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads RFC 6901 text.
    ///
    /// # Errors
    /// When it neither is empty nor begins with `/`, or has a `~` that is not `~0` or `~1`.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let bad = |problem| PointerError { text: text.chars().take(200).collect(), problem };
        if !text.is_empty() && !text.starts_with('/') {
            return Err(bad("it must begin with `/`"));
        }
        let escapes = text.split('~').skip(1);
        if !escapes.into_iter().all(|rest| rest.starts_with(['0', '1'])) {
            return Err(bad("`~` must be written `~0`, and `/` inside a name `~1`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pointer with these tokens, which are plain names.
    pub fn of<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) -> Self {
        let mut pointer = Self::root();
        for token in tokens {
            pointer.push(token.as_ref());
        }
        pointer
    }

    /// The RFC 6901 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The names on the way to the place, unescaped.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        self.raw_tokens().map(unescape)
    }

    /// The names as they are written, which is enough to compare them.
    pub(super) fn raw_tokens(&self) -> impl DoubleEndedIterator<Item = &str> {
        // The text before the first `/` is always empty and not a token.
        self.0.strip_prefix('/').into_iter().flat_map(|tokens| tokens.split('/'))
    }

    /// How many tokens there are.
    pub fn depth(&self) -> usize {
        self.0.bytes().filter(|byte| *byte == b'/').count()
    }

    /// The last name; none at the root.
    pub fn last(&self) -> Option<Cow<'_, str>> {
        self.tokens().next_back()
    }

    /// Goes one level down.
    pub fn push(&mut self, token: &str) {
        self.0.push('/');
        self.0.push_str(&escape(token));
    }

    /// A pointer from the text of one.
    pub(super) fn from_valid(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Goes one level down to a token that is escaped already.
    pub(super) fn push_raw(&mut self, raw_token: &str) {
        self.0.push('/');
        self.0.push_str(raw_token);
    }

    /// Goes one level up; nothing happens at the root.
    pub fn pop(&mut self) {
        self.0.truncate(self.0.rfind('/').unwrap_or(0));
    }

    /// The place one level down.
    #[must_use]
    pub fn child(&self, token: &str) -> Self {
        let mut child = self.clone();
        child.push(token);
        child
    }

    /// The place one level up; none at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rfind('/').map(|end| Self(self.0[..end].to_owned()))
    }

    /// The first `depth` tokens.
    #[must_use]
    pub fn truncated(&self, depth: usize) -> Self {
        let end = self.0.match_indices('/').nth(depth).map_or(self.0.len(), |(at, _)| at);
        Self(self.0[..end].to_owned())
    }

    /// True when this is `ancestor` or a place below it.
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.below(ancestor).is_some()
    }

    /// The raw tokens after `ancestor`; none when this is not `ancestor` or below it.
    pub(super) fn below(&self, ancestor: &Self) -> Option<&str> {
        let rest = self.0.strip_prefix(&ancestor.0)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The value at this place of `document`.
    pub fn resolve<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.tokens().try_fold(document, |value, token| step(value, &token))
    }

    /// True when `pattern` describes this very place: a pointer in which `*` stands for one token and
    /// `**` for any number of them.
    pub fn matches(&self, pattern: &str) -> bool {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let tokens: Vec<&str> = self.0.split('/').collect();
        matches_tokens(&pattern, &tokens)
    }

    /// True when `pattern` describes this place or one above it.
    pub fn is_covered_by(&self, pattern: &str) -> bool {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let tokens: Vec<&str> = self.0.split('/').collect();
        (1..=tokens.len()).any(|end| matches_tokens(&pattern, &tokens[..end]))
    }
}

/// The child of `value` with this name or index.
pub(super) fn step<'a>(value: &'a Value, token: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(token),
        Value::Array(list) => list.get(index(token)?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// [`step`] for changing.
pub(super) fn step_mut<'a>(value: &'a mut Value, token: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(map) => map.get_mut(token),
        Value::Array(list) => list.get_mut(index(token)?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A list index as RFC 6901 wants it: digits without a leading zero.
pub(super) fn index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = token.len() > 1 && token.starts_with('0');
    (digits && !leading_zero).then(|| token.parse().ok()).flatten()
}

/// Whether `pattern`, in which `*` is one token and `**` any number, describes all of `tokens`.
pub(crate) fn matches_tokens(pattern: &[&str], tokens: &[&str]) -> bool {
    // Like a glob matcher: on a mismatch, let the latest `**` swallow one token more. Linear in
    // practice and never exponential, since only the latest `**` is retried.
    let (mut at, mut token) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while token < tokens.len() {
        match pattern.get(at) {
            Some(&"**") => {
                retry = Some((at, token));
                at += 1;
            }
            Some(&wanted) if wanted == "*" || wanted == tokens[token] => {
                at += 1;
                token += 1;
            }
            _ => match &mut retry {
                Some((stars, start)) => {
                    *start += 1;
                    (at, token) = (*stars + 1, *start);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == "**")
}

fn escape(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) {
        Cow::Owned(token.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(token)
    }
}

fn unescape(raw: &str) -> Cow<'_, str> {
    if raw.contains('~') {
        Cow::Owned(raw.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(raw)
    }
}

/// The text is not a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a JSON Pointer: {problem}")]
pub struct PointerError {
    /// The text, shortened.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Pointer {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        Self::parse(&text)
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_rfc_6901_lists() {
        let document = json!({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7});
        let at = |text| pointer(text).resolve(&document).cloned();
        assert_eq!(at(""), Some(document.clone()));
        assert_eq!(at("/foo/1"), Some(json!("baz")));
        assert_eq!(at("/"), Some(json!(0)));
        assert_eq!(at("/a~1b"), Some(json!(1)));
        assert_eq!(at("/m~0n"), Some(json!(8)));
        assert_eq!(at("/foo/01"), None);
        assert_eq!(at("/foo/-"), None);
    }

    #[test]
    fn refuses_what_is_not_a_pointer() {
        insta::assert_snapshot!(Pointer::parse("Resources/Queue").unwrap_err(), @"`Resources/Queue` is not a JSON Pointer: it must begin with `/`");
        insta::assert_snapshot!(Pointer::parse("/a~2b").unwrap_err(), @"`/a~2b` is not a JSON Pointer: `~` must be written `~0`, and `/` inside a name `~1`");
        assert!(Pointer::parse("/a~").is_err());
    }

    #[test]
    fn patterns_match_one_token_or_any_number() {
        let tags = pointer("/Resources/Queue/Properties/Tags");
        assert!(tags.matches("/Resources/*/Properties/Tags"));
        assert!(tags.matches("/Resources/**"));
        assert!(tags.matches("**"));
        assert!(tags.matches("/**/Tags"));
        assert!(tags.matches("/**/Queue/**/Tags/**"));
        assert!(!tags.matches("/Resources/*"));
        assert!(!tags.matches("/**/Tag"));
        assert!(!tags.matches("/*/Queue/Tags"));
        assert!(
            pointer("/Resources/Queue/Properties/Tags/0/Value")
                .is_covered_by("/Resources/*/Properties/Tags")
        );
        assert!(
            !pointer("/Resources/Queue/Properties").is_covered_by("/Resources/*/Properties/Tags")
        );
    }

    #[test]
    fn knows_its_relatives() {
        let deep = pointer("/a/b/c");
        assert_eq!(deep.parent(), Some(pointer("/a/b")));
        assert_eq!(deep.truncated(1), pointer("/a"));
        assert_eq!(deep.truncated(9), deep);
        assert!(deep.starts_with(&pointer("/a/b")) && deep.starts_with(&Pointer::root()));
        assert!(!pointer("/ab").starts_with(&pointer("/a")));
        assert_eq!(Pointer::root().parent(), None);
        assert_eq!(deep.depth(), 3);
    }

    proptest! {
        #[test]
        fn displays_and_parses_the_same_tokens(tokens in prop::collection::vec("[a-z~/*. 0-9]{0,4}", 0..5)) {
            let pointer = Pointer::of(&tokens);
            prop_assert_eq!(pointer.to_string().parse::<Pointer>().unwrap(), pointer.clone());
            prop_assert_eq!(pointer.tokens().map(Cow::into_owned).collect::<Vec<_>>(), tokens);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,20}") {
            let _ = Pointer::parse(&text);
        }
    }
}
