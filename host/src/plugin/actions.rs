//! Which AWS calls a grant allows, and whether a call is the action that it names.
//!
//! A plugin names the IAM action of its call. That alone would prove nothing: so the operation is read from the
//! request itself, where its service reads it, and must be the same. Where a request does not show it (the REST
//! services, such as S3), nothing less than all actions of the service is enough.

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

    /// Whether the call may be made, in a dry run or another.
    pub(super) fn check(&self, request: &Request, dry_run: bool) -> Result<(), Refusal> {
        let Some((prefix, operation)) = request.action.split_once(':') else {
            let message = format!("`{}` is no IAM action", shown(&request.action));
            return Err(lie(message));
        };
        is_one_call(request)?;
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
        let shows = operation_of(request);
        match &shows {
            Some(shows) if shows.eq_ignore_ascii_case(operation) => {}
            Some(shows) => {
                return Err(lie(format!(
                    "the call names `{}` and is `{}`",
                    shown(&request.action),
                    shown(shows)
                )));
            }
            // What the request would do cannot be told from it.
            None => {
                let all = format!("{service}:*");
                if !self.rules.iter().any(|(text, _)| text == "*" || *text == all) {
                    return Err(Refusal::NotGranted { action: all });
                }
            }
        }
        match dry_run && !only_reads(request, shows.as_deref()) {
            true => Err(Refusal::NotWhatItSays(not_in_a_dry_run(&request.action))),
            false => Ok(()),
        }
    }

    fn allows(&self, action: &str) -> bool {
        self.rules.iter().any(|(_, rule)| rule.is_match(action))
    }
}

/// Whether a call only looks: by the operation that it shows, or else by its method.
fn only_reads(request: &Request, operation: Option<&str>) -> bool {
    match operation {
        Some(operation) => READS.iter().any(|start| operation.starts_with(start)),
        None => matches!(request.method.as_str(), "GET" | "HEAD"),
    }
}

/// What a plugin is told that would change something in a dry run.
fn not_in_a_dry_run(action: &str) -> Failure {
    Failure {
        code: "dry-run".into(),
        message: format!("`{}` may change something, and this is a dry run", shown(action)),
        hint: Some("this is for the plugin's author: ask `run::dry_run` first".into()),
    }
}

/// Makes sure that service and path stay what they are when a URL is made of them: a credential signs what goes
/// to AWS, and nothing else.
fn is_one_call(request: &Request) -> Result<(), Refusal> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if request.service.is_empty() || !request.service.chars().all(word) {
        return Err(lie(format!("`{}` is no signing name of a service", shown(&request.service))));
    }
    // `//` would begin another host, and a path without `/` would go on with the host's name.
    if !request.path.starts_with('/') || request.path.starts_with("//") {
        return Err(lie(format!(
            "`{}` is no path: it must begin with one `/`",
            shown(&request.path)
        )));
    }
    Ok(())
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

/// Services that read the operation from the parameter `Action`.
const QUERY: [&str; 15] = [
    "autoscaling",
    "cloudformation",
    "ec2",
    "elasticache",
    "elasticbeanstalk",
    "elasticloadbalancing",
    "iam",
    "monitoring",
    "rds",
    "redshift",
    "sdb",
    "ses",
    "sns",
    "sqs",
    "sts",
];
/// Services that read it from the header `X-Amz-Target`.
const JSON: [&str; 31] = [
    "acm",
    "application-autoscaling",
    "athena",
    "cloudtrail",
    "codebuild",
    "codecommit",
    "codedeploy",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "config",
    "dynamodb",
    "ecr",
    "ecs",
    "events",
    "firehose",
    "glue",
    "kinesis",
    "kms",
    "logs",
    "monitoring",
    "organizations",
    "secretsmanager",
    "servicediscovery",
    "sqs",
    "ssm",
    "states",
    "tagging",
    "textract",
    "translate",
    "wafv2",
];

