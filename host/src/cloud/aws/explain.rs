//! What to do about an error of AWS.

use super::AwsError;
use super::cause::{Cause, Denied, denied};
use super::error::{BAD_CREDENTIALS, DENIED};
use crate::cloud::Rule;
use crate::hint::{Explain, Kind};
use crate::text::safe_line;

/// How many of the resources that failed beside the first are told.
const SHOWN: usize = 5;

/// What to do about credentials that AWS does not take.
const SIGN_IN: &str = "the credentials are expired or wrong: sign in again, for example with `aws sso login`, or name another profile with `--profile`";

impl Explain for AwsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoRegion
            | Self::OtherAccount { .. }
            | Self::NoResource { .. }
            | Self::RetainTooEarly { .. } => Kind::BadInput,
            Self::Artifact(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoCredentials { .. } => "no-credentials",
            Self::NoRegion => "no-region",
            Self::OtherAccount { .. } => "other-account",
            Self::Refused { .. } | Self::BadCredentials { .. } => "aws-refused",
            Self::Unreachable { .. } | Self::CallLost { .. } => "aws-unreachable",
            Self::BadCall { .. } => "bad-call",
            Self::BadToken => "bad-ecr-token",
            Self::File(_) => "file-error",
            Self::Artifact(error) => error.code(),
            Self::Busy { .. } => "stack-busy",
            Self::Overtaken { .. } => "stack-overtaken",
            Self::Vanished { .. } => "stack-vanished",
            Self::TooLong { .. } => "deploy-timeout",
            Self::CannotCancel { .. } => "cannot-cancel",
            Self::Protected { .. } => "stack-protected",
            Self::InUse { .. } => "export-in-use",
            Self::RetainTooEarly { .. } => "retain-too-early",
            Self::NoResource { .. } => "no-such-resource",
            Self::Stuck { .. } => "stack-stuck",
            Self::ForeignTemplate { .. } => "foreign-stack",
            Self::ChangeSet { .. } => "change-set-refused",
            Self::Failed { .. } => "stack-failed",
        }
    }

    fn details(&self) -> Option<String> {
        let Self::Failed { others, status, .. } = self else { return None };
        let mut lines: Vec<String> = (others.iter().take(SHOWN))
            .map(|cause| {
                format!("  also failed: {}: {}", cause.subject(), safe_line(&cause.reason))
            })
            .collect();
        if let Some(more @ 1..) = others.len().checked_sub(SHOWN) {
            lines.push(format!("  … and {more} more"));
        }
        lines.push(format!("  {}", aftermath(status)));
        Some(lines.join("\n"))
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
            Self::Refused { code, operation, message } if DENIED.contains(&code.as_str()) => {
                vec![allow(denied(message), operation)]
            }
            Self::BadCredentials { .. } => one(SIGN_IN),
            Self::Refused { code, .. } if BAD_CREDENTIALS.contains(&code.as_str()) => one(SIGN_IN),
            Self::Refused { .. } | Self::ChangeSet { .. } => {
                one("correct what AWS names, then run the same command again")
            }
            Self::BadCall { .. } => one("this is for the plugin's author: correct method, path and headers"),
            Self::BadToken => one("check `AWS_ENDPOINT_URL`: is what it names really AWS?"),
            Self::Unreachable { .. } | Self::CallLost { .. } => {
                one("check the network, and `AWS_ENDPOINT_URL` if it is set; then run the same command again")
            }
            Self::File(error) => error.hints(),
            Self::Artifact(error) => error.hints(),
            Self::Busy { .. } => vec![
                "wait until it has ended, which `phalanx status` tells, then run the same command again".into(),
                "or add `--wait` to follow it to its end and go on from there".into(),
            ],
            Self::Overtaken { .. } | Self::Vanished { .. } => {
                one("run `phalanx plan` to see what is there now, then run the same command again")
            }
            Self::TooLong { .. } => {
                one("see in the events above what took so long; raise `timeout` in `[deploy]` if that is meant")
            }
            Self::CannotCancel { status, .. } if status == "CREATE_IN_PROGRESS" => {
                one("a creation cannot be cancelled: `phalanx delete` breaks it off and removes what is there")
            }
            Self::CannotCancel { .. } => one("see `phalanx status`"),
            Self::Protected { .. } => {
                one("set `termination-protection = false` in `[deploy]` and deploy once more, then run `phalanx delete` again")
            }
            Self::InUse { .. } => one("delete those stacks first, or deploy them without the import"),
            Self::RetainTooEarly { .. } => vec![
                "run `phalanx delete` first; where it fails, `--retain` leaves behind what cannot be deleted".into(),
                "or set `DeletionPolicy = \"Retain\"` on the resource and deploy before you delete".into(),
            ],
            Self::NoResource { near: Some(near), .. } => vec![format!("did you mean `{near}`?")],
            Self::NoResource { known, .. } => vec![format!("its resources are: {}", known.join(", "))],
            Self::Stuck { rule: Rule::FinishDelete, .. } => {
                one("run `phalanx delete` again, then deploy")
            }
            Self::Stuck { status, .. } if status.starts_with("IMPORT") => {
                one("see `phalanx status` for what stopped it; resources that were imported must be put right by hand")
            }
            Self::Stuck { .. } => one("run `phalanx recover` to continue the rollback, then deploy"),
            Self::ForeignTemplate { .. } => {
                one("set another `stack-name` in `[service]`: Phalanx changes only stacks that it can compare")
            }
            Self::Failed { cause, status, action, .. } => after_failure(cause, status, action),
        }
    }
}

