//! `status`: the stack as it stands, and what runs beside its template.

use crate::cloud::{Behind, Stack};
use crate::hint::BoxError;
use crate::manifest::Service;

use super::failure::full_message;
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
    let behind = match cloud.fast_path() {
        None => None,
        Some(cloud) => match cloud.behind(&stack.name).await {
            Ok(behind) => behind.filter(|behind| behind.stack_id == stack.id),
            // Who may look at stacks need not be allowed to look into the bucket.
            Err(error) => {
                let unknown =
                    "cannot tell whether functions run other code than the template names";
                let message = format!("{unknown}: {}", full_message(&*error));
                environment.reporter.warn(message, error.hints().into_iter().next());
                None
            }
        },
    };
    Ok(Status { service, stack, behind })
}