/// The operation that a request names as its service reads it. None when it names none or more than one, and for
/// services that read it from method and path: those would not look at what stands here.
fn operation_of(request: &Request) -> Option<String> {
    let service = request.service.as_str();
    let (by_query, by_header) = (QUERY.contains(&service), JSON.contains(&service));
    if !by_query && !by_header {
        return None;
    }
    let headers = request.headers.iter();
    let targets = headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-amz-target"));
    let in_headers: Vec<String> = targets
        .map(|(_, value)| value.rsplit('.').next().unwrap_or_default().trim().to_owned())
        .collect();
    // Names may be written with `%`, and whether a body is a form its service decides.
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let pairs = form_urlencoded::parse(query.as_bytes());
    let in_pairs: Vec<String> = pairs
        .chain(form_urlencoded::parse(&request.body))
        .filter(|(name, _)| name.eq_ignore_ascii_case("Action"))
        .map(|(_, value)| value.trim().to_owned())
        .collect();
    // A service that does not read a place is told nothing by it.
    let is_read = (by_header && !in_headers.is_empty()) || (by_query && !in_pairs.is_empty());
    let mut all: Vec<String> = in_headers.into_iter().chain(in_pairs).collect();
    all.dedup();
    if is_read && all.len() == 1 { all.pop() } else { None }
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
        match actions.check(request, false).unwrap_err() {
            Refusal::NotGranted { action } => format!("not granted: {action}"),
            Refusal::NotWhatItSays(failure) => failure.message,
        }
    }

    #[test]
    fn a_call_must_be_what_it_says() {
        let granted = actions(&["sns:Publish", "dynamodb:Get*", "cloudwatch:PutMetricData"]);
        let publish = request("sns:Publish", "sns", FORM, "Action=Publish&TopicArn=x");
        granted.check(&publish, false).unwrap();
        let target = ("X-Amz-Target", "DynamoDB_20120810.GetItem");
        granted.check(&request("dynamodb:GetItem", "dynamodb", target, "{}"), false).unwrap();
        let metric =
            request("cloudwatch:PutMetricData", "monitoring", FORM, "Action=PutMetricData");
        granted.check(&metric, false).unwrap();

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
        actions(&["s3:*"]).check(&put, false).unwrap();
        actions(&["*"]).check(&put, false).unwrap();
    }

    #[test]
    fn a_service_is_believed_only_what_it_reads_itself() {
        // Lambda reads method and path: what a header says there means nothing.
        let target = ("X-Amz-Target", "AWSLambda.GetFunction");
        let delete = Request {
            method: "DELETE".into(),
            path: "/2015-03-31/functions/orders".into(),
            ..request("lambda:GetFunction", "lambda", target, "")
        };
        insta::assert_snapshot!(refused(&actions(&["lambda:Get*"]), &delete), @"not granted: lambda:*");
        // SNS reads the body, whatever its type, and names in it may be written with `%`.
        let granted = actions(&["sns:Publish"]);
        let header = ("X-Amz-Target", "SNS.Publish");
        for body in ["", "Action=DeleteTopic", "%41ction=DeleteTopic", "action=DeleteTopic"] {
            let hidden = request("sns:Publish", "sns", header, body);
            assert_eq!(refused(&granted, &hidden), "not granted: sns:*", "{body}");
        }
    }

    #[test]
    fn a_call_goes_to_aws_and_nowhere_else() {
        let granted = actions(&["*"]);
        let to = |service: &str, path: &str| {
            let action = format!("{service}:Publish");
            Request { path: path.into(), ..request(&action, service, FORM, "Action=Publish") }
        };
        granted.check(&to("sns", "/"), false).unwrap();
        for (service, path) in [
            ("evil.example/", "/"),
            ("sns", ".evil.example/"),
            ("sns", "@evil.example/"),
            ("sns", "//evil.example/"),
            ("", "/"),
        ] {
            assert!(granted.check(&to(service, path), false).is_err(), "{service} {path}");
        }
    }

    #[test]
    fn a_dry_run_only_looks() {
        let may = |action: &str, service: &str, method: &str, body: &str| {
            let request = Request { method: method.into(), ..request(action, service, FORM, body) };
            actions(&["*"]).check(&request, true).is_ok()
        };
        assert!(may("sqs:GetQueueUrl", "sqs", "POST", "Action=GetQueueUrl"));
        assert!(!may("sqs:SendMessage", "sqs", "POST", "Action=SendMessage"));
        // Where no operation shows, the method tells.
        assert!(may("s3:GetObject", "s3", "GET", ""));
        assert!(!may("s3:GetObject", "s3", "PUT", ""));
    }
}
