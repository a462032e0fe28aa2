//! Functions in Lambda: called, and given other code without their stack.

use std::time::{Duration, Instant};

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_lambda::operation::RequestId as _;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LastUpdateStatus, LogType, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Aws;
use super::error::{AwsError, refused};
use crate::cloud::ArtifactLocation;
use crate::hint::{BoxError, Explain, Kind};

/// Between two looks at a function that is being updated; the longer one is reached after a while.
const PAUSE: Duration = Duration::from_millis(200);
const LONG_PAUSE: Duration = Duration::from_secs(3);

/// How long a function may take to run new code. Lambda needs seconds, with a network of its own
/// sometimes a minute or two.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What Lambda says of a call.
#[derive(Debug)]
pub struct Called {
    /// Names the call in Lambda and in its log.
    pub request_id: String,
    /// What the function answered; empty when nobody waited for it.
    pub payload: Vec<u8>,
    /// `Handled` or `Unhandled`, when the function failed.
    pub function_error: Option<String>,
    /// The last 4 KB of the call's log.
    pub log: String,
}

/// A function could not be called, or does not take its code.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// Lambda does not have it.
    #[error("function `{function}` is in the stack and no longer in Lambda")]
    Missing {
        /// Its name in Lambda.
        function: String,
    },
    /// It is being made or changed.
    #[error("function `{function}` is not ready: {}", crate::text::safe_line(reason))]
    NotReady {
        /// Its name in Lambda.
        function: String,
        /// What Lambda says.
        reason: String,
    },
    /// Too many calls run already.
    #[error("Lambda throttled the call of `{function}`: {}", crate::text::safe_line(reason))]
    Throttled {
        /// Its name in Lambda.
        function: String,
        /// What Lambda says.
        reason: String,
    },
    /// It did not take its new code.
    #[error("function `{function}` cannot run its new code: {}", crate::text::safe_line(reason))]
    NotUpdated {
        /// Its name in Lambda.
        function: String,
        /// What Lambda says.
        reason: String,
    },
    /// Nobody knows whether it took its new code.
    #[error(
        "function `{function}` was still being updated after {} minutes",
        PATIENCE.as_secs() / 60
    )]
    Late {
        /// Its name in Lambda.
        function: String,
    },
}

impl Explain for FunctionError {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "function-missing",
            Self::NotReady { .. } => "function-not-ready",
            Self::Throttled { .. } => "function-throttled",
            Self::NotUpdated { .. } => "function-not-updated",
            Self::Late { .. } => "function-late",
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Missing { .. } => {
                "someone deleted it: `phalanx drift` tells what else is not as deployed"
            }
            Self::NotReady { .. } => "run the same command again in a moment",
            Self::Throttled { .. } => {
                "run the same command again in a moment, or raise `reserved-concurrency` of the function or the account's limit"
            }
            Self::NotUpdated { .. } => "correct the package, then run the same command again",
            Self::Late { .. } => "run the same command again: it goes on where this one stopped",
        };
        vec![hint.to_owned()]
    }
}

/// Codes that mean that a function cannot be called yet.
const NOT_READY: [&str; 6] = [
    "ResourceConflictException",
    "ResourceNotReadyException",
    "CodeArtifactUserPendingException",
    "EC2ThrottledException",
    "ENINotReadyException",
    "SnapStartNotReadyException",
];

