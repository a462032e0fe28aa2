//! Makes signed AWS API calls. Grant: `aws`, a list such as `sns:Publish`. The host signs; no plugin
//! ever sees a credential.

pub use crate::bindings::wire::aws::{Request, Response};
use crate::{Failure, Result, wire};

/// Makes one call.
///
/// # Errors
/// When the action is not granted or no answer came. A status that is an error is an answer.
pub fn call(request: &Request) -> Result<Response> {
    wire::aws::call(request).map_err(Failure::from_wire)
}
