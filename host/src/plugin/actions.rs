//! Which AWS calls a grant allows, and whether a call is the action that it names.
//!
//! A plugin names the IAM action of its call. That alone would prove nothing: so the operation is read from the
//! request itself, as AWS reads it, and must be the same. Where a request does not show it (the REST services,
//! such as S3), nothing less than all actions of the service is enough.

use globset::{GlobBuilder, GlobMatcher};

use super::bindings::aws::Request;
use super::error::Problem;
use super::grants::{NOT_GRANTED, shown, words};
use super::world::Failure;

/// Actions that only look: a dry run may make these calls.
const READS: [&str; 8] =
    ["BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Query", "Search"];

/// The granted actions of one plugin.
#[derive(Debug)]
pub(super) struct Actions {
    rules: Vec<(String, GlobMatcher)>,
}

/// Why a call is not made.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No grant covers it.
    NotGranted {
        /// What would have to be granted.
        action: String,
    },
    /// The call is not the action that it names.
    NotWhatItSays(Failure),
}

impl Actions {
    pub(super) fn new(granted: &[String]) -> Result<Self, Problem> {
        let rule = |text: &String| -> Result<_, Problem> {
            let glob = GlobBuilder::new(text).case_insensitive(true).build();
            let glob = glob.map_err(|error| Problem::BadGrant {
                grant: "aws",
                pattern: text.clone(),
                reason: error.kind().to_string(),
            })?;
            Ok((text.clone(), glob.compile_matcher()))
        };
        Ok(Self { rules: granted.iter().map(rule).collect::<Result<_, _>>()? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What is granted, for messages.
    pub(super) fn words(&self) -> String {
        words(self.rules.iter().map(|(text, _)| text.clone()))
    }

    /// Whether the call may be made.
    pub(super) fn check(&self, request: &Request) -> Result<(), Refusal> {
        let Some((prefix, operation)) = request.action.split_once(':') else {
            let message = format!("`{}` is no IAM action", shown(&request.action));
            return Err(lie(message));
        };
        if !self.allows(&request.action) {
            return Err(Refusal::NotGranted { action: request.action.clone() });
        }
        let service = iam_prefix(&request.service);
        if !prefix.eq_ignore_ascii_case(service) {
            let (action, service) = (shown(&request.action), shown(service));
            return Err(lie(format!(
                "the call goes to a service whose actions begin with `{service}:`, and names `{action}`"
            )));
        }
        match operation_of(request) {
            Some(shows) if shows.eq_ignore_ascii_case(operation) => Ok(()),
            Some(shows) => Err(lie(format!(
                "the call names `{}` and is `{}`",
                shown(&request.action),
                shown(&shows)
            ))),
            // What the request would do cannot be told from it.
            None => {
                let all = format!("{service}:*");
                let granted = self.rules.iter().any(|(text, _)| text == "*" || *text == all);
                if granted { Ok(()) } else { Err(Refusal::NotGranted { action: all }) }
            }
        }
    }

    fn allows(&self, action: &str) -> bool {
        self.rules.iter().any(|(_, rule)| rule.is_match(action))
    }
}

/// Whether an action only looks.
pub(super) fn only_reads(action: &str) -> bool {
    let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
    READS.iter().any(|start| operation.starts_with(start))
}

/// What a plugin is told that would change something in a dry run.
pub(super) fn not_in_a_dry_run(action: &str) -> Failure {
    Failure {
        code: "dry-run".into(),
        message: format!("`{}` may change something, and this is a dry run", shown(action)),
        hint: Some("this is for the plugin's author: ask `run::dry_run` first".into()),
    }
}

fn lie(message: String) -> Refusal {
    let hint = "this is for the plugin's author: name the action that the call needs".to_owned();
    Refusal::NotWhatItSays(Failure { code: NOT_GRANTED.into(), message, hint: Some(hint) })
}

/// How the IAM actions of a service begin, which is its signing name but for these.
fn iam_prefix(service: &str) -> &str {
    match service {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    }
}

/// The operation that a request names as AWS reads it: the header `X-Amz-Target` of the JSON protocols, or the
/// parameter `Action` of the query protocol. None when it names none, or more than one.
fn operation_of(request: &Request) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, value) in &request.headers {
        if name.eq_ignore_ascii_case("x-amz-target") {
            found.push(value.rsplit('.').next().unwrap_or_default().trim().to_owned());
        }
    }
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let body = if is_form(request) { std::str::from_utf8(&request.body).unwrap_or("") } else { "" };
    for pair in query.split('&').chain(body.split('&')) {
        if let Some(value) = pair.strip_prefix("Action=") {
            found.push(value.trim().to_owned());
        }
    }
    found.dedup();
    if found.len() == 1 { found.pop() } else { None }
}

fn is_form(request: &Request) -> bool {
    request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type")
            && value.starts_with("application/x-www-form-urlencoded")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

    fn actions(granted: &[&str]) -> Actions {
        let granted: Vec<_> = granted.iter().map(|text| (*text).to_owned()).collect();
        Actions::new(&granted).unwrap()
    }

    fn request(action: &str, service: &str, header: (&str, &str), body: &str) -> Request {
        Request {
            service: service.into(),
            action: action.into(),
            method: "POST".into(),
            path: "/".into(),
            headers: vec![(header.0.into(), header.1.into())],
            body: body.into(),
        }
    }

    fn refused(actions: &Actions, request: &Request) -> String {
        match actions.check(request).unwrap_err() {
            Refusal::NotGranted { action } => format!("not granted: {action}"),
            Refusal::NotWhatItSays(failure) => failure.message,
        }
    }

    #[test]
    fn a_call_must_be_what_it_says() {
        let granted = actions(&["sns:Publish", "dynamodb:Get*", "cloudwatch:PutMetricData"]);
        let publish = request("sns:Publish", "sns", FORM, "Action=Publish&TopicArn=x");
        granted.check(&publish).unwrap();
        let target = ("X-Amz-Target", "DynamoDB_20120810.GetItem");
        granted.check(&request("dynamodb:GetItem", "dynamodb", target, "{}")).unwrap();
        let metric =
            request("cloudwatch:PutMetricData", "monitoring", FORM, "Action=PutMetricData");
        granted.check(&metric).unwrap();

        let lies = request("sns:Publish", "sns", FORM, "Action=DeleteTopic&TopicArn=x");
        insta::assert_snapshot!(refused(&granted, &lies), @"the call names `sns:Publish` and is `DeleteTopic`");
        let elsewhere = request("sns:Publish", "sqs", FORM, "Action=Publish");
        insta::assert_snapshot!(refused(&granted, &elsewhere), @"the call goes to a service whose actions begin with `sqs:`, and names `sns:Publish`");
        let delete = request("sns:DeleteTopic", "sns", FORM, "Action=DeleteTopic");
        insta::assert_snapshot!(refused(&granted, &delete), @"not granted: sns:DeleteTopic");
        insta::assert_snapshot!(refused(&granted, &request("Publish", "sns", FORM, "")), @"`Publish` is no IAM action");
    }

    #[test]
    fn a_call_that_names_two_operations_shows_none() {
        let granted = actions(&["sns:Publish"]);
        let mut both = request("sns:Publish", "sns", FORM, "Action=Publish&Action=DeleteTopic");
        insta::assert_snapshot!(refused(&granted, &both), @"not granted: sns:*");
        both.body = b"Action=Publish".to_vec();
        both.path = "/?Action=DeleteTopic".into();
        insta::assert_snapshot!(refused(&granted, &both), @"not granted: sns:*");
    }

    #[test]
    fn where_the_request_shows_no_operation_the_whole_service_must_be_granted() {
        let put = Request {
            method: "PUT".into(),
            path: "/bucket/key".into(),
            ..request("s3:PutObject", "s3", ("a", "b"), "")
        };
        insta::assert_snapshot!(refused(&actions(&["s3:PutObject"]), &put), @"not granted: s3:*");
        actions(&["s3:*"]).check(&put).unwrap();
        actions(&["*"]).check(&put).unwrap();
    }

    #[test]
    fn a_dry_run_only_looks() {
        for reads in ["sqs:GetQueueUrl", "s3:ListBuckets", "ec2:DescribeInstances"] {
            assert!(only_reads(reads), "{reads}");
        }
        for changes in ["sns:Publish", "sqs:SendMessage", "s3:PutObject"] {
            assert!(!only_reads(changes), "{changes}");
        }
    }
}
