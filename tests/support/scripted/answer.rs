//! Answers to AWS calls: results and errors in the form of the service that was asked, and faults.

use std::sync::Arc;
use std::time::Duration;

use super::operation::Call;

const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

/// What becomes of a call.
#[derive(Clone)]
pub enum Answer {
    /// It is answered at once.
    Reply(Reply),
    /// ministack answers.
    Forward,
    /// The connection is cut before anything is done.
    Cut,
    /// ministack does it, and then the connection is cut.
    Lose,
    /// Nothing comes back until the client goes away, after ministack has done it or before.
    Stall { done: bool },
    /// ministack does it, and its answer comes late.
    Slow(Duration),
    /// ministack does it, and its answer is changed on the way.
    Edit(Arc<dyn Fn(String) -> String + Send + Sync>),
}

/// A ready-made reply.
#[derive(Clone)]
pub enum Reply {
    /// The content of a `…Result` element of the query protocol (CloudFormation, STS).
    Result(String),
    /// An error in the form of the service.
    Error { status: u16, code: String, message: String },
    /// A throttled call, with the service's own code for it.
    Throttled,
    /// A service that is ill, with its own code for this status: 500 or 503.
    Ill(u16),
    /// Any body: JSON for Lambda and Logs, XML for S3.
    Body { status: u16, body: String },
}

impl Answer {
    /// A good answer of the query protocol: what stands in its `…Result` element.
    pub fn result(xml: impl Into<String>) -> Self {
        Self::Reply(Reply::Result(xml.into()))
    }

    /// An error with the service's code.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        Self::Reply(Reply::Error { status, code, message })
    }

    /// A body as it is.
    pub fn body(status: u16, body: impl Into<String>) -> Self {
        Self::Reply(Reply::Body { status, body: body.into() })
    }

    /// ministack's answer with one text in the place of another, which it must have.
    pub fn replaced(from: &str, to: &str) -> Self {
        let (from, to) = (from.to_owned(), to.to_owned());
        Self::Edit(Arc::new(move |text| {
            assert!(text.contains(&from), "the answer lacks {from:?}\n{text}");
            text.replace(&from, &to)
        }))
    }

    /// Whose the credentials are: of a user of this account.
    pub fn identity(account: &str) -> Self {
        Self::result(format!(
            "<Arn>arn:aws:iam::{account}:user/ada</Arn><UserId>AIDAEXAMPLE</UserId>\
             <Account>{account}</Account>"
        ))
    }

    /// A stack as `DescribeStacks` tells it. `more` is what else stands in its element.
    pub fn stack(name: &str, status: &str, more: &str) -> Self {
        Self::result(format!(
            "<Stacks><member><StackName>{name}</StackName><StackId>{}</StackId>\
             <CreationTime>2026-01-02T03:04:05Z</CreationTime>\
             <StackStatus>{status}</StackStatus>{more}</member></Stacks>",
            stack_id(name)
        ))
    }

    /// What `DescribeStacks` says of a stack that is not there.
    pub fn no_stack(name: &str) -> Self {
        Self::error(400, "ValidationError", &format!("Stack with id {name} does not exist"))
    }
}

/// The id of a scripted stack.
fn stack_id(name: &str) -> String {
    format!(
        "arn:aws:cloudformation:eu-central-1:{}:stack/{name}/11111111-2222-3333-4444-555555555555",
        super::ACCOUNT
    )
}

impl Reply {
    /// As it goes over the wire, in the form that the call's service has.
    pub(super) fn bytes(&self, call: &Call) -> Vec<u8> {
        // The REST services name an error in a header too.
        let mut code_header = String::new();
        let mut error = |code: &str, message: &str| {
            code_header = format!("x-amzn-ErrorType: {code}\r\n");
            error(call, code, message)
        };
        let (status, body) = match self {
            Self::Result(xml) => (200, result(&call.operation, xml)),
            Self::Error { status, code, message } => (*status, error(code, message)),
            Self::Body { status, body } => (*status, body.clone()),
            Self::Ill(503) => {
                (503, error("ServiceUnavailable", "Service is unable to handle request."))
            }
            Self::Ill(status) => match call.service.as_str() {
                "s3" => (*status, error("InternalError", "We encountered an internal error.")),
                "lambda" => (*status, error("ServiceException", "An error occurred.")),
                _ => (*status, error("InternalFailure", "The request processing has failed.")),
            },
            Self::Throttled => match call.service.as_str() {
                "s3" => (503, error("SlowDown", "Please reduce your request rate.")),
                "lambda" => (429, error("TooManyRequestsException", "Rate exceeded")),
                "logs" => (400, error("ThrottlingException", "Rate exceeded")),
                _ => (400, error("Throttling", "Rate exceeded")),
            },
        };
        let kind = if body.starts_with('{') { "application/json" } else { "text/xml" };
        // An answer to HEAD has no body.
        let sent = if call.method == "HEAD" { "" } else { &body };
        format!(
            "HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             x-amzn-RequestId: {REQUEST_ID}\r\n{code_header}\r\n{sent}",
            body.len()
        )
        .into_bytes()
    }
}

fn result(operation: &str, xml: &str) -> String {
    format!(
        "<{operation}Response><{operation}Result>{xml}</{operation}Result><ResponseMetadata>\
         <RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>\
         </{operation}Response>"
    )
}

fn error(call: &Call, code: &str, message: &str) -> String {
    let escaped = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    match call.service.as_str() {
        "s3" => format!("<Error><Code>{code}</Code><Message>{escaped}</Message></Error>"),
        "cloudformation" | "sts" => format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{escaped}</Message></Error>\
             <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        ),
        _ => serde_json::json!({ "__type": code, "message": message }).to_string(),
    }
}
