//! What can go wrong with AWS. What to do about it is in `explain`.

use std::time::SystemTime;

use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::artifacts::ArtifactError;
use super::cause::Cause;
use crate::cloud::Rule;
use crate::fs::FsError;

/// AWS could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No credentials were found.
    #[error("there are no AWS credentials{}", profile.as_ref().map(|name| format!(" in profile `{name}`")).unwrap_or_default())]
    NoCredentials {
        /// The profile that was asked for.
        profile: Option<String>,
        /// What the SDK says of where it looked.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No region is named anywhere.
    #[error("no AWS region is named")]
    NoRegion,
    /// The credentials are of another account than the manifest wants.
    #[error("the credentials are of account {found}, and this stage must be in account {expected}")]
    OtherAccount {
        /// The account in the manifest.
        expected: String,
        /// The account of the credentials.
        found: String,
        /// The ARN behind the credentials.
        caller: String,
    },
    /// A call was refused.
    #[error("AWS refused `{operation}`: {} ({code})", crate::text::safe_line(message))]
    Refused {
        /// The IAM name of the call, such as `s3:PutObject`.
        operation: &'static str,
        /// AWS's code, such as `AccessDenied`.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// The credentials are expired or wrong.
    #[error(
        "AWS refused `{operation}` with access key `{key}`: {} ({code})",
        crate::text::safe_line(message)
    )]
    BadCredentials {
        /// The IAM name of the call.
        operation: &'static str,
        /// The id of the access key, which is no secret.
        key: String,
        /// AWS's code, such as `ExpiredToken`.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// A call got no answer.
    #[error("AWS cannot be reached for `{operation}`: {reason}")]
    Unreachable {
        /// The IAM name of the call.
        operation: &'static str,
        /// Why not.
        reason: String,
    },
    /// A call that a plugin asked for is no HTTP request.
    #[error("the call of `{service}` cannot be made: {reason}")]
    BadCall {
        /// The service's signing name.
        service: String,
        /// Why not.
        reason: String,
    },
    /// A call that a plugin asked for got no answer.
    #[error("no answer came from `{service}`: {reason}")]
    CallLost {
        /// The service's signing name.
        service: String,
        /// Why not.
        reason: String,
    },
    /// ECR's token is not what it always was.
    #[error("ECR gave a token that holds no user and password")]
    BadToken,
    /// A file that is to be stored cannot be read.
    #[error(transparent)]
    File(#[from] FsError),
    /// The bucket for artifacts cannot be used, or what is in it.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Something else works on the stack.
    #[error(
        "stack `{stack}` is being changed by {}: it is {status}{}",
        by.as_deref().unwrap_or("another run"),
        since.map(|since| format!(" since {}", crate::text::utc(since))).unwrap_or_default()
    )]
    Busy {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
        /// Who asked for it, as far as that is known.
        by: Option<String>,
        /// When the last news of it came.
        since: Option<SystemTime>,
    },
    /// Another run changed the stack between this run's plan and its execution.
    #[error("another run has changed stack `{stack}` meanwhile; this run's changes were not made")]
    Overtaken {
        /// The stack.
        stack: String,
    },
    /// The stack was deleted under this run's hands.
    #[error("stack `{stack}` was deleted by someone else while it was deployed")]
    Vanished {
        /// The stack.
        stack: String,
    },
    /// It took longer than `deploy.timeout`.
    #[error(
        "{action} of stack `{stack}` took longer than {minutes} min, the limit of `deploy.timeout`; it was undone"
    )]
    TooLong {
        /// `creation` or `update`.
        action: &'static str,
        /// The stack.
        stack: String,
        /// The limit.
        minutes: u64,
    },
    /// Only an update can be cancelled.
    #[error("there is no update of stack `{stack}` to cancel: it is {}", if status.is_empty() { "not there" } else { status })]
    CannotCancel {
        /// The stack.
        stack: String,
        /// Its status; empty when there is no stack.
        status: String,
    },
    /// The stack is protected from being deleted.
    #[error("stack `{stack}` is protected: it cannot be deleted")]
    Protected {
        /// The stack.
        stack: String,
    },
    /// Another stack imports what the stack exports.
    #[error("stack `{stack}` cannot be deleted: its export `{export}` is in use by {by}")]
    InUse {
        /// The stack.
        stack: String,
        /// The export's name.
        export: String,
        /// Names of stacks, as CloudFormation lists them.
        by: String,
    },
    /// Resources can be left behind only when a deletion has failed.
    #[error(
        "resources of stack `{stack}` cannot be left behind yet: it is {status}, not DELETE_FAILED"
    )]
    RetainTooEarly {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
    },
    /// A named resource is not in the stack.
    #[error("the stack has no resource `{id}`")]
    NoResource {
        /// What was asked for.
        id: String,
        /// The id that was likely meant.
        near: Option<String>,
        /// All ids.
        known: Vec<String>,
    },
    /// The stack must be brought to rest first.
    #[error("stack `{stack}` cannot be updated: it is {status}")]
    Stuck {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
        /// What must be done.
        rule: Rule,
    },
    /// The stack's template is not JSON, so another tool deployed it.
    #[error("stack `{stack}` was not deployed by Phalanx: its template is no JSON")]
    ForeignTemplate {
        /// The stack.
        stack: String,
        /// Why it cannot be read.
        source: serde_json::Error,
    },
    /// CloudFormation did not accept the template.
    #[error(
        "CloudFormation refused the changes to stack `{stack}`: {}",
        crate::text::safe_line(reason)
    )]
    ChangeSet {
        /// The stack.
        stack: String,
        /// Why.
        reason: String,
    },
    /// A resource could not be made, changed or deleted.
    #[error(
        "{action} of stack `{stack}` failed at {}: {}",
        cause.subject(),
        crate::text::safe_line(&cause.reason)
    )]
    Failed {
        /// `creation`, `update`, `recovery` or `deletion`.
        action: &'static str,
        /// The stack.
        stack: String,
        /// What failed first, of its own.
        cause: Box<Cause>,
        /// What failed beside it.
        others: Vec<Cause>,
        /// The stack's status afterwards.
        status: String,
    },
}

