//! What can go wrong with AWS, and what to do about it.

use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::cloud::Rule;
use crate::fs::FsError;
use crate::hint::{Explain, Kind};

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
    /// A call got no answer.
    #[error("AWS cannot be reached for `{operation}`: {reason}")]
    Unreachable {
        /// The IAM name of the call.
        operation: &'static str,
        /// Why not.
        reason: String,
    },
    /// A file that is to be stored cannot be read.
    #[error(transparent)]
    File(#[from] FsError),
    /// The bucket for artifacts belongs to another account, or lies in another region.
    #[error("bucket `{bucket}` cannot be used for artifacts: {why}")]
    Bucket {
        /// The bucket.
        bucket: String,
        /// Why not.
        why: String,
    },
    /// Something else works on the stack.
    #[error("stack `{stack}` is being changed by another run: it is {status}")]
    Busy {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
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
    /// A resource could not be made.
    #[error("{action} of stack `{stack}` failed at {subject}: {}", crate::text::safe_line(reason))]
    Failed {
        /// `creation`, `update` or `deletion`.
        action: &'static str,
        /// The stack.
        stack: String,
        /// `` `Queue` (AWS::SQS::Queue) ``, or `the stack itself`.
        subject: String,
        /// CloudFormation's reason.
        reason: String,
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
    /// AWS's code, when it refused a call.
    pub(super) fn refusal(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            _ => "",
        }
    }
}

/// Codes that mean that the credentials are no good, whatever is called.
const BAD_CREDENTIALS: [&str; 7] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "InvalidToken",
];

/// Codes that mean that the credentials are good and may not do this.
const DENIED: [&str; 4] =
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"];

impl Explain for AwsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoRegion | Self::OtherAccount { .. } => Kind::BadInput,
            _ => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoCredentials { .. } => "no-credentials",
            Self::NoRegion => "no-region",
            Self::OtherAccount { .. } => "other-account",
            Self::Refused { .. } => "aws-refused",
            Self::Unreachable { .. } => "aws-unreachable",
            Self::File(_) => "file-error",
            Self::Bucket { .. } => "artifact-bucket",
            Self::Busy { .. } => "stack-busy",
            Self::Stuck { .. } => "stack-stuck",
            Self::ForeignTemplate { .. } => "foreign-stack",
            Self::ChangeSet { .. } => "change-set-refused",
            Self::Failed { .. } => "stack-failed",
        }
    }

    fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            Self::NoCredentials { .. } => vec![
                "sign in with `aws sso login`, name a profile with `--profile`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`".into(),
                "add `--local` to use the embedded local cloud, which needs no account".into(),
            ],
            Self::NoRegion => one("set `region` in `[service]` or in the stage, or give `--region`"),
            Self::OtherAccount { caller, .. } => vec![
                format!("the credentials belong to {caller}"),
                "name the profile of the right account with `--profile`, or another stage with `--stage`".into(),
            ],
            Self::Refused { code, operation, .. } if DENIED.contains(&code.as_str()) => {
                vec![format!("allow the action `{operation}` for the identity that `aws sts get-caller-identity` names")]
            }
            Self::Refused { code, .. } if BAD_CREDENTIALS.contains(&code.as_str()) => {
                one("the credentials are expired or wrong: sign in again, for example with `aws sso login`, or name another profile with `--profile`")
            }
            Self::Refused { .. } | Self::ChangeSet { .. } => {
                one("correct what AWS names, then run the same command again")
            }
            Self::Unreachable { .. } => {
                one("check the network, and `AWS_ENDPOINT_URL` if it is set; then run the same command again")
            }
            Self::File(error) => error.hints(),
            Self::Bucket { .. } => one("remove or rename that bucket, or deploy to another account or region"),
            Self::Busy { .. } => one("wait until it has ended, which `phalanx status` tells, then run the same command again"),
            Self::Stuck { rule: Rule::FinishDelete, .. } => {
                one("run `phalanx delete` again, then deploy")
            }
            Self::Stuck { stack, .. } => vec![format!(
                "continue the rollback with `aws cloudformation continue-update-rollback --stack-name {stack}`, then deploy"
            )],
            Self::ForeignTemplate { .. } => {
                one("set another `stack-name` in `[service]`: Phalanx changes only stacks that it can compare")
            }
            Self::Failed { status, .. } => vec![match status.as_str() {
                "DELETE_FAILED" => "remove what blocks the deletion, then run `phalanx delete` again".into(),
                _ => format!("correct the resource, then run the same command again; the stack is {status}"),
            }],
        }
    }
}
