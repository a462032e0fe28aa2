//! `status`: the stack as it stands, and what runs beside its template.

use crate::cloud::{Behind, Stack};
use crate::hint::BoxError;
use crate::manifest::Service;

use super::code_only;
use super::load::load;
use super::run::{Environment, Request, deployed, open_cloud};

/// A stack as it stands.
#[derive(Debug, Clone)]
pub struct Status {
    /// The service.
    pub service: Service,
    /// Its stack.
    pub stack: Stack,
    /// Functions that run other code than the stack's template names.
    pub behind: Option<Behind>,
}

/// Looks at the stack of a service.
///
/// # Errors
/// When the manifest or the cloud cannot be read; or there is no such stack.
pub async fn status(environment: &Environment, request: &Request) -> Result<Status, BoxError> {
    let service = load(request)?;
    let cloud = open_cloud(environment, request, &service).await?;
    let stack = deployed(&*cloud, &service).await?;
    let behind = code_only::behind(&*cloud, &stack, true, &*environment.reporter).await?;
    Ok(Status { service, stack, behind })
}