/// What CloudFormation did about a failure.
fn aftermath(status: &str) -> String {
    let told = match status {
        "ROLLBACK_COMPLETE" => "CloudFormation removed what it had made",
        "UPDATE_ROLLBACK_COMPLETE" => "CloudFormation undid the update: all is as it was before",
        "UPDATE_ROLLBACK_FAILED" => "CloudFormation could not undo the update",
        "ROLLBACK_FAILED" => "CloudFormation could not remove all that it had made",
        "CREATE_FAILED" | "UPDATE_FAILED" => "CloudFormation left what it had made as it is",
        "DELETE_FAILED" => "CloudFormation deleted what it could",
        "DELETE_COMPLETE" => "CloudFormation deleted the stack",
        _ => return format!("the stack is {status}"),
    };
    format!("{told} (the stack is {status})")
}

fn after_failure(cause: &Cause, status: &str, action: &str) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(denied) = cause.denied() {
        hints.push(allow(Some(denied), ""));
    }
    if let Some(group) = &cause.log_group {
        hints.push(format!("the function behind it tells more in the log group `{group}`"));
    }
    let id = if cause.logical_id.is_empty() { "ID" } else { cause.logical_id.as_str() };
    hints.push(match (status, action) {
        ("DELETE_FAILED", _) => format!(
            "remove what blocks it and run `phalanx delete` again, or leave it behind with `phalanx delete --retain {id}`"
        ),
        ("UPDATE_ROLLBACK_FAILED", "recovery") => format!(
            "put it right and run `phalanx recover` again, or leave it out with `phalanx recover --skip {id}`"
        ),
        ("UPDATE_ROLLBACK_FAILED", _) => {
            "run `phalanx recover` to continue the rollback, then deploy".into()
        }
        _ => "correct it, then run the same command again".into(),
    });
    hints
}

/// Names the permission to give, and to whom.
fn allow(denied: Option<Denied>, operation: &str) -> String {
    match denied {
        Some(Denied { principal, action, resource }) => {
            let on = resource.map(|resource| format!(" on `{resource}`")).unwrap_or_default();
            format!("allow `{action}`{on} for {principal}")
        }
        None => format!(
            "allow the action `{operation}` for the identity that `aws sts get-caller-identity` names"
        ),
    }
}