impl Aws {
    /// Calls a function and, unless told not to, waits for its answer. That the function fails is an
    /// answer.
    ///
    /// # Errors
    /// When Lambda does not hand the event over.
    pub async fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
        wait: bool,
    ) -> Result<Called, BoxError> {
        let mut call = self.lambda.invoke().function_name(function).payload(Blob::new(event));
        call = match wait {
            true => call.log_type(LogType::Tail),
            false => call.invocation_type(InvocationType::Event),
        };
        let config = Builder::new()
            // Nothing tells whether a call that got no answer has run: to run it twice is not for us
            // to decide.
            .retry_config(RetryConfig::disabled())
            // An answer may take a quarter of an hour, in which nothing is sent.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let called = call.customize().config_override(config).send().await;
        let answer = match called.map_err(|error| refused("lambda:InvokeFunction", &error)) {
            Ok(answer) => answer,
            Err(error) => return Err(not_called(function, error)),
        };
        let log = answer.log_result().and_then(|log| BASE64.decode(log).ok()).unwrap_or_default();
        Ok(Called {
            request_id: answer.request_id().unwrap_or_default().to_owned(),
            log: String::from_utf8_lossy(&log).into_owned(),
            function_error: answer.function_error,
            payload: answer.payload.map(Blob::into_inner).unwrap_or_default(),
        })
    }

    /// The digest of the package that a function runs.
    pub(super) async fn code_mark_now(&self, function: &str) -> Result<String, BoxError> {
        let state = self.at_rest(function, Instant::now() + PATIENCE).await?;
        Ok(state.code_sha256.unwrap_or_default())
    }

    /// Gives a function its code and waits until it runs it.
    pub(super) async fn set_code_now(
        &self,
        function: &str,
        code: &ArtifactLocation,
    ) -> Result<(), BoxError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // An update under way, such as one of a run that was killed, must end first.
            self.at_rest(function, deadline).await?;
            let call = self.lambda.update_function_code().function_name(function).publish(false);
            let updated = call.s3_bucket(&code.bucket).s3_key(&code.key).send().await;
            match updated.map_err(|error| refused("lambda:UpdateFunctionCode", &error)) {
                Ok(_) => break,
                // Another update began in between.
                Err(error)
                    if error.refusal() == "ResourceConflictException"
                        && Instant::now() < deadline =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(not_taken(function, error)),
            }
        }
        let state = self.at_rest(function, deadline).await?;
        let failed = match (&state.last_update_status, &state.state) {
            (Some(LastUpdateStatus::Failed), _) => state.last_update_status_reason,
            (_, Some(State::Failed)) => state.state_reason,
            _ => return Ok(()),
        };
        let reason = failed.filter(|reason| !reason.is_empty());
        let reason = reason.unwrap_or_else(|| "Lambda gives no reason".into());
        Err(FunctionError::NotUpdated { function: function.to_owned(), reason }.into())
    }

    /// Waits until nothing changes a function any more. An inactive one stays so until it is called.
    async fn at_rest(
        &self,
        function: &str,
        deadline: Instant,
    ) -> Result<GetFunctionConfigurationOutput, BoxError> {
        let mut pause = PAUSE;
        loop {
            let state = self.configuration(function).await?;
            let busy = state.last_update_status == Some(LastUpdateStatus::InProgress)
                || state.state == Some(State::Pending);
            if !busy {
                return Ok(state);
            }
            if Instant::now() >= deadline {
                return Err(FunctionError::Late { function: function.to_owned() }.into());
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f32(1.5).min(LONG_PAUSE);
        }
    }

    pub(super) async fn configuration(
        &self,
        function: &str,
    ) -> Result<GetFunctionConfigurationOutput, BoxError> {
        let answer = self.lambda.get_function_configuration().function_name(function).send().await;
        let answer = answer.map_err(|error| refused("lambda:GetFunctionConfiguration", &error));
        answer.map_err(|error| not_called(function, error))
    }
}

/// Codes that mean that a package is no good for a function.
const NOT_TAKEN: [&str; 4] = [
    "InvalidParameterValueException",
    "CodeStorageExceededException",
    "CodeVerificationFailedException",
    "InvalidCodeSignatureException",
];

/// A refused update of a function's code, told as what it means for the function.
fn not_taken(function: &str, error: AwsError) -> BoxError {
    match &error {
        AwsError::Refused { code, message, .. } if NOT_TAKEN.contains(&code.as_str()) => {
            let (function, reason) = (function.to_owned(), message.clone());
            FunctionError::NotUpdated { function, reason }.into()
        }
        _ => not_called(function, error),
    }
}

/// A refused call of a function, told as what it means for the function.
fn not_called(function: &str, error: AwsError) -> BoxError {
    let AwsError::Refused { code, message, .. } = &error else { return error.into() };
    let (function, reason) = (function.to_owned(), message.clone());
    match code.as_str() {
        "ResourceNotFoundException" => FunctionError::Missing { function }.into(),
        "TooManyRequestsException" => FunctionError::Throttled { function, reason }.into(),
        code if NOT_READY.contains(&code) => FunctionError::NotReady { function, reason }.into(),
        _ => error.into(),
    }
}