/// What a call's failure means. `operation` is its IAM name.
pub(super) fn refused<E, R>(operation: &'static str, error: &SdkError<E, R>) -> AwsError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match error {
        SdkError::ServiceError(answer) => {
            let error = answer.err();
            AwsError::Refused {
                operation,
                code: error.code().unwrap_or("no code").to_owned(),
                message: error.message().unwrap_or("no message").to_owned(),
            }
        }
        other => {
            AwsError::Unreachable { operation, reason: DisplayErrorContext(other).to_string() }
        }
    }
}

impl AwsError {
    /// Names the access key that AWS does not take.
    pub(super) fn with_key(self, key: &str) -> Self {
        match self {
            Self::Refused { operation, code, message }
                if BAD_CREDENTIALS.contains(&code.as_str()) =>
            {
                Self::BadCredentials { operation, key: key.to_owned(), code, message }
            }
            other => other,
        }
    }

    /// AWS's code, when it refused a call.
    pub(super) fn refusal(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            _ => "",
        }
    }

    /// True when the credentials are good and may not do this.
    pub(super) fn is_denied(&self) -> bool {
        DENIED.contains(&self.refusal())
    }

    /// True when what the call was about is not there. There is no code of its own for a stack.
    pub(super) fn is_absence(&self) -> bool {
        match self {
            Self::Refused { code, message, .. } => {
                code.starts_with("ChangeSetNotFound")
                    || (code == "ValidationError" && message.contains("does not exist"))
            }
            _ => false,
        }
    }
}

/// True when CloudFormation refused since something works on the stack already. There is no code of
/// its own for this.
pub(super) fn is_under_way(error: &AwsError) -> bool {
    match error {
        AwsError::Refused { code, message, .. } => {
            code == "OperationInProgressException"
                || (code == "ValidationError" && message.contains("_IN_PROGRESS state"))
        }
        _ => false,
    }
}

/// Codes that mean that the credentials are no good, whatever is called.
pub(super) const BAD_CREDENTIALS: [&str; 7] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "InvalidToken",
];

/// Codes that mean that the credentials are good and may not do this.
pub(super) const DENIED: [&str; 4] =
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"];
