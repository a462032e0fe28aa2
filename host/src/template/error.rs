//! Why an edit was refused: the errors of template edits, with what to do about each.

use std::fmt;
use std::sync::Arc;

use super::journal::Writer;
use super::pointer::{Pointer, PointerError};
use crate::hint::{Explain, Kind, nearest};

/// One plugin would change what another one wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What it would change: a pointer into the template, or a key of the context.
    pub at: String,
    /// The plugin that would change it.
    pub plugin: Arc<str>,
    /// Who wrote it.
    pub writer: Writer,
}

impl Conflict {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!(
            "if `{}` shall win, add `overrides = [{:?}]` to `[plugins.{}]`",
            self.plugin, self.at, self.plugin
        )
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All pointers begin with a slash; what does not is a key of the context.
        let kind = if self.at.starts_with('/') { "" } else { "context key " };
        let Self { plugin, at, writer } = self;
        write!(f, "plugin `{plugin}` may not change {kind}`{at}`: {writer} wrote it")
    }
}

/// An edit of the template was refused. Nothing of it was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Another plugin wrote the value.
    #[error("{0}")]
    Conflict(Conflict),
    /// The text is not a pointer.
    #[error("{0}")]
    BadPointer(#[from] PointerError),
    /// The way to the place leads through a value that has no children.
    #[error("cannot set `{pointer}`: the value at `{scalar}` is {kind} and has nothing below it")]
    ScalarParent {
        /// The place to set.
        pointer: Pointer,
        /// Where the way ends.
        scalar: Pointer,
        /// What stands there, such as `a string`.
        kind: &'static str,
    },
    /// The name is not an index of the list, or is beyond its end.
    #[error(
        "cannot set `{pointer}`: `{list}` is a list of {length}, and `{token}` is not an index of it"
    )]
    BadIndex {
        /// The place to set.
        pointer: Pointer,
        /// The list.
        list: Pointer,
        /// How many elements it has.
        length: usize,
        /// What was given as index.
        token: String,
    },
    /// The logical id is taken.
    #[error("cannot add `{id}` to `{section}`: it is there already, written by {writer}")]
    IdTaken {
        /// The section.
        section: String,
        /// The logical id.
        id: String,
        /// Who wrote it: `the service` or a plugin.
        writer: String,
    },
    /// There is no such section.
    #[error("cannot add `{id}`: a template has no section `{section}`")]
    UnknownSection {
        /// The section as given.
        section: String,
        /// The logical id to add.
        id: String,
    },
    /// A template is an object.
    #[error("the template must be an object, not {kind}")]
    NotAnObject {
        /// What it would have become, such as `a list` or `nothing`.
        kind: &'static str,
    },
    /// The value would lie too deep.
    #[error("cannot set `{pointer}`: it would nest the template deeper than {limit} levels")]
    TooDeep {
        /// The place to set, shortened.
        pointer: String,
        /// Levels that are allowed.
        limit: usize,
    },
    /// The edits of the run have become too large.
    #[error("cannot set `{pointer}`: the edits of this run would exceed {} in all", crate::text::size(*limit as u64))]
    TooLarge {
        /// The place to set.
        pointer: Pointer,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// No transaction is open.
    #[error("the template cannot be edited now: no hook that may edit it is running")]
    Closed,
}

/// The sections that [`super::Template::add`] knows.
pub(super) const SECTIONS: [&str; 8] =
    ["Resources", "Outputs", "Parameters", "Mappings", "Conditions", "Rules", "Metadata", "Hooks"];

impl Explain for EditError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Conflict(conflict) => vec![conflict.hint()],
            Self::BadPointer(_) => {
                vec!["write it like `/Resources/Queue/Properties/QueueName`".to_owned()]
            }
            Self::ScalarParent { scalar, .. } => {
                vec![format!("replace the value at `{scalar}` by an object first")]
            }
            Self::BadIndex { list, .. } => vec![format!("`{list}/-` appends to the list")],
            Self::IdTaken { section, id, .. } => {
                vec![format!("choose another id, or `set` `/{section}/{id}` to change what is there")]
            }
            Self::UnknownSection { section, .. } => vec![match nearest(section, SECTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the sections are {}", SECTIONS.map(|name| format!("`{name}`")).join(", ")),
            }],
            Self::TooLarge { .. } => vec![
                "CloudFormation takes templates up to 1 MB: the plugin edits in a loop, or writes what belongs into a file"
                    .to_owned(),
            ],
            Self::NotAnObject { .. } | Self::TooDeep { .. } | Self::Closed => Vec::new(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "conflict",
            Self::BadPointer(_) => "bad-pointer",
            Self::ScalarParent { .. } => "scalar-parent",
            Self::BadIndex { .. } => "bad-index",
            Self::IdTaken { .. } => "id-taken",
            Self::UnknownSection { .. } => "unknown-section",
            Self::NotAnObject { .. } => "not-an-object",
            Self::TooDeep { .. } => "too-deep",
            Self::TooLarge { .. } => "too-large",
            Self::Closed => "closed",
        }
    }
}
