//! The queue that `QUEUE_URL` names.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName,
};
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use base64::Engine as _;

use crate::Error;

/// The most that one call takes.
const BATCH: i32 = 10;

/// How long a call waits for a message, in seconds; the longest that SQS allows is the cheapest.
const WAIT: i32 = 20;

/// A queue, and the client that reaches it.
pub(crate) struct Queue {
    client: Client,
    pub(crate) url: String,
}

/// A message as it was received.
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) body: String,
    /// How often it was received, this time included.
    pub(crate) times: u32,
    /// What this reception is called when it is deleted or put back.
    receipt: String,
}

impl Queue {
    /// The queue of the environment, with the credentials of the function's or the task's role.
    pub(crate) async fn from_environment() -> Result<Self, Error> {
        let url = std::env::var("QUEUE_URL").map_err(|_| "QUEUE_URL must name a queue")?;
        // A call that waits for messages must outlive the wait, and none may wait for ever.
        let limit = Duration::from_secs(WAIT.unsigned_abs().into()) + Duration::from_secs(10);
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(limit).build())
            // The worker has its own way to wait, which ends when it must drain.
            .retry_config(RetryConfig::disabled())
            .load()
            .await;
        Ok(Self { client: Client::new(&config), url })
    }

    /// Puts a message in; gives its id.
    pub(crate) async fn send(&self, body: String) -> Result<String, Error> {
        let call = self.client.send_message().queue_url(&self.url).message_body(body);
        let sent = call.send().await.map_err(|error| plain("sqs:SendMessage", error))?;
        Ok(sent.message_id.unwrap_or_default())
    }

    /// Waits for messages; none came when the list is empty.
    pub(crate) async fn receive(&self) -> Result<Vec<Received>, Error> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call
            .max_number_of_messages(BATCH)
            .wait_time_seconds(WAIT)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let got = call.send().await.map_err(|error| plain("sqs:ReceiveMessage", error))?;
        Ok(got.messages.unwrap_or_default().into_iter().map(Received::from).collect())
    }

    /// Deletes messages, in one call.
    pub(crate) async fn delete(&self, messages: &[&Received]) -> Result<(), Error> {
        let entry = |message: &&Received| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(&message.id);
            entry.receipt_handle(&message.receipt).build().expect("it has all that it needs")
        };
        let entries = messages.iter().map(entry).collect();
        let call = self.client.delete_message_batch().queue_url(&self.url);
        let done = call.set_entries(Some(entries)).send().await;
        let done = done.map_err(|error| plain("sqs:DeleteMessage", error))?;
        all("sqs:DeleteMessage", done.failed.iter().map(|one| (&one.id[..], one.message())))
    }

    /// Has messages come again after so long, in one call.
    pub(crate) async fn put_back(&self, messages: &[(&Received, Duration)]) -> Result<(), Error> {
        let entry = |(message, after): &(&Received, Duration)| {
            let seconds = i32::try_from(after.as_secs()).unwrap_or(i32::MAX);
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(&message.id);
            let entry = entry.receipt_handle(&message.receipt).visibility_timeout(seconds);
            entry.build().expect("it has all that it needs")
        };
        let entries = messages.iter().map(entry).collect();
        let call = self.client.change_message_visibility_batch().queue_url(&self.url);
        let done = call.set_entries(Some(entries)).send().await;
        let done = done.map_err(|error| plain("sqs:ChangeMessageVisibility", error))?;
        let failed = done.failed.iter().map(|one| (&one.id[..], one.message()));
        all("sqs:ChangeMessageVisibility", failed)
    }
}

impl From<Message> for Received {
    fn from(message: Message) -> Self {
        let count = MessageSystemAttributeName::ApproximateReceiveCount;
        let times = message.attributes.as_ref().and_then(|all| all.get(&count)?.parse().ok());
        Self {
            id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            times: times.unwrap_or(1),
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}

/// An image `FROM scratch` has no certificates: those of the browsers are in the program.
fn http_client() -> aws_sdk_sqs::config::SharedHttpClient {
    let mut trust = TrustStore::empty();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let text = base64::prelude::BASE64_STANDARD.encode(certificate);
        let text = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        trust = trust.with_pem_certificate(text.into_bytes());
    }
    let context = TlsContext::builder().with_trust_store(trust).build();
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .tls_context(context.expect("certificates that others use as well"))
        .build_https()
}

/// An error of the SDK in one line, with all its causes, and what was called.
fn plain(action: &str, error: impl std::error::Error) -> Error {
    let mut text = format!("{action}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text.into()
}

/// An error when a batch was not done in all its parts.
fn all<'a>(
    action: &str,
    failed: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<(), Error> {
    let failed: Vec<String> =
        failed.map(|(id, why)| format!("{id} ({})", why.unwrap_or("no reason given"))).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("{action}: {}", failed.join(", ")).into()) }
}
