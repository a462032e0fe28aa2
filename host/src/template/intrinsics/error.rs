//! Why a function could not be evaluated.

use crate::hint::{Explain, Kind, nearest};
use crate::template::Pointer;

/// A function could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The function names what is not there.
    #[error("`{function}` at `{at}` names `{name}`, which is not {wanted}")]
    Unknown {
        /// The function, such as `Ref`.
        function: String,
        /// What it names.
        name: String,
        /// What it should be, such as `a parameter or a resource`.
        wanted: &'static str,
        /// Where.
        at: Pointer,
    },
    /// The function's arguments are not what it takes.
    #[error("`{function}` at `{at}` {problem}")]
    Malformed {
        /// The function.
        function: String,
        /// What is wrong, as a phrase such as `takes a list of a delimiter and a list`.
        problem: String,
        /// Where.
        at: Pointer,
    },
    /// There is no such function, or only CloudFormation can evaluate it.
    #[error("`{function}` at `{at}` cannot be evaluated here")]
    Unsupported {
        /// The function.
        function: String,
        /// Where.
        at: Pointer,
    },
    /// Conditions that need each other.
    #[error("conditions depend on each other: {}", names.join(" → "))]
    Cycle {
        /// The names of the conditions, the first one again at the end.
        names: Vec<String>,
    },
    /// The value nests too deep.
    #[error("the value at `{at}` nests deeper than {limit} levels")]
    TooDeep {
        /// Where.
        at: Pointer,
        /// Levels that are allowed.
        limit: usize,
    },
    /// The text has grown too large.
    #[error("`{function}` at `{at}` makes a text larger than {}", crate::text::size(*limit as u64))]
    TooLarge {
        /// The function.
        function: String,
        /// Where.
        at: Pointer,
        /// Bytes that are allowed.
        limit: usize,
    },
}

/// The functions that can be evaluated.
pub(super) const FUNCTIONS: [&str; 18] = [
    "Ref",
    "Fn::GetAtt",
    "Fn::Sub",
    "Fn::Join",
    "Fn::Select",
    "Fn::Split",
    "Fn::If",
    "Fn::Equals",
    "Fn::And",
    "Fn::Or",
    "Fn::Not",
    "Fn::FindInMap",
    "Fn::Base64",
    "Fn::GetAZs",
    "Fn::Cidr",
    "Fn::ImportValue",
    "Fn::Length",
    "Fn::ToJsonString",
];

impl Explain for ResolveError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unsupported { function, .. } => match nearest(function, FUNCTIONS) {
                Some(near) => vec![format!("did you mean `{near}`?")],
                None => vec!["macros run inside CloudFormation only: deploy to AWS instead".into()],
            },
            Self::Malformed { function, .. } if function == "Fn::Sub" => {
                vec!["write `${!text}` for text in braces that is not a name".into()]
            }
            _ => Vec::new(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-name",
            Self::Malformed { .. } => "malformed-function",
            Self::Unsupported { .. } => "unsupported-function",
            Self::Cycle { .. } => "condition-cycle",
            Self::TooDeep { .. } => "too-deep",
            Self::TooLarge { .. } => "too-large",
        }
    }
}
