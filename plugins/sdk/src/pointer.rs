//! Builds JSON Pointers; the host parses them.

use std::fmt;

/// A JSON Pointer (RFC 6901) into the template. Tokens that are joined on are escaped.
///
/// ```
/// use phalanx_plugin::Pointer;
///
/// assert_eq!(Pointer::property("Queue", "Tags"), "/Resources/Queue/Properties/Tags");
/// assert_eq!(Pointer::root().join("Metadata").join("a/b"), "/Metadata/a~1b");
/// ```
///
/// Wherever a pointer is taken, a text that already is one does as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// `/Resources/<logical id>`
    #[must_use]
    pub fn resource(logical_id: &str) -> Self {
        Self::root().join("Resources").join(logical_id)
    }

    /// `/Resources/<logical id>/Properties/<name>`
    #[must_use]
    pub fn property(logical_id: &str, name: &str) -> Self {
        Self::resource(logical_id).join("Properties").join(name)
    }

    /// The member `token` of this object.
    #[must_use]
    pub fn join(mut self, token: &str) -> Self {
        self.0.push('/');
        if token.contains(['~', '/']) {
            self.0.push_str(&token.replace('~', "~0").replace('/', "~1"));
        } else {
            self.0.push_str(token);
        }
        self
    }

    /// The item `index` of this list.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.join(&index.to_string())
    }

    /// The end of this list: setting it appends.
    #[must_use]
    pub fn end(self) -> Self {
        self.join("-")
    }

    /// The pointer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Pointer {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Pointer {
    /// Takes `pointer` as it is.
    fn from(pointer: &str) -> Self {
        Self(pointer.to_owned())
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.0
    }
}

impl PartialEq<&str> for Pointer {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_escaped_once() {
        assert_eq!(Pointer::root().join("~1").join("a~/b"), "/~01/a~0~1b");
    }

    #[test]
    fn lists_are_reached_by_index_and_by_end() {
        let tags = Pointer::property("Queue", "Tags");
        assert_eq!(tags.clone().index(2).join("Value"), "/Resources/Queue/Properties/Tags/2/Value");
        assert_eq!(tags.end(), "/Resources/Queue/Properties/Tags/-");
    }
}
